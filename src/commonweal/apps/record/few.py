"""Storing the few resources of a message: values bound to statements that stay planned, with little waiting between.

The staging tables of ``actions`` empty themselves at each commit, which cuts twenty files short however little was in
them: nothing to a batch, and most of what storing takes to a message that comes alone. Here what becomes of each
resource is decided by the rules of ``statements.PLAN``, beside the database.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson

from commonweal.apps.access.api import prepared
from commonweal.apps.identity import api as identity
from commonweal.apps.record import deferring, relationships
from commonweal.apps.record import writing_statements as sql
from commonweal.apps.record.removal_keys import removal_key
from commonweal.apps.record.search_rows import SearchRows
from commonweal.apps.record.staging import happened_at
from commonweal.feeds.types import Parsed

FEW = 40  # resources; more are cheaper staged, and people by the dozen are copied, which cannot be sent with others

_FEEDS = "SELECT id, feed, EXISTS (SELECT FROM record_index_aside) FROM record_source WHERE source = %(source)s"
# A compartment for each local person spoken of for the first time, unless all that is said was lawfully removed.
_COMPARTMENTS = """
INSERT INTO record_compartment (source, local_id, alone)
SELECT DISTINCT %(source)s, k.local_id, k.alone
FROM unnest(%(people)s::text[], %(alone)s::uuid[], %(keys)s::bytea[]) AS k (local_id, alone, key)
WHERE k.local_id IS NOT NULL AND NOT EXISTS (SELECT FROM record_removed r WHERE r.key = k.key)
    AND NOT EXISTS (SELECT FROM record_compartment c WHERE c.source = %(source)s AND c.local_id = k.local_id)
ORDER BY k.local_id ON CONFLICT DO NOTHING
"""
# OFFSET 0 keeps each lookup an index probe, whatever the statistics say. What is not held has its number drawn.
_HELD = """
SELECT EXISTS (SELECT FROM record_removed d WHERE d.key = k.key), coalesce(r.rid, nextval('record_resource_rid')),
    r.rid IS NOT NULL, r.version, r.compartment_id, r.source_id, r.deleted, r.digest,
    CASE WHEN k.type = ANY (%(relating)s::text[]) THEN r.body END
FROM unnest(%(types)s::text[], %(ids)s::text[], %(keys)s::bytea[]) WITH ORDINALITY AS k (type, id, key, n)
LEFT JOIN LATERAL (
    SELECT rr.rid, rr.version, rr.compartment_id, rr.source_id, rr.deleted, rr.digest, rr.body
    FROM record_resource rr WHERE rr.type = k.type AND rr.id = k.id OFFSET 0
) r ON true
ORDER BY k.n
"""
_NEW = """
INSERT INTO record_resource (rid, compartment_id, source_id, type, id, category, happened_at, receipt_id, line,
    digest, body)
SELECT k.rid, k.compartment_id, %(source_id)s::int, k.type, k.id, k.category, k.happened_at, %(receipt)s::bigint,
    k.line, k.digest, k.body
FROM unnest(%(rids)s::bigint[], %(compartments)s::bigint[], %(types)s::text[], %(ids)s::text[], %(categories)s::text[],
    %(happened)s::timestamptz[], %(lines)s::int[], %(digests)s::bytea[], %(bodies)s::text[])
    AS k (rid, compartment_id, type, id, category, happened_at, line, digest, body)
"""
_REPLACE = """
UPDATE record_resource r SET source_id = %(source_id)s::int, category = k.category, version = k.version,
    deleted = false, updated = now(), happened_at = k.happened_at, xid = pg_current_xact_id(),
    receipt_id = %(receipt)s::bigint, line = k.line, digest = k.digest, body = k.body
FROM unnest(%(rids)s::bigint[], %(versions)s::int[], %(categories)s::text[], %(happened)s::timestamptz[],
    %(lines)s::int[], %(digests)s::bytea[], %(bodies)s::text[])
    AS k (rid, version, category, happened_at, line, digest, body)
WHERE r.rid = k.rid AND r.rid = ANY (%(rids)s::bigint[])
"""


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one resource: the verdict, as ``statements.PLAN`` has them, and its number and place."""

    item: Parsed
    digest: bytes
    verdict: str
    rid: int
    version: int
    compartment: int | None


@dataclass(slots=True)
class Stored:
    """What became of each resource, in order; the source's feeds, by id; by compartment what versions that were
    replaced had said of relationships."""

    fates: list[Fate] = field(default_factory=list)
    own: dict[int, str] = field(default_factory=dict)
    former: dict[int, list[relationships.Related]] = field(default_factory=dict)


