"""Columns of values as PostgreSQL writes arrays, for statements that are sent as they stand (``access.Straight``).

https://www.postgresql.org/docs/18/arrays.html#ARRAYS-IO. The server takes an array a column apart in less time than
rows of JSON, each of which it reads field by field.
"""

from collections.abc import Iterable, Sequence
from typing import cast


def texts(values: Iterable[str]) -> bytes:
    """``values``, at least one of them, as an array of text. None holds a NUL, which no text of PostgreSQL's does."""
    joined = "\0".join(values).replace("\\", "\\\\").replace('"', '\\"')
    return ('{"' + joined.replace("\0", '","') + '"}').encode()


def plain(values: Iterable[object | None]) -> bytes:
    """``values`` that need no quotation marks (numbers, moments) as an array; None is NULL."""
    return ("{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}").encode()


def column(values: Sequence[str | float]) -> bytes:
    """``values``, at least one and all of one kind, as an array."""
    if values[0].__class__ is str:
        return texts(cast("Sequence[str]", values))
    return ("{" + ",".join(map(str, values)) + "}").encode()
