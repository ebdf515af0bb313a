"""Search indexing deferred for a first load: making an index of all its rows costs less than adding each to one.

The rows are stored as always, in the transaction of their batch; what waits is the indexes by which they are found.
Only a store that is as good as empty is worth it, and bears it: until they are back a search reads whole tables. They
come back before the load is reported as done, and earlier where a batch has to replace rows, which finds them by an
index. If the load is killed, whatever lands next brings them back, or ``commonweal reindex`` does, and ``commonweal
verify`` says that they are aside.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

SMALL = 5_000  # resources held: so many search rows are read whole in the time of a page

_HELD = "SELECT count(*) FROM (SELECT FROM record_resource LIMIT %s) r"
_ASIDE = "SELECT count(*) FROM record_index_aside"


@contextmanager
def deferred(wanted: bool) -> Iterator[None]:
    """Store what is stored within with its indexing deferred, if that is ``wanted`` and worth it.

    At the end, however it came, every index is there: those as well that a killed load left aside.
    """
    if wanted:
        set_aside()
    try:
        yield
    finally:
        bring_back()


def set_aside() -> bool:
    """Set the indexes of the search rows aside if the store is small and nobody is reading them; whether they are."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_HELD, [SMALL])
        if cursor.fetchone()[0] >= SMALL:
            return False
        if aside(cursor):
            return True
        cursor.execute("SELECT record_indexes_aside()")
        return bool(cursor.fetchone()[0])


def bring_back() -> int:
    """Make the indexes that are aside, in the caller's transaction or one of its own; returns how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not aside(cursor):
            return 0
        cursor.execute("SELECT record_indexes_back()")
        return int(cursor.fetchone()[0])


def aside(cursor: Any) -> int:
    """How many indexes are aside."""
    cursor.execute(_ASIDE)
    return int(cursor.fetchone()[0])
