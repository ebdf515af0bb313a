"""Reading figures as public papers print them, keeping the printed text as the evidence.

Board packs mix thousands commas with thousands full stops ("81.420" for 81,420), mark a paused group with an
asterisk and a figure to come with "tbd". What a cell means is decided here once.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from commonweal.domain.errors import CommonwealError
from commonweal.domain.measurement.figures import State

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)\Z")
_THOUSANDS_STOP = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+\Z")
_THOUSANDS_COMMA = re.compile(r"[+-]?\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d+)?\Z")
_THOUSANDS_SPACE = re.compile(r"(?<=\d)[\s\u00a0\u2009\u202f](?=\d{3}(?!\d))")
_DECIMAL_COMMA = re.compile(r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+),\d+\Z")
# An asterisk, a dagger, a raised figure, [1], or (p) for provisional: marks that lead to a note under the table.
_FOOTNOTE = re.compile(r"(?:\s*(?:[*†‡§¹²³⁴⁵⁶⁷⁸⁹⁰]+|\[\w{1,2}\]|\((?:p|r|e)\)))+\Z", re.IGNORECASE)
_UNIT_WORDS = re.compile(r"(?<=[\d%])\s*(?:pts?|points?|pp|ppts?|fte|wte)\Z", re.IGNORECASE)
_STATES = {
    "paused": State.PAUSED,
    "tbd": State.TO_BE_CONFIRMED,
    "tbc": State.TO_BE_CONFIRMED,
    "to be determined": State.TO_BE_CONFIRMED,
    "to be confirmed": State.TO_BE_CONFIRMED,
}
_SCALES = {
    "": Decimal(1),
    "k": Decimal(10**3),
    "thousand": Decimal(10**3),
    "m": Decimal(10**6),
    "mn": Decimal(10**6),
    "million": Decimal(10**6),
    "bn": Decimal(10**9),
    "billion": Decimal(10**9),
}
_NONE = frozenset({"", "-", "–", "—", "--", "n/a", "na", "n.a.", "not applicable", "not available", ".", "..", "…"})


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
    decimal number it looks like, since one cell alone cannot tell. Brackets are a minus: (1,234). A footnote mark
    is dropped; 12,5 and 1.234,5 have a decimal comma; NIL is nought. Raises ``UnreadableError`` for text that is
    neither a number nor a known word; "", a dash and n/a are no figure, in state ``final``.
    """
    bare = _FOOTNOTE.sub("", text.strip()).strip()
    word = bare.lower()
    if word in _STATES:
        return Printed(text, None, _STATES[word], None)
    if word in _NONE:
        return Printed(text, None, State.FINAL, None)
    if word == "nil":
        return Printed(text, Decimal(0), State.FINAL, Decimal(1))
    cell = re.sub(r"[£€$]\s?", "", _UNIT_WORDS.sub("", bare).replace("−", "-").replace("–", "-"))
    negative = cell.startswith("(") and cell.rstrip("%mkMK ").endswith(")")
    if negative:
        cell = cell.replace("(", "", 1).replace(")", "", 1)
    cell = _THOUSANDS_SPACE.sub("", cell).rstrip("%").strip()
    if cell.endswith("-") and cell[:1].isdigit():  # ledgers print the sign behind
        cell = "-" + cell[:-1].strip()
    cell, scale = _scaled(cell)
    cell = _plain(cell, counts)
    if not _NUMBER.match(cell):
        raise UnreadableError(f"{text!r} is neither a number, a dash, paused nor tbd")
    value = -Decimal(cell) if negative else Decimal(cell)
    return Printed(text, value * scale, State.FINAL, last_digit(value) * scale)


def _plain(cell: str, counts: bool) -> str:
    """Digits with a full stop for the decimal point: 1,234.5 and 1.234,5 are both 1234.5; 12,5 is 12.5."""
    if "," in cell:
        if _THOUSANDS_COMMA.match(cell):
            return cell.replace(",", "")
        if _DECIMAL_COMMA.match(cell):
            return cell.replace(".", "").replace(",", ".")
        return cell
    if counts and _THOUSANDS_STOP.match(cell):
        return cell.replace(".", "")
    return cell.replace(".", "") if cell.count(".") > 1 and _THOUSANDS_STOP.match(cell) else cell


def _scaled(cell: str) -> tuple[str, Decimal]:
    """Split "10.9m" into its digits and what they are multiplied by."""
    match = re.fullmatch(r"(.*?\d)\s*(k|m|mn|bn|thousand|million|billion)?", cell, re.IGNORECASE)
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
