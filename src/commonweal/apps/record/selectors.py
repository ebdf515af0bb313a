"""Reading the record. What is about a person takes a ``Scope``: ids alone open nothing.

SQL by hand, past the ORM and not past the gate: each query names the scope's compartments and categories, and
row security (the transaction's context, set when the scope was opened) holds it to them again.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from commonweal.apps.access.api import Scope
from commonweal.apps.record.searching import compile_search


@dataclass(frozen=True, slots=True)
class Stored:
    """A resource as received. ``body``: UTF-8 JSON, to the byte; ``source``: ODS code; times are aware."""

    type: str
    id: str
    version: int
    updated: datetime
    body: bytes
    source: str
    feed: str
    category: str
    happened_at: datetime | None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class HeardFrom:
    """A source's feed: when it last sent a file, the latest event it told of, and how many files it sent."""

    source: str
    feed: str
    last_received_at: datetime | None
    last_event_at: datetime | None
    files: int


_COLUMNS = """
SELECT r.type, r.id, r.version, r.updated, r.body, s.source, s.feed, r.category, r.happened_at, r.deleted
FROM record_resource r JOIN record_source s ON s.id = r.source_id
"""
_OPEN = " WHERE r.compartment_id = ANY (%s) AND r.category = ANY (%s)"
_READ = _COLUMNS + (
    " WHERE r.type = %s AND r.id = %s AND NOT r.deleted"
    " AND (r.compartment_id IS NULL OR (r.compartment_id = ANY (%s) AND r.category = ANY (%s)))"
)
_EVERYTHING = (
    _COLUMNS + _OPEN + " AND NOT r.deleted AND (%s::text[] IS NULL OR r.type = ANY (%s::text[]))"
    " AND (%s::timestamptz IS NULL OR r.updated >= %s::timestamptz) ORDER BY r.type, r.happened_at, r.rid"
)
_HISTORY = """
SELECT r.type, r.id, v.version, v.updated, v.body, s.source, s.feed, v.category, NULL::timestamptz, v.deleted
FROM record_resource r
CROSS JOIN LATERAL (
    SELECT r.version, r.updated, r.body, r.category, r.deleted, r.source_id
    UNION ALL
    SELECT h.version, h.updated, h.body, h.category, h.deleted, h.source_id FROM record_history h
    WHERE h.rid = r.rid AND h.compartment_id = r.compartment_id AND h.category = ANY (%s)
) v
JOIN record_source s ON s.id = v.source_id
WHERE r.type = %s AND r.id = %s AND r.compartment_id = ANY (%s) AND r.category = ANY (%s)
ORDER BY v.version DESC
"""


def _rows(statement: str, values: Iterable[Any]) -> list[Stored]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        return [
            Stored(kind, ident, version, updated, body.encode(), source, feed, category, happened, deleted)
            for kind, ident, version, updated, body, source, feed, category, happened, deleted in cursor.fetchall()
        ]


def _open(scope: Scope) -> tuple[list[int], list[str]]:
    return sorted(scope.compartments), sorted(scope.categories)


def read(scope: Scope, kind: str, ident: str) -> Stored | None:
    """The current version of one resource of the scope's person, or about nobody; None if there is none to show."""
    found = _rows(_READ, [kind, ident, *_open(scope)])
    return found[0] if found else None


def search(scope: Scope, kind: str, params: Mapping[str, str] | Iterable[tuple[str, str]]) -> list[Stored]:
    """Resources of type ``kind`` of the scope's person that match; at most ``_count`` (100, never over 1,000).

    ``patient`` and ``subject`` take the id of any Patient resource of this person and stand for the person:
    what every source holds is searched, because a list cut to one source would read as complete. An id of
    somebody else finds nothing. Raises ``BadSearch``.
    """
    compartments, categories = _open(scope)
    query = compile_search(kind, params, compartments)
    if query.people and not who_is(scope, query.people):
        return []
    statement = _COLUMNS + _OPEN + " AND r.type = %s AND NOT r.deleted" + query.where + query.order + " LIMIT %s"
    return _rows(statement, [compartments, categories, kind, *query.values, query.limit])


def who_is(scope: Scope, patients: Iterable[str]) -> list[str]:
    """Those of the Patient ids ``patients`` that are this person's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM record_resource WHERE type = 'Patient' AND id = ANY (%s) AND compartment_id = ANY (%s)",
            [list(patients), sorted(scope.compartments)],
        )
        return [row[0] for row in cursor.fetchall()]


def everything(scope: Scope, types: Iterable[str] | None = None, since: datetime | None = None) -> Iterator[Stored]:
    """All the person's resources the scope opens, by type and date; ``since``: changed at or after."""
    wanted = list(types) if types is not None else None
    yield from _rows(_EVERYTHING, [*_open(scope), wanted, wanted, since, since])


def history(scope: Scope, kind: str, ident: str) -> list[Stored]:
    """Every version of a resource, the latest first; empty if there is none to show."""
    compartments, categories = _open(scope)
    return _rows(_HISTORY, [categories, kind, ident, compartments, categories])


def read_shared(kind: str, ident: str) -> Stored | None:
    """A resource about nobody (Organization, Practitioner, Location), which needs no scope."""
    found = _rows(
        _COLUMNS + " WHERE r.type = %s AND r.id = %s AND r.compartment_id IS NULL AND NOT r.deleted", [kind, ident]
    )
    return found[0] if found else None


def search_shared(kind: str, params: Mapping[str, str] | Iterable[tuple[str, str]]) -> list[Stored]:
    """Resources about nobody that match; what is about people is never among them. Raises ``BadSearch``."""
    query = compile_search(kind, params, None)
    statement = (
        _COLUMNS
        + " WHERE r.compartment_id IS NULL AND r.type = %s AND NOT r.deleted"
        + query.where
        + query.order
        + " LIMIT %s"
    )
    return _rows(statement, [kind, *query.values, query.limit])


def sources() -> list[HeardFrom]:
    """Every source's feeds and when each was last heard from."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT source, feed, last_received_at, last_event_at, files FROM record_source ORDER BY feed, source"
        )
        return [HeardFrom(*row) for row in cursor.fetchall()]


def compartments(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Compartment ids of (source, local id) pairs, as the batch role; pairs without one are left out."""
    wanted = list(keys)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.source, c.local_id, c.id FROM unnest(%s::text[], %s::text[]) AS k (source, local_id) "
            "JOIN record_compartment c ON c.source = k.source AND c.local_id = k.local_id",
            [[source for source, _ in wanted], [local for _, local in wanted]],
        )
        return {(source, local): ident for source, local, ident in cursor.fetchall()}


def held(source: str, feed: str, local_ids: Iterable[str]) -> dict[tuple[str, str], str]:
    """(type, id) → local id of what a source's feed holds about some of its people; as the batch role."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.type, r.id, c.local_id FROM record_compartment c "
            "JOIN record_resource r ON r.compartment_id = c.id JOIN record_source s ON s.id = r.source_id "
            "WHERE c.source = %s AND c.local_id = ANY (%s) AND s.source = %s AND s.feed = %s AND NOT r.deleted",
            [source, list(local_ids), source, feed],
        )
        return {(kind, ident): local for kind, ident, local in cursor.fetchall()}
