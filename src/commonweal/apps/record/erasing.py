"""What a lawful removal takes out of the record, and what keeps it from coming back.

Works only as the tables' owner: neither the web nor the batch role may delete a resource or a former version. What
was removed is remembered by a keyed digest of each version's type, id and bytes (``record_removed``), so that the same
content sent again is refused while a corrected resource, with other bytes, is taken.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import orjson
from django.db import connection

from commonweal.apps.record import relationships
from commonweal.apps.record.actions import own_feeds, relate
from commonweal.apps.record.removal_keys import compartment_key, removal_key

_ROWS: tuple[tuple[str, LiteralString, LiteralString], ...] = tuple(
    (what, count, count.replace("SELECT count(*)", "DELETE", 1))
    for what, count in (
        ("search rows", "SELECT count(*) FROM record_token WHERE rid = ANY (%s)"),
        ("search rows", "SELECT count(*) FROM record_date WHERE rid = ANY (%s)"),
        ("search rows", "SELECT count(*) FROM record_string WHERE rid = ANY (%s)"),
        ("search rows", "SELECT count(*) FROM record_reference WHERE rid = ANY (%s)"),
        ("search rows", "SELECT count(*) FROM record_number WHERE rid = ANY (%s)"),
        ("former versions", "SELECT count(*) FROM record_history WHERE rid = ANY (%s)"),
        ("resources", "SELECT count(*) FROM record_resource WHERE rid = ANY (%s)"),
    )
)
TABLES = (
    "record_token",
    "record_date",
    "record_string",
    "record_reference",
    "record_number",
    "record_history",
    "record_resource",
    "record_compartment",
)
"""Every table of this app that says anything of a person; a test holds it to the database's own list."""

_VERSIONS = """
SELECT r.rid, r.type, r.id, r.digest FROM record_resource r WHERE r.rid = ANY (%(rids)s)
UNION ALL
SELECT r.rid, r.type, r.id, h.digest FROM record_history h JOIN record_resource r USING (rid)
WHERE h.rid = ANY (%(rids)s)
"""
_EVERY_VERSION = """
SELECT r.rid, r.type, r.id, r.digest FROM record_resource r
UNION ALL
SELECT r.rid, r.type, r.id, h.digest FROM record_history h JOIN record_resource r USING (rid)
"""


@dataclass(frozen=True, slots=True)
class Held:
    """Resources to be removed: ``rids``, their (type, id), the feeds that sent them, their compartments by id."""

    rids: tuple[int, ...]
    keys: tuple[tuple[str, str], ...]
    feeds: frozenset[str]
    compartments: Mapping[int, tuple[str, str]]  # as (source, local id)


_SELECT: LiteralString = (
    "SELECT r.rid, r.type, r.id, s.feed, r.compartment_id FROM record_resource r "
    "JOIN record_source s ON s.id = r.source_id "
)


def of_compartments(compartments: Collection[int]) -> Held:
    """Everything filed in these compartments, what was withdrawn included."""
    return _held(_SELECT + "WHERE r.compartment_id = ANY (%s)", [list(compartments)], compartments)


def of_resources(keys: Sequence[tuple[str, str]]) -> Held:
    """The resources of these (type, id), those there are. What is about nobody is not removed: it is nobody's."""
    return _held(
        _SELECT + "JOIN unnest(%s::text[], %s::text[]) AS k (type, id) ON r.type = k.type AND r.id = k.id "
        "WHERE r.compartment_id IS NOT NULL",
        [[kind for kind, _ in keys], [ident for _, ident in keys]],
    )


def of_rows(rids: Sequence[int]) -> Held:
    """The resources with these row numbers."""
    return _held(_SELECT + "WHERE r.rid = ANY (%s) AND r.compartment_id IS NOT NULL", [list(rids)])


def _held(query: LiteralString, bound: list[Any], compartments: Collection[int] = ()) -> Held:
    with connection.cursor() as cursor:
        cursor.execute(query, bound)
        rows = cursor.fetchall()
        cursor.execute(
            "SELECT id, source, local_id FROM record_compartment WHERE id = ANY (%s)",
            [sorted({*compartments, *(row[4] for row in rows)})],
        )
        found = {ident: (source, local) for ident, source, local in cursor.fetchall()}
    return Held(
        tuple(row[0] for row in rows),
        tuple((row[1], row[2]) for row in rows),
        frozenset(row[3] for row in rows),
        found,
    )


