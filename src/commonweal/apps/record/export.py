"""The version log, for the lake: what changed since, moved by text COPY, as the batch role."""

from dataclasses import dataclass
from typing import Protocol

from django.db import connection, transaction

# Every transaction below the snapshot's xmin is over, so nothing can still appear under the watermark: a
# row written by a longer-running transaction has a higher id and comes with the next export.
_CHANGES = """
COPY (
    SELECT rid, compartment_id, type, deleted, body FROM record_resource
    WHERE xid >= %s::text::xid8 AND xid < %s::text::xid8 ORDER BY rid
) TO STDOUT (FORMAT csv)
"""


class Sink(Protocol):
    """Anything that takes bytes."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""


def changes(since_xid: int | None, out: Sink) -> int:
    """Write rows changed since the watermark ``since_xid`` (None: all) to ``out``; return the next watermark.

    CSV without a header: rid, compartment_id (empty for what is about nobody), type, deleted (t or f), body
    (the JSON text as received; of a deleted row the last one). A row appears once, in its latest version.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        watermark = int(cursor.fetchone()[0])
        with cursor.cursor.copy(_CHANGES, [since_xid or 0, watermark]) as copy:
            for block in copy:
                out.write(bytes(block))
    return watermark


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
