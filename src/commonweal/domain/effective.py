"""Values that change on a day: what holds on another."""

from collections.abc import Iterable
from datetime import date
from typing import TypeVar

Value = TypeVar("Value")


def on_day(known: Iterable[tuple[date, Value]], day: date) -> Value:
    """Of values and the days they hold from, the newest not after ``day``; before the first of them, the first.

    Raises:
        KeyError: there is none at all.
    """
    ordered = sorted(known, key=lambda one: one[0])
    if not ordered:
        raise KeyError("there is no value, of any day")
    return next((value for since, value in reversed(ordered) if since <= day), ordered[0][1])
