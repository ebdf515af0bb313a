"""The record's public face. What is about a person is read with a ``Scope`` from ``access.api`` and not without.

Writing: ``prepare`` + ``write``, ``withdraw``, ``heard_from``. Reading a person: ``read``, ``search``,
``everything``, ``history``, ``person_page``. About nobody: ``read_shared``, ``search_shared``, ``sources``.
As the batch role: ``changes`` and ``counts`` for the lake, ``own_resources`` for bulk exports, ``standing`` for alerts.
For FHIR operations of higher apps: ``fhir``, ``fhir_session`` and the answers beside them.
"""

from commonweal.apps.record import erasing
from commonweal.apps.record.actions import Counts, Refusal, heard_from, refresh_statistics, withdraw, write
from commonweal.apps.record.checks import live, orphans
from commonweal.apps.record.conformance.checking import Checked
from commonweal.apps.record.conformance.checking import check as check_profiles
from commonweal.apps.record.conformance.landed import FeedRules, element_of, feed_rules
from commonweal.apps.record.conformance.packages import add as add_package
from commonweal.apps.record.conformance.packages import listed as packages
from commonweal.apps.record.conformance.packages import remove as remove_package
from commonweal.apps.record.conformance.packages import snapshot as profile_snapshot
from commonweal.apps.record.conformance.rules import enforce as enforce_profile
from commonweal.apps.record.conformance.rules import listed as profile_rules
from commonweal.apps.record.conformance.rules import release as release_profile
from commonweal.apps.record.deferring import deferred as deferred_indexing
from commonweal.apps.record.directory import publish as publish_directory
from commonweal.apps.record.entries import Entry, entry
from commonweal.apps.record.export import (
    Own,
    OwnRow,
    StoreCounts,
    changes,
    compartment_ids,
    counts,
    own_resources,
    snapshot,
)
from commonweal.apps.record.feed_facts import FeedFacts, feed_facts
from commonweal.apps.record.hashing import content_hash
from commonweal.apps.record.indexing import Indexing, reindex
from commonweal.apps.record.origins import still_of
from commonweal.apps.record.own_entries import people_in
from commonweal.apps.record.page import Document, PersonPage, document, person_page
from commonweal.apps.record.professionals import publish as publish_professionals
from commonweal.apps.record.removal_keys import compartment_key
from commonweal.apps.record.rest.answers import Issue, answer, outcome, refusal
from commonweal.apps.record.rest.handling import NotFound, base, fhir, problem_of
from commonweal.apps.record.rest.handling import session as fhir_session
from commonweal.apps.record.rest.people import patient_ids
from commonweal.apps.record.rest.writer import Ask, Writer
from commonweal.apps.record.searching import BadSearch
from commonweal.apps.record.selectors import (
    HeardFrom,
    alone,
    compartments,
    everything,
    held,
    history,
    local_numbers,
    read,
    read_shared,
    search,
    search_shared,
    sources,
    standing,
    who_is,
)
from commonweal.apps.record.sending import send_document
from commonweal.apps.record.staging import Prepared, prepare
from commonweal.apps.record.stored import Stored
from commonweal.apps.record.terminology.releases import add as add_terminology
from commonweal.apps.record.terminology.releases import remove as remove_terminology
from commonweal.apps.record.terminology.selectors import below as codes_below
from commonweal.apps.record.terminology.selectors import codes_of
from commonweal.apps.record.terminology.selectors import systems as code_systems
from commonweal.apps.record.terminology.unmapped import unmapped as unmapped_codes
from commonweal.apps.record.writing import nature

__all__ = [
    "Ask",
    "BadSearch",
    "Checked",
    "Counts",
    "Document",
    "Entry",
    "FeedFacts",
    "FeedRules",
    "HeardFrom",
    "Indexing",
    "Issue",
    "NotFound",
    "Own",
    "OwnRow",
    "PersonPage",
    "Prepared",
    "Refusal",
    "StoreCounts",
    "Stored",
    "Writer",
    "add_package",
    "add_terminology",
    "alone",
    "answer",
    "base",
    "changes",
    "check_profiles",
    "code_systems",
    "codes_below",
    "codes_of",
    "compartment_ids",
    "compartment_key",
    "compartments",
    "content_hash",
    "counts",
    "deferred_indexing",
    "document",
    "element_of",
    "enforce_profile",
    "entry",
    "erasing",
    "everything",
    "feed_facts",
    "feed_rules",
    "fhir",
    "fhir_session",
    "heard_from",
    "held",
    "history",
    "live",
    "local_numbers",
    "nature",
    "orphans",
    "outcome",
    "own_resources",
    "packages",
    "patient_ids",
    "people_in",
    "person_page",
    "prepare",
    "problem_of",
    "profile_rules",
    "profile_snapshot",
    "publish_directory",
    "publish_professionals",
    "read",
    "read_shared",
    "refresh_statistics",
    "refusal",
    "reindex",
    "release_profile",
    "remove_package",
    "remove_terminology",
    "search",
    "search_shared",
    "send_document",
    "snapshot",
    "sources",
    "standing",
    "still_of",
    "unmapped_codes",
    "who_is",
    "withdraw",
    "write",
]
