"""What the parts of a search compile to: SQL with the values it binds, what is refused, what must be said."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from commonweal.domain.errors import CommonwealError

MAX_COUNT = 1_000
DEFAULT_COUNT = 100
MOST_VALUES = 500  # alternatives of one parameter
MOST_CONDITIONS = 40  # parameters of one search
MOST_BRANCHES = 24  # types that the chains of one search may go through


class BadSearch(CommonwealError):
    """A search parameter or value that cannot be honoured; the message names it."""


class UnknownParameter(BadSearch):
    """A parameter that its type does not have, or that this server does not know."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to be said beside an answer; ``code`` is of http://hl7.org/fhir/issue-type."""

    severity: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Sql:
    """SQL text, always put together from constants of this package, and the values it binds, in order."""

    text: str
    values: tuple[Any, ...] = ()

    def __add__(self, other: "Sql | str") -> "Sql":
        if isinstance(other, str):
            return Sql(self.text + other, self.values)
        return Sql(self.text + other.text, self.values + other.values)


NOTHING = Sql("")
NEVER = Sql("false")


_SELECT = "SELECT {columns} FROM {tables} WHERE "


def select(columns: str, tables: str, held: Sql) -> Sql:
    """A query of ``columns`` from ``tables``, names of this package's own, where ``held``."""
    return Sql(_SELECT.replace("{columns}", columns).replace("{tables}", tables)) + held


def joined(parts: Iterable[Sql], between: str) -> Sql:
    """``parts`` with ``between`` between them; empty for none."""
    listed = list(parts)
    return Sql(between.join(part.text for part in listed), tuple(value for part in listed for value in part.values))


def both(*parts: Sql) -> Sql:
    """All of ``parts``; those that say nothing are left out."""
    return joined((part for part in parts if part.text), " AND ")


def either(parts: Iterable[Sql]) -> Sql:
    """Any of ``parts``, in brackets; false if there are none."""
    listed = list(parts)
    if len(listed) == 1:
        return listed[0]
    return Sql("(") + joined(listed, " OR ") + ")" if listed else NEVER


def same(column: str, values: "Iterable[Any] | Sql") -> Sql:
    """``column`` is one of ``values``: as equality where there is one, which keeps an index in order.

    As ``Sql`` the values are an expression that gives an array of them.
    """
    if isinstance(values, Sql):
        return Sql(column + " = ANY (") + values + ")"
    listed = list(dict.fromkeys(values))
    if len(listed) == 1:
        return Sql(column + " = %s", (listed[0],))
    return Sql(column + " = ANY (%s)", (listed,))


def alternatives(name: str, value: str) -> list[str]:
    r"""The comma-separated alternatives of a value, ``\,`` being a comma: https://hl7.org/fhir/R4/search.html#escaping.

    Raises BadSearch for an empty one, or too many.
    """
    if "," not in value and value:
        return [value]
    found: list[str] = []
    current: list[str] = []
    escaped = False
    for character in value:
        if character == "," and not escaped:
            found.append("".join(current))
            current = []
        else:
            current.append(character)
        escaped = character == "\\" and not escaped
    found.append("".join(current))
    if len(found) > MOST_VALUES:
        raise BadSearch(f"{name}: at most {MOST_VALUES} alternatives, not {len(found)}; ask in several searches")
    if not all(found):
        raise BadSearch(f"{name}: an alternative is empty")
    return found


def divided(value: str, mark: str) -> list[str]:
    r"""``value`` at each ``mark`` that is not escaped, the parts without their escapes."""
    if "\\" not in value:
        return value.split(mark)
    parts, current, escaped = [], "", False
    for character in value:
        if escaped:
            current += character
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == mark:
            parts.append(current)
            current = ""
        else:
            current += character
    return [*parts, current]
