"""Writing to the record: a batch at a time, by staged COPY, in the caller's transaction or one of its own.

Only its source changes a resource. COPY cannot write to a table under row security, so a batch is copied
to temporary tables and moved by INSERT … SELECT: 10 to 25% slower than a bare COPY into the same tables,
and the second lock stays on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db import connection, transaction

from commonweal.apps.access import api as access
from commonweal.apps.identity import api as identity
from commonweal.apps.record import relationships, statements
from commonweal.apps.record.staging import Prepared, Wave, prepare
from commonweal.feeds.types import Parsed


@dataclass(frozen=True, slots=True)
class Refusal:
    """A resource the record would not take: ``rule`` is ``owned-by-another-source`` or ``person-changed``."""

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


_RULES = {
    "foreign": (
        "owned-by-another-source",
        "another source holds a resource with this type and id; only it may change it",
    ),
    "moved": ("person-changed", "this resource was filed under another local person; remove it there first"),
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
    batch = items if isinstance(items, Prepared) else prepare(source, feed, items)
    counts = Counts(unchanged=len(batch.repeated), same=set(batch.repeated))
    with transaction.atomic(), connection.cursor() as cursor:
        bound = {
            "source": source,
            "source_id": _source_id(cursor, source, feed),
            "own": _own(cursor, source),
            "receipt": receipt_id,
            "replay": replay,
        }
        cursor.execute(statements.STAGE)
        for wave in batch.waves:
            _write_wave(cursor, batch, wave, bound, counts)
    return counts


def _write_wave(cursor: Any, batch: Prepared, wave: Wave, bound: dict[str, Any], counts: Counts) -> None:
    cursor.execute(statements.CLEAR)
    _copy(cursor, statements.COPY_ITEMS, b"".join(wave.items))
    for statement, rows in (
        (statements.COPY_TOKENS, wave.tokens),
        (statements.COPY_DATES, wave.dates),
        (statements.COPY_STRINGS, wave.strings),
    ):
        if rows:
            _copy(cursor, statement, "".join(rows).encode())
    cursor.execute(statements.COMPARTMENTS, bound)
    cursor.execute(statements.PLAN, bound)
    cursor.execute("SELECT n, verdict, compartment_id FROM stage_plan ORDER BY n")
    plan = cursor.fetchall()
    verdicts = {row[1] for row in plan}
    former: dict[int, tuple[relationships.Related, ...]] = {}
    if "changed" in verdicts:
        former = _former_relationships(cursor, batch)
        for statement in statements.CHANGE:
            cursor.execute(statement, bound)
    if "new" in verdicts:
        cursor.execute(statements.NEW, bound)
    if verdicts & {"new", "changed"}:
        for statement, rows in (
            (statements.TOKENS, wave.tokens),
            (statements.DATES, wave.dates),
            (statements.STRINGS, wave.strings),
        ):
            if rows:
                cursor.execute(statement)
    _count(wave, plan, counts)
    _push(batch, wave, plan, former)


def _copy(cursor: Any, statement: str, data: bytes) -> None:
    with cursor.cursor.copy(statement) as copy:
        copy.write(data)


def _count(wave: Wave, plan: list[tuple[int, str, int | None]], counts: Counts) -> None:
    for n, verdict, _ in plan:
        kind, ident, line = wave.keys[n]
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


def _former_relationships(cursor: Any, batch: Prepared) -> dict[int, tuple[relationships.Related, ...]]:
    """What the versions about to be replaced said about relationships, by ordinal."""
    cursor.execute(statements.FORMER)
    return {
        n: relationships.related(batch.source, batch.feed, orjson.loads(body))
        for n, kind, body in cursor.fetchall()
        if relationships.applies(batch.feed, kind)
    }


def _push(
    batch: Prepared,
    wave: Wave,
    plan: list[tuple[int, str, int | None]],
    former: dict[int, tuple[relationships.Related, ...]],
) -> None:
    """Tell identity who people are, and access who is caring for them."""
    people = []
    rows: list[access.Relationship] = []
    ended: list[access.Relationship] = []
    for n, verdict, compartment in plan:
        if compartment is None or verdict not in ("new", "changed"):
            continue
        if n in wave.demographics:
            local_id, said = wave.demographics[n]
            people.append((compartment, batch.source, local_id, said))
        now = wave.related.get(n, ())
        rows.extend(_row(item, compartment, item.end) for item in now)
        still = {(item.organisation, item.kind, item.start) for item in now}
        ended.extend(
            _row(item, compartment, _ended(item.end))
            for item in former.get(n, ())
            if (item.organisation, item.kind, item.start) not in still
        )
    if people:
        identity.upsert_demographics(people)
    if ended:
        access.add_relationships(_once(ended), batch.source)
    if rows:
        access.add_relationships(_once(rows), batch.source)


def _row(item: relationships.Related, compartment: int, end: date | None) -> access.Relationship:
    return access.Relationship(
        organisation=item.organisation,
        compartment_id=compartment,
        kind=access.RelationshipKind(item.kind),
        start=item.start,
        end=end,
    )


def _ended(end: date | None) -> date:
    """The day before today, unless it had ended already: a source no longer says this organisation is involved."""
    yesterday = settings.COMMONWEAL_NOW().date() - timedelta(days=1)
    return yesterday if end is None else min(end, yesterday)


def _once(rows: Iterable[access.Relationship]) -> list[access.Relationship]:
    """One row a key: of two ends the later, an open one being the latest."""
    best: dict[tuple[str, int, str, date], access.Relationship] = {}
    for row in rows:
        key = (row.organisation, row.compartment_id, str(row.kind), row.start)
        held = best.get(key)
        if held is None or (held.end is not None and (row.end is None or row.end > held.end)):
            best[key] = row
    return list(best.values())


def _source_id(cursor: Any, source: str, feed: str) -> int:
    cursor.execute(
        "INSERT INTO record_source (source, feed) SELECT %(source)s, %(feed)s "
        "WHERE NOT EXISTS (SELECT FROM record_source WHERE source = %(source)s AND feed = %(feed)s) "
        "ON CONFLICT DO NOTHING",
        {"source": source, "feed": feed},
    )
    cursor.execute("SELECT id FROM record_source WHERE source = %s AND feed = %s", [source, feed])
    return int(cursor.fetchone()[0])


def _own(cursor: Any, source: str) -> list[int]:
    """Ids of all feeds of this source: whichever of them sent a resource, the source may change it."""
    cursor.execute("SELECT id FROM record_source WHERE source = %s", [source])
    return [row[0] for row in cursor.fetchall()]


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
        for statement in (*statements.FORGET, statements.KEEP_FORMER):
            cursor.execute(statement)
        cursor.execute(statements.TOMBSTONE, {"receipt": receipt_id})
        return int(cursor.rowcount)


def heard_from(source: str, feed: str, at: datetime, event: datetime | None = None) -> None:
    """Note that a file of this feed landed in full at ``at``; ``event``: the latest thing it told of."""
    with transaction.atomic(), connection.cursor() as cursor:
        _source_id(cursor, source, feed)
        cursor.execute(
            "UPDATE record_source SET files = files + 1, last_received_at = greatest(last_received_at, %s), "
            "last_event_at = greatest(last_event_at, %s) WHERE source = %s AND feed = %s",
            [at, event, source, feed],
        )


def refresh_statistics() -> None:
    """Let the planner know of a large load at once."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE record_compartment, record_resource, record_token, record_date, record_string")
