"""The record's public face. What is about a person is read with a ``Scope`` from ``access.api`` and not without.

Writing: ``prepare`` + ``write``, ``withdraw``, ``heard_from``. Reading a person: ``read``, ``search``,
``everything``, ``history``, ``person_page``. About nobody: ``read_shared``, ``search_shared``, ``sources``.
For the lake, as the batch role: ``changes``, ``counts``. For bulk exports, as the batch role: ``own_resources``.
For FHIR operations of higher apps: ``fhir``, ``fhir_session`` and the answers beside them.
"""

from commonweal.apps.record.actions import Counts, Refusal, heard_from, refresh_statistics, withdraw, write
from commonweal.apps.record.checks import live, orphans
from commonweal.apps.record.export import Own, OwnRow, StoreCounts, changes, counts, own_resources, snapshot
from commonweal.apps.record.feed_facts import FeedFacts, feed_facts
from commonweal.apps.record.page import PersonPage, person_page
from commonweal.apps.record.rest.answers import Issue, answer, outcome, refusal
from commonweal.apps.record.rest.handling import NotFound, base, fhir
from commonweal.apps.record.rest.handling import session as fhir_session
from commonweal.apps.record.rest.people import patient_ids
from commonweal.apps.record.searching import BadSearch
from commonweal.apps.record.selectors import (
    HeardFrom,
    Stored,
    compartments,
    everything,
    held,
    history,
    read,
    read_shared,
    search,
    search_shared,
    sources,
    who_is,
)
from commonweal.apps.record.staging import Prepared, prepare

__all__ = [
    "BadSearch",
    "Counts",
    "FeedFacts",
    "HeardFrom",
    "Issue",
    "NotFound",
    "Own",
    "OwnRow",
    "PersonPage",
    "Prepared",
    "Refusal",
    "StoreCounts",
    "Stored",
    "answer",
    "base",
    "changes",
    "compartments",
    "counts",
    "everything",
    "feed_facts",
    "fhir",
    "fhir_session",
    "heard_from",
    "held",
    "history",
    "live",
    "orphans",
    "outcome",
    "own_resources",
    "patient_ids",
    "person_page",
    "prepare",
    "read",
    "read_shared",
    "refresh_statistics",
    "refusal",
    "search",
    "search_shared",
    "snapshot",
    "sources",
    "who_is",
    "withdraw",
    "write",
]
