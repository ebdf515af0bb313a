"""Code systems as their publishers release them, and value sets as FHIR composes them.

https://hl7.org/fhir/R4/terminology-module.html. Readers turn a release into a :class:`~.release.Release`; nothing
here knows how it is stored.
"""
