"""Profiles: packages of definitions, snapshots from differentials, and validation against them.

https://hl7.org/fhir/R4/profiling.html. ``library.Library`` holds what is loaded; ``validator.Validator`` compiles a
profile once and then only runs it.
"""
