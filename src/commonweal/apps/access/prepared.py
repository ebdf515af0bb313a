"""A cursor whose statements PostgreSQL keeps planned: for what every request runs.

Django's own cursor pastes values into the text on this side, so that each statement is planned again each time, and
under row security planning takes longer than most statements do. ``config.database`` lets a connection prepare.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg.pq import Format

_MOMENT = psycopg.adapters.types["timestamptz"].oid


class _Kept(psycopg.Cursor[tuple[Any, ...]]):
    """Its moments are read by psycopg's own code: Django's, written in Python, takes twenty times as long for each.

    They are the same, aware and in UTC, which is the time zone of every connection of ours.
    """

    def __init__(self, of: "psycopg.Connection[Any]") -> None:
        super().__init__(of)
        if (own := psycopg.adapters.get_loader(_MOMENT, Format.TEXT)) is not None:
            self.adapters.register_loader(_MOMENT, own)

    def execute(self, query: Any, params: Any = None, **options: Any) -> "_Kept":
        """As psycopg's, but prepared from the first time."""
        super().execute(query, params, **{"prepare": True} | options)
        return self


def prepared() -> CursorWrapper:
    """A cursor of the present connection, whose errors are Django's.

    The server binds the values, so a type that the statement does not tell is to be written (``%s::text``).
    """
    connection.ensure_connection()
    return CursorWrapper(_Kept(connection.connection), connection)


@contextmanager
def together() -> Iterator[None]:
    """Send the statements within without waiting for each: reading an answer, and the end, waits for all before it.

    What is said against one of them is raised there, as Django's error. Nothing is copied within.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield
