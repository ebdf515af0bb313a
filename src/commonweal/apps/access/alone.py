"""Work that one process does at a time, held by an advisory lock of the database's session, across transactions."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def alone(lock: int, key: int) -> Iterator[None]:
    """Only one process is within for a class of locks (``lock``) and its ``key``, both of 32 bits; another waits.

    A process that ends in any way lets it go; a connection that is lost within has let it go already.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [lock, key])
    try:
        yield
    finally:
        if connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [lock, key])
