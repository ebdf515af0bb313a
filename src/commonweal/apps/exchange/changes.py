"""The outbox of changes: which local people's records a source has just changed, for a higher app to act on.

A row is written in the transaction that changes the record, and taken in the transaction that acts on it: so a crash
between the two loses nothing and does nothing twice. A row says whose record to look at, and never what it says.
``CHANNEL`` is notified when a transaction that wrote rows is committed.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from operator import itemgetter
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from commonweal.apps.access.api import prepared, together
from commonweal.apps.record import api as record

CHANNEL = "commonweal_changes"
ALLOCATION = "CareTeam"  # the resource that says who works with a person
COPIED = 20  # rows; more are copied in
_TYPE = itemgetter(0)  # of a wave's key
FORGOTTEN = timedelta(days=90)  # what happened longer ago is history that is being loaded: nobody is to be told

_COPY = "COPY exchange_change (source, feed, people, happened_at, noted_at, again_at, resource) FROM STDIN"
_NOTE = (
    "INSERT INTO exchange_change (source, feed, people, happened_at, noted_at, again_at, resource) "
    "VALUES (%s, %s, %s::text[], %s, %s, %s, %s)"
)


@dataclass(frozen=True, slots=True)
class Change:
    """The record of ``people`` (one person's numbers at ``source``) changed; the newest of it was ``happened_at``."""

    id: int
    source: str
    feed: str
    people: tuple[str, ...]
    happened_at: datetime
    noted_at: datetime
    resource: str = ""


def note(
    source: str,
    feed: str,
    changed: Iterable[tuple[Collection[str], datetime]],
    *,
    again_at: datetime | None = None,
    resource: str = "",
) -> int:
    """Note changes in the caller's transaction: (a person's numbers, when the newest of it happened). Rows written.

    ``resource``: the only type that changed, if that is not what happened to them. ``again_at``: not before then.
    """
    now = settings.COMMONWEAL_NOW()
    rows = [
        (source, feed, sorted(people), at, now, again_at, resource) for people, at in changed if now - at < FORGOTTEN
    ]
    noted = len(rows)
    if not noted:
        return 0
    if noted > COPIED:
        with connection.wrap_database_errors, connection.cursor() as cursor, cursor.cursor.copy(_COPY) as copy:
            for row in rows:
                copy.write_row(row)
        rows = []
    with together(), prepared() as cursor:
        for row in rows:
            cursor.execute(_NOTE, row)
        cursor.execute("SELECT pg_notify(%s::text, '')", [CHANNEL])
    return noted


def note_stored(source: str, feed: str, prepared: record.Prepared) -> int:
    """Note those of a batch of rows, landed or replayed, of whom somebody is to be told. Rows written."""
    return _note_deaths(source, feed, prepared) + _note_allocations(source, feed, prepared)


def _note_deaths(source: str, feed: str, prepared: record.Prepared) -> int:
    """Note those of a batch of whom their source says that they have died."""
    zone = ZoneInfo(settings.TIME_ZONE)
    died: dict[str, date] = {
        local: said.death_date
        for wave in prepared.waves
        for local, said in wave.demographics.values()
        if said.death_date is not None
    }
    return note(source, feed, (([local], datetime.combine(day, time(), zone)) for local, day in died.items()))


def _note_allocations(source: str, feed: str, prepared: record.Prepared) -> int:
    """Note those of a batch whose source says which workers work with them; they wait for their turn behind news."""
    now = settings.COMMONWEAL_NOW()
    people = {
        local
        for wave in prepared.waves
        if ALLOCATION in set(map(_TYPE, wave.keys))
        for (kind, _, _), local in zip(wave.keys, wave.whose, strict=True)
        if kind == ALLOCATION and local is not None
    }
    return note(source, feed, (([local], now) for local in sorted(people)), again_at=now, resource=ALLOCATION)


def note_written(source: str, said: Mapping[str, Collection[int]]) -> None:
    """Note what was written through the FHIR interface: by type, the compartments of the source that it is about.

    Called in the write's own transaction, as the role that serves people, which can neither read nor fill the outbox
    but by a function that takes the source from the session.
    """
    now = settings.COMMONWEAL_NOW()
    lists = set(said.get(ALLOCATION, ()))
    happened = {one for kind, compartments in said.items() if kind != ALLOCATION for one in compartments}
    numbers = record.local_numbers(source, lists | happened)
    with connection.cursor() as cursor:
        for compartments, resource in ((happened, ""), (lists, ALLOCATION)):
            known = sorted(numbers[one] for one in compartments if one in numbers)
            if known:
                cursor.execute(
                    "SELECT exchange_note_written(%s::text[], %s, %s, %s)", [known, resource, now, bool(resource)]
                )
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


def take(most: int) -> list[Change]:
    """The oldest rows whose turn it is, kept from others until the caller's transaction ends. As the batch role."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, source, feed, people, happened_at, noted_at, resource FROM exchange_change WHERE id IN ("
            "(SELECT id FROM exchange_change WHERE again_at IS NULL ORDER BY id LIMIT %s) UNION ALL "
            "(SELECT id FROM exchange_change WHERE again_at <= %s ORDER BY again_at LIMIT %s)) "
            "ORDER BY id FOR UPDATE SKIP LOCKED",
            [most, settings.COMMONWEAL_NOW(), most],
        )
        return [Change(row[0], row[1], row[2], tuple(row[3]), row[4], row[5], row[6]) for row in cursor.fetchall()]


def done(changes: Collection[int]) -> None:
    """Take rows out of the outbox."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM exchange_change WHERE id = ANY (%s)", [list(changes)])


def later(changes: Collection[int], at: datetime) -> None:
    """Let rows wait: what is needed to act on them is not known yet."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE exchange_change SET again_at = %s WHERE id = ANY (%s)", [at, list(changes)])


def forget(wholes: Iterable[tuple[str, str]]) -> int:
    """Take out what names one of these (source, local number), for a lawful removal. Rows deleted."""
    with connection.cursor() as cursor:
        gone = 0
        for source, local in wholes:
            cursor.execute("DELETE FROM exchange_change WHERE source = %s AND %s = ANY (people)", [source, local])
            gone += cursor.rowcount
    return gone


def waiting() -> int:
    """How many rows wait for something to be known."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM exchange_change WHERE again_at IS NOT NULL AND resource = ''")
        return int(cursor.fetchone()[0])
