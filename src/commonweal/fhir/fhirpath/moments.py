"""Dates and moments compared as such: by what both sides say, and moments wherever their clocks stood.

https://hl7.org/fhirpath/N1/#datetime-comparison: parts are compared from the year down; where one side stops
and all before was equal, the answer is empty. JSON does not say that a text is a date, so it is taken for one
where a date is written beside it, and where both sides look like one.
"""

import re
from datetime import datetime
from enum import Enum

from commonweal.fhir.fhirpath.tree import Literal, Node

_DATED_TYPES = frozenset(("date", "dateTime", "instant"))
_CLOCK = r"\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?"
_DATED = re.compile(rf"\d{{4}}(-\d\d(-\d\d(T{_CLOCK}(Z|[+-]\d\d:\d\d)?)?)?)?")
_MOMENT = re.compile(rf"(\d{{4}}-\d\d-\d\d)T({_CLOCK})(Z|[+-]\d\d:\d\d)?")


class Texts(Enum):
    """How two texts are compared."""

    PLAIN = "as text"
    DATED = "as dates, one being written as such"
    ALIKE = "as dates if both look like it"


def texts(left: Node, right: Node) -> Texts:
    """How the operands' texts are compared, from what is known without data."""
    written = {side.type for side in (left, right) if isinstance(side, Literal)}
    if written & _DATED_TYPES:
        return Texts.DATED
    return Texts.PLAIN if written else Texts.ALIKE


def order(a: str, b: str) -> int | None:
    """-1, 0 or 1; None where the two do not say. What is no date is compared as text."""
    if not (_DATED.fullmatch(a) and _DATED.fullmatch(b)):
        return _sign(a, b)
    if len(a) > 10 and len(b) > 10:
        return _order_moments(a, b)
    width = min(len(a), len(b))
    decided = _sign(a[:width], b[:width])
    return decided if decided or len(a) == len(b) else None


def are_moments(a: str, b: str) -> bool:
    """Whether both have a time of day."""
    return bool(_MOMENT.fullmatch(a) and _MOMENT.fullmatch(b))


def _order_moments(a: str, b: str) -> int | None:
    widths = [min(8, len(match[2])) for text in (a, b) if (match := _MOMENT.fullmatch(text))]
    first, second = (_moment(text, min(widths)) for text in (a, b))
    if first is None or second is None:
        return None
    decided = int(first > second) - int(first < second)
    return decided if decided or widths[0] == widths[1] else None


def _moment(text: str, width: int) -> datetime | None:
    """``text`` cut to hours (2), minutes (5) or seconds (8); one without an offset is taken for UTC."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    clock = match[2][:15] if width == 8 else match[2][:width] + ":00:00"[: 8 - width]
    try:
        return datetime.fromisoformat(f"{match[1]}T{clock}{match[3] or 'Z'}")
    except ValueError:
        return None


def _sign(a: str, b: str) -> int:
    return int(a > b) - int(a < b)
