"""All of one person's record, a page at a time.

Pages follow the number a resource gets when it first arrives, which never changes: what is updated between two pages
keeps its place and what is new comes last, so that none is left out and none comes twice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from commonweal.apps.record.stored import Stored, stored

_WHERE = """
FROM record_resource r JOIN record_source s ON s.id = r.source_id
WHERE r.compartment_id = ANY (%(compartments)s) AND r.category = ANY (%(categories)s) AND NOT r.deleted
    AND (%(types)s::text[] IS NULL OR r.type = ANY (%(types)s::text[]))
    AND (%(since)s::timestamptz IS NULL OR r.updated >= %(since)s::timestamptz)
    AND (%(source)s::text IS NULL OR s.source = %(source)s::text)
"""
_COUNT = "SELECT count(*)" + _WHERE
_PAGE = (
    "SELECT r.type, r.id, r.version, r.updated, r.body, s.source, s.feed, r.category, r.happened_at, r.deleted, r.rid"
    + _WHERE
    + " AND r.rid > %(after)s ORDER BY r.rid LIMIT %(limit)s"
)


@dataclass(frozen=True, slots=True)
class Whole:
    """One page; ``total`` of all pages; ``after``: what the next page begins after, None when there is none."""

    resources: Sequence[Stored]
    total: int
    after: int | None


def whole(
    compartments: Iterable[int],
    categories: Iterable[str],
    types: Iterable[str] | None,
    since: datetime | None,
    after: int,
    limit: int,
    source: str | None = None,
) -> Whole:
    """The page after ``after`` (0: the first) of what an open scope's compartments and categories hold.

    ``since``: changed at or after. ``source``: only what this organisation sent.
    """
    bound: dict[str, Any] = {
        "compartments": sorted(compartments),
        "categories": sorted(categories),
        "types": None if types is None else list(types),
        "since": since,
        "after": after,
        "limit": limit + 1,
        "source": source,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, bound)
        total = int(cursor.fetchone()[0])
        found = []
        if limit:
            cursor.execute(_PAGE, bound)
            found = cursor.fetchall()
    more = len(found) > limit
    shown = found[:limit]
    return Whole([stored(row[:-1]) for row in shown], total, shown[-1][-1] if more else None)