def compartments_of(rids: Sequence[int]) -> set[int]:
    """The compartments these resources are in."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT compartment_id FROM record_resource WHERE rid = ANY (%s)", [list(rids)])
        return {row[0] for row in cursor.fetchall() if row[0] is not None}


def count(rids: Sequence[int]) -> dict[str, int]:
    """How many rows of each sort a removal of these resources would take."""
    found: dict[str, int] = {}
    with connection.cursor() as cursor:
        for what, query, _ in _ROWS:
            cursor.execute(query, [list(rids)])
            found[what] = found.get(what, 0) + int(cursor.fetchone()[0])
    return found


def erase(rids: Sequence[int], compartments: Collection[int]) -> dict[str, int]:
    """Remove these resources with all their versions and search rows, and these compartments; rows a sort.

    In the caller's transaction. Relationships that a removed resource alone spoke of end; those of a removed
    compartment are the caller's to remove (``access.api``).
    """
    found: dict[str, int] = {}
    with connection.cursor() as cursor:
        _remember(cursor, rids)
        former = _related(cursor, rids, compartments)
        for what, _, statement in _ROWS:
            cursor.execute(statement, [list(rids)])
            found[what] = found.get(what, 0) + int(cursor.rowcount)
        cursor.execute("DELETE FROM record_compartment WHERE id = ANY (%s)", [list(compartments)])
        for source, said in former.items():
            relate(cursor, source, own_feeds(cursor, source), set(), said)
    return found


def _related(
    cursor: Any, rids: Sequence[int], compartments: Collection[int]
) -> dict[str, dict[int, list[relationships.Related]]]:
    """What the resources about to go say of relationships, by source and compartment; of compartments that stay."""
    cursor.execute(
        "SELECT r.compartment_id, s.source, s.feed, r.body FROM record_resource r "
        "JOIN record_source s ON s.id = r.source_id WHERE r.rid = ANY (%s) AND r.type = ANY (%s) AND NOT r.deleted "
        "AND r.compartment_id <> ALL (%s::bigint[])",
        [list(rids), relationships.types(), list(compartments)],
    )
    found: dict[str, dict[int, list[relationships.Related]]] = {}
    for compartment, source, feed, body in cursor.fetchall():
        said = relationships.related(source, feed, orjson.loads(body))
        found.setdefault(source, {}).setdefault(compartment, []).extend(said)
    return found


def _remember(cursor: Any, rids: Sequence[int]) -> None:
    cursor.execute(_VERSIONS, {"rids": list(rids)})
    keys = [removal_key(kind, ident, bytes(digest)) for _, kind, ident, digest in cursor.fetchall()]
    cursor.execute("INSERT INTO record_removed (key) SELECT unnest(%s::bytea[]) ON CONFLICT DO NOTHING", [keys])


def keys_of(rids: Sequence[int]) -> list[bytes]:
    """The keyed digest of every version of these resources."""
    with connection.cursor() as cursor:
        cursor.execute(_VERSIONS, {"rids": list(rids)})
        return [removal_key(kind, ident, bytes(digest)) for _, kind, ident, digest in cursor.fetchall()]


def known_again(keys: Collection[bytes], compartments: Collection[bytes]) -> tuple[list[int], list[int]]:
    """(rids, compartment ids) in the record whose keyed digests are among these: what a backup brought back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, source, local_id FROM record_compartment")
        wholes = [ident for ident, source, local in cursor.fetchall() if compartment_key(source, local) in compartments]
        cursor.execute(_EVERY_VERSION)
        rids = {rid for rid, kind, ident, digest in _batches(cursor) if removal_key(kind, ident, bytes(digest)) in keys}
    return sorted(rids), sorted(wholes)


def _batches(cursor: Any) -> Iterator[tuple[int, str, str, bytes]]:
    while rows := cursor.fetchmany(10_000):
        yield from rows
