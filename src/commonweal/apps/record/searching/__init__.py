"""FHIR search over the typed rows: https://hl7.org/fhir/R4/search.html

``requests`` takes parameters apart; ``conditions`` compiles one over its rows, ``compiling`` chains and ``_has``,
``reach`` holds all of it to what is open; ``ordering`` keeps pages stable; ``pages`` runs it and ``includes`` adds
what belongs beside. https://hl7.org/fhir/R4/search.html#summary names what is supported.
"""

from commonweal.apps.record.searching.at_once import at_once
from commonweal.apps.record.searching.compiling import foreseen
from commonweal.apps.record.searching.ordering import read as read_cursor
from commonweal.apps.record.searching.pages import (
    Found,
    Page,
    Search,
    add_included,
    compiled,
    found,
    merged,
    searched,
    statement,
    total,
)
from commonweal.apps.record.searching.reach import Reach, of_person, of_source
from commonweal.apps.record.searching.requests import Request, parse
from commonweal.apps.record.searching.terms import DEFAULT_COUNT, MAX_COUNT, BadSearch, Remark, UnknownParameter

__all__ = [
    "DEFAULT_COUNT",
    "MAX_COUNT",
    "BadSearch",
    "Found",
    "Page",
    "Reach",
    "Remark",
    "Request",
    "Search",
    "UnknownParameter",
    "add_included",
    "at_once",
    "compiled",
    "foreseen",
    "found",
    "merged",
    "of_person",
    "of_source",
    "parse",
    "read_cursor",
    "searched",
    "statement",
    "total",
]
