"""SQL text put together safely: the one place where identifiers and literals are quoted.

``sql`` fills a constant template with fragments, and a fragment comes only from ``sql``, ``name``,
``literal`` or ``joined``; a plain string in a template's place is a TypeError, never SQL.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import LiteralString, final


@final
class Sql:
    """A fragment of DuckDB SQL. Not made by hand: see the module."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Sql({self._text!r})"

    def __format__(self, spec: str) -> str:
        return self._text


def sql(template: LiteralString, **parts: Sql) -> Sql:
    """``template`` with each ``{part}`` replaced by its fragment."""
    for key, part in parts.items():
        if not isinstance(part, Sql):
            raise TypeError(f"{key} is a {type(part).__name__}, not a piece of SQL: use name() or literal()")
    return Sql(template.format_map(parts))


def name(identifier: str) -> Sql:
    """A quoted identifier."""
    if "\x00" in identifier:
        raise ValueError("an identifier cannot hold a NUL character")
    return Sql('"' + identifier.replace('"', '""') + '"')


def literal(value: str | bool | int | float | Decimal | date | None) -> Sql:
    """A quoted or plain literal; NULL for None."""
    if value is None:
        return Sql("NULL")
    if isinstance(value, bool):
        return Sql("TRUE" if value else "FALSE")
    if isinstance(value, int | Decimal):
        return Sql(str(value))
    if isinstance(value, float):
        return Sql(f"CAST('{value!r}' AS DOUBLE)")
    if isinstance(value, date):
        return Sql(f"DATE '{value.isoformat()}'")
    if "\x00" in value:
        raise ValueError("a literal cannot hold a NUL character")
    return Sql("'" + value.replace("'", "''") + "'")


def joined(separator: LiteralString, parts: Iterable[Sql]) -> Sql:
    """The fragments with ``separator`` between them."""
    return Sql(separator.join(map(str, parts)))


def strings(values: Iterable[str]) -> Sql:
    """A list literal of strings: ``['a', 'b']``."""
    return sql("[{values}]", values=joined(", ", map(literal, values)))
