"""Reading figures as public papers print them, keeping the printed text as the evidence.

Board packs mix thousands commas with thousands full stops ("81.420" for 81,420), mark a paused group with an
asterisk and a figure to come with "tbd". What a cell means is decided here once.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from commonweal.domain.errors import CommonwealError
from commonweal.domain.measurement.figures import State

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?\Z")
_THOUSANDS_STOP = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+\Z")
_STATES = {
    "paused": State.PAUSED,
    "tbd": State.TO_BE_CONFIRMED,
    "tbc": State.TO_BE_CONFIRMED,
    "to be determined": State.TO_BE_CONFIRMED,
    "to be confirmed": State.TO_BE_CONFIRMED,
}
_SCALES = {"": Decimal(1), "k": Decimal(10**3), "m": Decimal(10**6), "million": Decimal(10**6)}
_NONE = frozenset({"", "-", "–", "—"})


class UnreadableError(CommonwealError):
    """A printed cell that is neither a number nor a known word."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed cell: its text, the number it prints (None if none), its state and its last digit's worth."""

    text: str
    value: Decimal | None
    state: State
    quantum: Decimal | None


def read_printed(text: str, *, counts: bool = False) -> Printed:
    """Read one printed cell.

    ``counts`` says the column holds whole numbers, in which "81.420" is 81,420: without it the cell is the
    decimal number it looks like, since one cell alone cannot tell. Raises ``UnreadableError`` for text that is
    neither a number nor a known word; "" and a dash are no figure, in state ``final``.
    """
    bare = text.strip().rstrip("*").strip()
    if bare.lower() in _STATES:
        return Printed(text, None, _STATES[bare.lower()], None)
    if bare in _NONE:
        return Printed(text, None, State.FINAL, None)
    cell = bare.replace("£", "").replace(",", "").rstrip("%").strip().replace("−", "-")
    cell, scale = _scaled(cell)
    if counts and _THOUSANDS_STOP.match(cell):
        cell = cell.replace(".", "")
    if not _NUMBER.match(cell):
        raise UnreadableError(f"{text!r} is neither a number, a dash, paused nor tbd")
    value = Decimal(cell)
    return Printed(text, value * scale, State.FINAL, last_digit(value) * scale)


def _scaled(cell: str) -> tuple[str, Decimal]:
    """Split "10.9m" into its digits and what they are multiplied by."""
    match = re.fullmatch(r"(.*?\d)\s*(k|m|million)?", cell, re.IGNORECASE)
    if match is None:
        return cell, Decimal(1)
    return match[1], _SCALES[(match[2] or "").lower()]


def last_digit(value: Decimal) -> Decimal:
    """Worth of one unit in the last printed digit: 0.1 for 14.3, 1 for 27344."""
    exponent = value.as_tuple().exponent
    return Decimal(1).scaleb(exponent) if isinstance(exponent, int) else Decimal(1)


def pence(amount: Decimal, unit: str) -> Decimal:
    """Whole pence in ``amount`` of a money unit: ``GBP``, ``GBP thousand`` or ``GBP million``.

    Raises ``UnreadableError`` for another unit or for an amount that is not a whole number of pence.
    """
    scale = {"GBP": 100, "GBP thousand": 100 * 10**3, "GBP million": 100 * 10**6}.get(unit)
    if scale is None:
        raise UnreadableError(f"{unit!r} is not a unit of money")
    found = amount * scale
    if found != found.to_integral_value():
        raise UnreadableError(f"{amount} {unit} is not a whole number of pence")
    return found.quantize(Decimal(1))
