"""What leaves the record in bulk, moved by text COPY as the batch role.

The version log for the lake (what changed since), and an organisation's own resources for that organisation.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from django.db import connection, transaction

from commonweal.apps.access.api import SourceScope
from commonweal.fhir.compartment import ABOUT_NOBODY

# Every transaction below the snapshot's xmin is over, so nothing can still appear under the watermark: a
# row written by a longer-running transaction has a higher id and comes with the next export.
_CHANGES = """
COPY (
    SELECT rid, compartment_id, type, deleted, body FROM record_resource
    WHERE xid >= %s::text::xid8 AND xid < %s::text::xid8 ORDER BY rid
) TO STDOUT (FORMAT csv)
"""


_AGAIN = """
COPY (
    SELECT rid, compartment_id, type, deleted, body FROM record_resource
    WHERE compartment_id = ANY (%s::bigint[]) AND xid < %s::text::xid8 AND NOT deleted
    ORDER BY rid
) TO STDOUT (FORMAT csv)
"""


class Sink(Protocol):
    """Anything that takes bytes."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""


def changes(since_xid: int | None, out: Sink, again: Collection[int] = ()) -> int:
    """Write rows changed since the watermark ``since_xid`` (None: all) to ``out``; return the next watermark.

    ``again``: compartments of which everything is written, changed or not.

    CSV without a header: rid, compartment_id (empty for what is about nobody), type, deleted (t or f), body
    (the JSON text as received; of a deleted row the last one). A row appears once, in its latest version.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        watermark = int(cursor.fetchone()[0])
        with connection.wrap_database_errors, cursor.cursor.copy(_CHANGES, [since_xid or 0, watermark]) as copy:
            for block in copy:
                out.write(bytes(block))
        if again and since_xid:
            with connection.wrap_database_errors, cursor.cursor.copy(_AGAIN, [sorted(again), since_xid]) as copy:
                for block in copy:
                    out.write(bytes(block))
    return watermark


def compartment_ids() -> list[int]:
    """Every compartment of the record, linked to somebody or not yet; as the batch role."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM record_compartment ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class StoreCounts:
    """How much the record holds; ``by_type`` counts resources that are not deleted."""

    compartments: int
    resources: int
    deleted: int
    former_versions: int
    by_type: dict[str, int]


def counts() -> StoreCounts:
    """Count the record, exactly; as the batch role, since the application's sees only what it may."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT type, count(*) FROM record_resource WHERE NOT deleted GROUP BY type ORDER BY type")
        by_type = dict(cursor.fetchall())
        cursor.execute(
            "SELECT (SELECT count(*) FROM record_compartment), (SELECT count(*) FROM record_resource WHERE deleted), "
            "(SELECT count(*) FROM record_history)"
        )
        compartments, deleted, former = cursor.fetchone()
    return StoreCounts(compartments, sum(by_type.values()), deleted, former, by_type)


@dataclass(frozen=True, slots=True)
class Own:
    """Which of its own resources an organisation wants.

    ``kinds``: None for every type. ``since`` with ``watermark``: changed at or after the moment, or by a transaction
    from the watermark on (one that an earlier export could not see yet, whatever time it bears). ``people``: only
    what is about somebody. ``compartments``: only of these.
    """

    kinds: tuple[str, ...] | None = None
    since: datetime | None = None
    watermark: int | None = None
    people: bool = False
    compartments: tuple[int, ...] | None = None


class OwnRow(NamedTuple):
    """A resource an organisation sent. ``body`` is as received, and empty for one it has withdrawn."""

    type: str
    id: str
    compartment_id: int | None
    deleted: bool
    body: str


# By compartment, because that is indexed; what is about nobody is found by its few types.
_OWN = """
COPY (
    WITH own AS (SELECT coalesce(array_agg(id), '{}') AS ids FROM record_source WHERE source = %(source)s)
    SELECT r.type, r.id, r.compartment_id, r.deleted, CASE WHEN r.deleted THEN '' ELSE r.body END
    FROM record_compartment c JOIN record_resource r ON r.compartment_id = c.id
    WHERE c.source = %(source)s AND r.source_id = ANY ((SELECT ids FROM own)::integer[])
        AND (%(compartments)s::bigint[] IS NULL OR c.id = ANY (%(compartments)s::bigint[]))
        AND (%(kinds)s::text[] IS NULL OR r.type = ANY (%(kinds)s::text[]))
        AND (%(since)s::timestamptz IS NULL OR r.updated >= %(since)s::timestamptz
            OR r.xid >= %(watermark)s::text::xid8)
        AND (%(since)s::timestamptz IS NOT NULL OR NOT r.deleted)
    UNION ALL
    SELECT r.type, r.id, r.compartment_id, r.deleted, CASE WHEN r.deleted THEN '' ELSE r.body END
    FROM record_resource r
    WHERE NOT %(people)s AND r.compartment_id IS NULL AND r.type = ANY (%(nobody)s)
        AND r.source_id = ANY ((SELECT ids FROM own)::integer[])
        AND (%(kinds)s::text[] IS NULL OR r.type = ANY (%(kinds)s::text[]))
        AND (%(since)s::timestamptz IS NULL OR r.updated >= %(since)s::timestamptz
            OR r.xid >= %(watermark)s::text::xid8)
        AND (%(since)s::timestamptz IS NOT NULL OR NOT r.deleted)
) TO STDOUT
"""


def own_resources(scope: SourceScope, wanted: Own) -> Iterator[OwnRow]:
    """What the scope's organisation itself sent, one row after another and never all in memory; as the batch role.

    Nothing of any other source is among it, so what others have withheld cannot be.
    """
    bound = {
        "source": scope.source,
        "kinds": list(wanted.kinds) if wanted.kinds is not None else None,
        "since": wanted.since,
        "watermark": None if wanted.watermark is None else str(wanted.watermark),
        "people": wanted.people or wanted.compartments is not None,
        "compartments": list(wanted.compartments) if wanted.compartments is not None else None,
        "nobody": sorted(ABOUT_NOBODY),
    }
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.cursor.copy(_OWN, bound) as copy:
        copy.set_types(["text", "text", "int8", "bool", "text"])
        for row in copy.rows():
            yield OwnRow(*row)


def snapshot() -> tuple[datetime, int]:
    """The present transaction's time, and the transaction below which its snapshot holds every one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now(), pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        at, xmin = cursor.fetchone()
    return at, int(xmin)
