"""Commonweal: the open platform an Integrated Care System runs on."""

__version__ = "0.1.0"
