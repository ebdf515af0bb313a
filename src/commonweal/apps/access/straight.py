"""A statement sent to PostgreSQL as it stands, kept planned, its values and answer as text: a whole request's one.

For each statement psycopg's cursor works out how to bind what it is given and how to read what comes back, which takes
several times as long as handing text to the database's own library does. That matters where a request is one statement
(``single_look``), and nowhere else. Values are bound by the server as ever, and errors are those of any cursor. While
it waits for the answer other threads run.
"""

import threading
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

Row = tuple[bytes | None, ...]

_GONE = ("0A000", "26000")  # the plan no longer fits what it was made for; the statement is not there any more
_numbers = count(1)


class _Here(threading.local):
    """This thread's database, its connection as it was last seen, and the names of what that has planned."""

    database: BaseDatabaseWrapper | None = None
    raw: object = None
    planned: frozenset[bytes] = frozenset()


_here = _Here()


def own_database() -> BaseDatabaseWrapper:
    """This thread's database, as Django has it; Django itself takes long to look it up."""
    if _here.database is None:
        _here.database = connections[DEFAULT_DB_ALIAS]
    return _here.database


class Straight:
    """A statement that gives one row. Its values are numbered (``$1``) and their types written (``$1::text``)."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._name = b"commonweal_%d" % next(_numbers)

    def __call__(self, values: Sequence[bytes | None]) -> Row:
        """The row, each value as text or None.

        Raises:
            DatabaseError: Django's, as its own cursors raise; nothing was done.
        """
        database = own_database()
        database.ensure_connection()
        run: Callable[..., Row] = self._run
        context = {"connection": database}
        for wrapper in reversed(database.execute_wrappers):
            run = partial(wrapper, run)
        return run(self.text, values, False, context)

    def _run(self, _sql: str, values: Sequence[bytes | None], _many: bool, context: dict[str, Any]) -> Row:
        database = context["connection"]
        with database.wrap_database_errors:
            result = self._sent(database.connection, values)
            if result.status != ExecStatus.TUPLES_OK:
                raise psycopg.errors.error_from_result(result)
            return tuple([result.get_value(0, column) for column in range(result.nfields)])

    def _sent(self, raw: Any, values: Sequence[bytes | None]) -> PGresult:
        if _here.raw is not raw:
            _here.raw, _here.planned = raw, frozenset()
        again = self._name in _here.planned
        if not again:
            self._plan(raw)
        result: PGresult = raw.pgconn.exec_prepared(self._name, values)
        if again and _is_gone(result):  # refused before it was run: a function was replaced by an upgrade meanwhile
            _here.planned -= {self._name}
            raw.pgconn.exec_(b"DEALLOCATE " + self._name)
            self._plan(raw)
            result = raw.pgconn.exec_prepared(self._name, values)
        return result

    def _plan(self, raw: Any) -> None:
        result = raw.pgconn.prepare(self._name, self.text.encode())
        if result.status != ExecStatus.COMMAND_OK:
            raise psycopg.errors.error_from_result(result)
        _here.planned |= {self._name}


def _is_gone(result: PGresult) -> bool:
    """Whether what was planned is not there any more, or no longer what it was planned as."""
    return result.status == ExecStatus.FATAL_ERROR and psycopg.errors.error_from_result(result).sqlstate in _GONE
