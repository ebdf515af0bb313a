"""A resource as the store gives it back, and the columns it is read from."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

COLUMNS = """
SELECT r.type, r.id, r.version, r.updated, r.body, s.source, s.feed, r.category, r.happened_at, r.deleted
FROM record_resource r JOIN record_source s ON s.id = r.source_id
"""


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


def stored(row: tuple[Any, ...]) -> Stored:
    """A row of ``COLUMNS``."""
    kind, ident, version, updated, body, source, feed, category, happened, deleted = row
    return Stored(kind, ident, version, updated, body.encode(), source, feed, category, happened, deleted)


def rows(statement: str, values: Iterable[Any]) -> list[Stored]:
    """Run a query of ``COLUMNS``."""
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        return [stored(row) for row in cursor.fetchall()]
