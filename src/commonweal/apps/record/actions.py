"""Writing to the record: a batch at a time, by COPY, in the caller's transaction or one of its own.

Only its source changes a resource. COPY cannot write to a table under row security, so a batch is copied
to temporary tables and moved by INSERT … SELECT; of a large batch that is all new ``loading`` copies straight in.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

import orjson
from django.conf import settings
from django.db import connection, transaction

from commonweal.apps.access import api as access
from commonweal.apps.identity import api as identity
from commonweal.apps.record import deferring, few, loading, relationships, removal_keys, statements
from commonweal.apps.record.staging import Prepared, Wave, prepare, staged_items
from commonweal.feeds.types import Parsed
from commonweal.fhir.demographics import demographics


@dataclass(frozen=True, slots=True)
class Refusal:
    """A resource the record would not take.

    ``rule`` is ``owned-by-another-source``, ``person-changed`` or ``lawfully-removed``.
    """

    line: int
    field: str
    rule: str
    value: str
    message: str


@dataclass(slots=True)
class Counts:
    """What became of a batch. ``stored`` and ``same`` hold the lines, for whoever counts lines."""

    accepted: int = 0  # new to the record
    updated: int = 0  # a further version of what the same source sent before
    unchanged: int = 0  # already held, to the byte
    superseded: int = 0  # replayed, and a later version is already held
    refused: list[Refusal] = field(default_factory=list)
    stored: set[int] = field(default_factory=set)
    same: set[int] = field(default_factory=set)


_LINE = itemgetter(2)  # of a wave's key
_RULES = {
    "foreign": (
        "owned-by-another-source",
        "another source holds a resource with this type and id; only it may change it",
    ),
    "moved": (
        "person-changed",
        "this resource was filed under another local person; withdraw it there and send it under another id",
    ),
    "removed": ("lawfully-removed", "this was lawfully removed; if it should be held, send it corrected"),
}


def write(
    source: str,
    feed: str,
    items: Sequence[Parsed] | Prepared,
    receipt_id: int | None = None,
    *,
    replay: bool = False,
) -> Counts:
    """Store a batch from one source; one transaction (or the caller's). Same bytes again change nothing.

    ``items``: parsed resources, or what ``prepare`` made of them. ``replay``: the lines are older than what
    may have arrived since, so a resource whose current version came later keeps it.
    """
    if not isinstance(items, Prepared):
        if not replay and few.fits(items):
            return _write_few(source, feed, items, receipt_id)
        items = prepare(source, feed, items)
    batch = items
    counts = Counts(unchanged=len(batch.repeated), same=set(batch.repeated))
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        source_id = _source_id(cursor, source, feed)
        own = own_feeds(cursor, source)
        cursor.execute("SELECT EXISTS (SELECT FROM record_removed)")
        bound = {
            "removals": cursor.fetchone()[0],
            "salt": removal_keys.salt(),
            "source": source,
            "source_id": source_id,
            "own": list(own),
            "receipt": receipt_id,
            "replay": replay,
        }
        cursor.execute(statements.MEMORY)
        for wave in batch.waves:
            _write_wave(cursor, batch, wave, bound, own, counts)
    return counts


def _write_few(source: str, feed: str, items: Sequence[Parsed], receipt_id: int | None) -> Counts:
    """``write`` for the resources of a message or two."""
    counts = Counts()
    with transaction.atomic(savepoint=False), access.together(), access.prepared() as cursor:
        stored = few.store(source, feed, items, receipt_id)
        keys = [(fate.item.type, fate.item.id, fate.item.line) for fate in stored.fates]
        _count(keys, [(n, fate.verdict, fate.compartment) for n, fate in enumerate(stored.fates)], counts)
        written = [
            (fate.item, fate.compartment)
            for fate in stored.fates
            if fate.verdict in ("new", "changed") and fate.compartment
        ]
        people = [
            (compartment, source, item.local_person or "", demographics(item.resource))
            for item, compartment in written
            if item.type == "Patient"
        ]
        if people:
            identity.upsert_demographics(people)
        touched = {compartment for item, compartment in written if relationships.applies(feed, item.type)}
        relate(cursor, source, stored.own, touched, stored.former)
    return counts


def _write_wave(
    cursor: Any, batch: Prepared, wave: Wave, bound: dict[str, Any], own: Mapping[int, str], counts: Counts
) -> None:
    wave.pack()
    former: dict[int, list[relationships.Related]] = {}
    compartments = loading.stored_as_new(cursor, wave, bound)
    if compartments is not None:
        written = dict(enumerate(compartments))
        counts.accepted += len(compartments)
        counts.stored.update(map(_LINE, wave.keys))
    else:
        plan, former = _staged(cursor, batch, wave, bound, own)
        _count(wave.keys, plan, counts)
        written = {n: compartment for n, verdict, compartment in plan if verdict in ("new", "changed")}
    people = [
        (compartment, batch.source, *said) for n, said in wave.demographics.items() if (compartment := written.get(n))
    ]
    if people:
        identity.upsert_demographics(people)
    touched = {compartment for n in wave.relating if (compartment := written.get(n))}
    relate(cursor, batch.source, own, touched, former)


def _staged(
    cursor: Any, batch: Prepared, wave: Wave, bound: dict[str, Any], own: Mapping[int, str]
) -> tuple[list[tuple[int, str, int | None]], dict[int, list[relationships.Related]]]:
    """Store what of ``wave`` is new or changed: ordinal, verdict and compartment of all, and what was said before."""
    cursor.execute(statements.STAGE)
    cursor.execute(statements.CLEAR)
    loading.copy(cursor, statements.COPY_ITEMS, staged_items(wave))
    cursor.execute(statements.COMPARTMENTS, bound | loading.people_of(wave, batch.source))
    cursor.execute(statements.PLAN, bound)
    cursor.execute("SELECT n, verdict, compartment_id, rid, category FROM stage_plan ORDER BY n")
    plan = cursor.fetchall()
    verdicts = {row[1] for row in plan}
    former: dict[int, list[relationships.Related]] = {}
    if "changed" in verdicts:
        deferring.bring_back()
        former = _former(cursor, batch.source, own)
        for statement in statements.CHANGE:
            cursor.execute(statement, bound)
    if "new" in verdicts:
        cursor.execute(statements.NEW, bound)
    if verdicts & {"new", "changed"}:
        heads = [
            loading.row_head(compartment, rid, bound["source_id"], category) if verdict in ("new", "changed") else b""
            for _, verdict, compartment, rid, category in plan
        ]
        store_search_rows(cursor, wave, heads)
    return [row[:3] for row in plan], former


def store_search_rows(cursor: Any, wave: Wave, heads: Sequence[bytes]) -> None:
    """Stage and store the search rows of ``wave``; ``heads`` as ``loading.search_rows`` takes them."""
    wave.pack()
    for staged, stored, rows in zip(statements.STAGE_SEARCH_ROWS, statements.STORE_SEARCH_ROWS, wave.rows, strict=True):
        if text := loading.search_rows(rows, heads):
            loading.copy(cursor, staged, text)
            cursor.execute(stored)
    loading.describe_systems(cursor, wave)


def _count(keys: Sequence[tuple[str, str, int]], plan: Iterable[tuple[int, str, int | None]], counts: Counts) -> None:
    for n, verdict, _ in plan:
        kind, ident, line = keys[n]
        if verdict == "new":
            counts.accepted += 1
            counts.stored.add(line)
        elif verdict == "changed":
            counts.updated += 1
            counts.stored.add(line)
        elif verdict == "same":
            counts.unchanged += 1
            counts.same.add(line)
        elif verdict == "later":
            counts.superseded += 1
            counts.same.add(line)
        else:
            rule, message = _RULES[verdict]
            counts.refused.append(Refusal(line, f"{kind}.id", rule, ident, message))


def _former(cursor: Any, source: str, own: Mapping[int, str]) -> dict[int, list[relationships.Related]]:
    """What the versions about to be replaced said of relationships, by compartment."""
    cursor.execute(statements.FORMER, {"types": relationships.types()})
    return _related(cursor.fetchall(), source, own)


def _related(
    found: Iterable[tuple[int, int, str]], source: str, own: Mapping[int, str]
) -> dict[int, list[relationships.Related]]:
    by_compartment: dict[int, list[relationships.Related]] = {}
    for compartment, source_id, body in found:
        said = relationships.related(source, own[source_id], orjson.loads(body))
        by_compartment.setdefault(compartment, []).extend(said)
    return by_compartment


def relate(
    cursor: Any,
    source: str,
    own: Mapping[int, str],
    touched: set[int],
    former: Mapping[int, Sequence[relationships.Related]],
) -> None:
    """Tell access who is caring for the people touched: all that the source now says of them, taken together.

    Taken together, because two stays may begin on one day: what one of them no longer says the other may.
    """
    compartments = sorted(touched | set(former))
    if not compartments:
        return
    bound = {"compartments": compartments, "types": relationships.types(), "own": list(own)}
    cursor.execute(statements.RELATING, bound)
    current = _related(cursor.fetchall(), source, own)
    today = settings.COMMONWEAL_NOW().date()
    rows = []
    for compartment in compartments:
        now = relationships.union(current.get(compartment, ()))
        gone = relationships.union(former.get(compartment, ()))
        told = [*now.values(), *(relationships.retracted(item, today) for key, item in gone.items() if key not in now)]
        rows += [access.Relationship(i.organisation, compartment, i.kind, i.start, i.end, i.feed) for i in told]
    access.add_relationships(rows, source)


def _source_id(cursor: Any, source: str, feed: str) -> int:
    cursor.execute(
        "INSERT INTO record_source (source, feed) SELECT %(source)s, %(feed)s "
        "WHERE NOT EXISTS (SELECT FROM record_source WHERE source = %(source)s AND feed = %(feed)s) "
        "ON CONFLICT DO NOTHING",
        {"source": source, "feed": feed},
    )
    cursor.execute("SELECT id FROM record_source WHERE source = %s AND feed = %s", [source, feed])
    return int(cursor.fetchone()[0])


def own_feeds(cursor: Any, source: str) -> dict[int, str]:
    """Id → name of all feeds of this source: whichever of them sent a resource, the source may change it."""
    cursor.execute("SELECT id, feed FROM record_source WHERE source = %s", [source])
    return dict(cursor.fetchall())


def withdraw(source: str, keys: Iterable[tuple[str, str]], receipt_id: int | None = None) -> int:
    """Mark resources (type, id) of this source as deleted, keeping the former version; returns how many.

    The row stays as a tombstone so that every copy below the record learns of it.
    """
    wanted = list(keys)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statements.STAGE)
        cursor.execute(statements.CLEAR)
        cursor.execute(
            statements.WITHDRAWN,
            {"source": source, "types": [kind for kind, _ in wanted], "ids": [ident for _, ident in wanted]},
        )
        own = own_feeds(cursor, source)
        former = _former(cursor, source, own)
        for statement in (*statements.FORGET, statements.KEEP_FORMER):
            cursor.execute(statement)
        cursor.execute(statements.TOMBSTONE, {"receipt": receipt_id})
        withdrawn = int(cursor.rowcount)
        relate(cursor, source, own, set(), former)
        return withdrawn


def heard_from(source: str, feed: str, at: datetime, event: datetime | None = None) -> None:
    """Note that a file of this feed landed in full at ``at``; ``event``: the latest thing it told of."""
    with transaction.atomic(), connection.cursor() as cursor:
        _source_id(cursor, source, feed)
        cursor.execute(
            "UPDATE record_source SET files = files + 1, last_received_at = greatest(last_received_at, %s), "
            "last_event_at = greatest(last_event_at, %s) WHERE source = %s AND feed = %s",
            [at, event, source, feed],
        )


_STALE = """
SELECT n_mod_since_analyze > greatest(20000, n_live_tup / 4) FROM pg_stat_user_tables WHERE relname = 'record_resource'
"""


def refresh_statistics() -> bool:
    """Let the planner know of a large load at once, if a quarter of the record has changed; whether it was due.

    The server would do so by itself within minutes; the linkage and the first pages come sooner. A sample of a
    fifth of its usual size says enough about tables this regular, in a fifth of the time.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_STALE)
        row = cursor.fetchone()
        if row is None or not row[0]:
            return False
        cursor.execute("SET LOCAL default_statistics_target = 20")
        cursor.execute(
            "ANALYZE record_compartment, record_resource, record_token, record_date, record_string, "
            "record_reference, record_number"
        )
    return True
