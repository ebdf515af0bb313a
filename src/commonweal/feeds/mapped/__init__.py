"""Tabular feeds that are declared, not programmed: a supplier's columns in a dated YAML file, checked before use."""