def fits(items: Sequence[Parsed]) -> bool:
    """Whether ``items`` are few, and no two of them the same resource."""
    return len(items) <= FEW and len({(item.type, item.id) for item in items}) == len(items)


def store(source: str, feed: str, items: Sequence[Parsed], receipt: int | None) -> Stored:
    """Store what of ``items`` is new or changed, in the caller's transaction. They are such as ``fits`` them.

    A source heard of for the first time is entered.
    """
    stored = _planned(source, feed, items)
    source_id = next(number for number, name in stored.own.items() if name == feed)
    new = [fate for fate in stored.fates if fate.verdict == "new"]
    changed = [fate for fate in stored.fates if fate.verdict == "changed"]
    with prepared() as cursor:
        if changed:
            replaced = [fate.rid for fate in changed]
            cursor.execute(sql.KEEP_FORMER, [replaced])
            cursor.execute(sql.FORGET, {"rids": replaced})
            cursor.execute(_REPLACE, {**_columns(changed), "source_id": source_id, "receipt": receipt})
        if new:
            cursor.execute(_NEW, {**_columns(new), "source_id": source_id, "receipt": receipt})
        rows = SearchRows()
        written = [*new, *changed]
        for n, fate in enumerate(written, 1):
            rows.add(n, fate.item.resource, fate.item.local_person, source)
        rows.store(cursor, {**_columns(written), "source_id": source_id})
    return stored


def _planned(source: str, feed: str, items: Sequence[Parsed]) -> Stored:
    """What is to become of ``items``; each person among them has a compartment when this returns.

    All is asked before any of it is waited for.
    """
    digests = [sha256(item.body).digest() for item in items]
    people = [None if item.local_person is None else _text(item.local_person) for item in items]
    keys = [removal_key(item.type, _text(item.id), digest) for item, digest in zip(items, digests, strict=True)]
    bound = {
        "source": source,
        "feed": feed,
        "people": people,
        "alone": [None if one is None else identity.identifier(source, one) for one in people],
        "keys": keys,
        "types": [item.type for item in items],
        "ids": [_text(item.id) for item in items],
        "relating": relationships.types(),
    }
    feeds, _ = _asked(_FEEDS, bound), _asked(_COMPARTMENTS, bound)
    made, looked = _asked(sql.MADE, bound), _asked(_HELD, bound)
    known = feeds()
    if not any(name == feed for _, name, _ in known):
        _asked(sql.SOURCE, bound)
        known = _asked(_FEEDS, bound)()
    own: dict[int, str] = {number: name for number, name, _ in known}
    compartments: dict[str | None, int] = dict(made())
    stored = Stored(own=own)
    for item, digest, person, held in zip(items, digests, people, looked(), strict=True):
        removed, rid, there, version, compartment, source_id, deleted, before, body = held
        whose = compartments.get(person)
        if removed:
            verdict = "removed"
        elif not there:
            verdict = "new"
        elif source_id not in own:
            verdict = "foreign"
        elif compartment != whose:
            verdict = "moved"
        elif bytes(before) == digest and not deleted:
            verdict = "same"
        else:
            verdict = "changed"
            if body is not None and compartment is not None:
                said = relationships.related(source, own[source_id], orjson.loads(body))
                stored.former.setdefault(compartment, []).extend(said)
        stored.fates.append(Fate(item, digest, verdict, rid, (version or 0) + 1, whose))
    if any(aside for *_, aside in known) and any(fate.verdict == "changed" for fate in stored.fates):
        deferring.bring_back()
    return stored


def _asked(statement: str, bound: Mapping[str, Any]) -> Callable[[], list[Any]]:
    """Ask; what is returned waits for the answer."""
    cursor = prepared()
    cursor.execute(statement, bound)
    answer: Callable[[], list[Any]] = cursor.fetchall
    return answer


def _columns(fates: Sequence[Fate]) -> dict[str, Any]:
    items = [fate.item for fate in fates]
    return {
        "rids": [fate.rid for fate in fates],
        "compartments": [fate.compartment for fate in fates],
        "versions": [fate.version for fate in fates],
        "digests": [fate.digest for fate in fates],
        "types": [item.type for item in items],
        "ids": [_text(item.id) for item in items],
        "categories": [item.category for item in items],
        "happened": [happened_at(item.resource) for item in items],
        "lines": [item.line for item in items],
        "bodies": [item.body.decode() for item in items],
    }


def _text(value: str) -> str:
    """U+0000 is left out: PostgreSQL text cannot hold it."""
    return value.replace("\0", "")
