"""What one cell of a printed or messy table says, decided here once.

Board packs mix thousands commas with thousands full stops ("81.420" for 81,420), mark a paused group with an asterisk
and a figure to come with "tbd"; a workbook's cell may also hold look-alike letters of another alphabet, a unit, a
comparator before or after its number, a footnote mark, or a percentage where counts are expected. Every liberty taken
is named in ``rules``, and what cannot be read is refused, never guessed. ``read_cell`` says all of that;
``read_printed`` is the same reading for tables of figures, which hold no words beside their numbers.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from commonweal.domain.errors import CommonwealError
from commonweal.domain.measurement.figures import State


class UnreadableError(CommonwealError):
    """A printed cell that is neither a number nor a known word."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed cell: its text, the number it prints (None if none), its state and its last digit's worth."""

    text: str
    value: Decimal | None
    state: State
    quantum: Decimal | None


class Absent(StrEnum):
    """What an empty cell, or a dash, means in a table: its author has to say, since it means different things."""

    NOT_REPORTED = "not_reported"
    ZERO = "zero"
    SAME_AS_ABOVE = "same_as_above"
    NOT_APPLICABLE = "not_applicable"
    TO_BE_CONFIRMED = "to_be_confirmed"
    UNREADABLE = "unreadable"


class UnreadableCellError(CommonwealError):
    """A cell whose meaning nobody has declared; ``rule`` names what it breaks."""

    def __init__(self, rule: str, message: str) -> None:
        self.rule = rule
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Reading:
    """A cell read.

    ``text`` is the cell as printed; ``value`` None where it holds a state or nothing; ``unit`` the unit written in
    the cell, "" if none; ``quantum`` the worth of its last printed digit; ``same`` that it repeats the one above;
    ``figure`` False where there is nothing to store.
    """

    text: str
    value: Decimal | None = None
    unit: str = ""
    comparator: str = ""
    state: str = State.FINAL
    quantum: Decimal | None = None
    rules: tuple[str, ...] = ()
    figure: bool = True
    same: bool = False


# Letters of other alphabets that look like Latin ones (Unicode Technical Standard 39, confusables.txt).
_LOOK_ALIKE = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаеорсухіѕјΑΒΕΖΗΙΚΜΝΟΡΤΥΧο",
    "ABESIJKMHOPCTYXaeopcyxisjABEZHIKMNOPTYXo",
)
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u202f\ufeff\u200b", " "))
# An asterisk, a dagger, a raised figure or [1]: marks that lead to a note under the table.
_MARKS = re.compile(r"(?:\s*(?:[*†‡§¹²³⁴⁵⁶⁷⁸⁹⁰]|\[\w{1,2}\]))+\Z")
_REVISED = re.compile(r"\s*\((p|r|e|provisional|revised|estimated)\)\s*\Z", re.IGNORECASE)
_STATES = {
    "tbc": State.TO_BE_CONFIRMED,
    "tbd": State.TO_BE_CONFIRMED,
    "to be confirmed": State.TO_BE_CONFIRMED,
    "to be determined": State.TO_BE_CONFIRMED,
    "awaited": State.TO_BE_CONFIRMED,
    "paused": State.PAUSED,
    "suspended": State.PAUSED,
    "*": State.SUPPRESSED,
    "c": State.SUPPRESSED,
    "[c]": State.SUPPRESSED,
    "suppressed": State.SUPPRESSED,
}
_NOTHING = frozenset({"n/a", "na", "n.a.", "not applicable", "[z]", "not available", "[x]", "no data", ".", "..", "…"})
_DASHES = frozenset({"-", "–", "—", "−", "--"})
_SIGNS = {"≥": ">=", "≤": "<=", "at least": ">=", "more than": ">", "over": ">", "less than": "<", "under": "<"}
_SIGNS |= {"up to": "<=", "c.": "~", "circa": "~", "approx.": "~", "about": "~"}
_SIGN = r"(?P<sign>>=|<=|≥|≤|>|<|~|at least|more than|over|less than|under|up to|c\.|circa|approx\.|about)"
_UNITS = {
    "%": "percent",
    "percent": "percent",
    "per cent": "percent",
    **dict.fromkeys(("pt", "pts", "point", "points", "pp", "ppts", "% pts", "% points"), "percentage points"),
    "d": "days",
    "day": "days",
    "days": "days",
    "hr": "hours",
    "hrs": "hours",
    "hour": "hours",
    "hours": "hours",
    "min": "minutes",
    "mins": "minutes",
    "minutes": "minutes",
    "week": "weeks",
    "weeks": "weeks",
    "wte": "whole-time equivalents",
    "fte": "whole-time equivalents",
    "beds": "beds",
    "people": "people",
    "staff": "staff",
    "patients": "people",
    "per 1,000": "per 1,000",
    "per 1000": "per 1,000",
    "per 100,000": "per 100,000",
}
# What a column of units says beside those.
_NAMED = {
    **dict.fromkeys(("count", "number", "no", "no.", "#", "n"), "count"),
    **dict.fromkeys(("percentage", "pct", "rate %"), "percent"),
    **dict.fromkeys(("£", "gbp"), "GBP"),
    **dict.fromkeys(("£k", "£000", "£000s", "£ 000", "£ 000s", "£ thousand"), "GBP thousand"),
    **dict.fromkeys(("£m", "£mn", "£ m", "£million", "£ million"), "GBP million"),
}
_NOTE = re.compile(r"\s*\((?:see )?notes? \w{1,3}\)\Z", re.IGNORECASE)
_SCALES = {"k": 10**3, "m": 10**6, "mn": 10**6, "million": 10**6, "bn": 10**9, "billion": 10**9, "thousand": 10**3}
_UNIT = "|".join(sorted((re.escape(one) for one in _UNITS), key=len, reverse=True))
_SCALE = "|".join(sorted(_SCALES, key=len, reverse=True))
# Ledgers print £(3.2)m and (£3.2m) for a minus, and 3.2- too.
_FIGURE = re.compile(
    rf"{_SIGN}?\s*(?P<open>\()?(?P<minus>[-−–+])?\s*(?P<money>[£€$])?\s*(?P<open2>\()?(?P<minus2>[-−–])?"
    rf"(?P<digits>\d[\d,. ]*|\.\d+)(?P<close2>\))?\s*(?P<scale>{_SCALE})?\s*(?P<unit>{_UNIT})?\s*(?P<close>\))?"
    r"\s*(?P<behind>[-−])?(?P<after>>=|<=|≥|≤|>|<)?",
    re.IGNORECASE,
)
_CURRENCIES = {"£": "GBP", "€": "EUR", "$": "USD"}
_STOPS = re.compile(r"\d{1,3}(?:\.\d{3})+\Z")
_COUNTS_BESIDE = re.compile(r"(?P<share>[^()]*\d\s*%)\s*\((?P<part>[\d,]+)\s*(?:/|of|out of)\s*(?P<whole>[\d,]+)\)\Z")
_RAISED_POINT = re.compile(r"(?<=\d)·(?=\d)")
_COMMAS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?\Z")
_UNEVEN = re.compile(r"\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d+)?\Z")
_DECIMAL_COMMA = re.compile(r"(?:\d{1,3}(?:\.\d{3})+|\d+),\d+\Z")
_GAPS = re.compile(r"\d{1,3}(?: \d{3})+(?:\.\d+)?\Z")
_PLAIN = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)\Z")
_QUICK = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d{1,15})(?:\.\d{1,10})?\Z", re.ASCII)  # most cells: nothing to interpret
_LETTERS_AS_DIGITS = str.maketrans("OoIl|", "00111")
_LONGEST = 400  # characters: no figure is longer, and a regular expression shall not be fed a novel


def read_cell(
    text: str,
    *,
    counts: bool = False,
    unit: str = "",
    blank: str = Absent.NOT_REPORTED,
    dash: str = Absent.NOT_REPORTED,
) -> Reading:
    """Read one cell of a column.

    Args:
        text: the cell as printed.
        counts: the column holds whole numbers, in which 81.420 is 81,420 and 42.8% is a percentage gone astray.
        unit: the unit of the column, against which a unit in the cell is checked.
        blank: what an empty cell means in this column (``Absent``).
        dash: what a dash means.

    Raises:
        UnreadableCellError: no figure, state or declared absence can be made of it.
    """
    if len(text) > _LONGEST:
        raise UnreadableCellError("not-a-figure", f"{len(text)} characters of text stand where a figure is expected")
    if _QUICK.match(text) and not (counts and "." in text):
        value = Decimal(text.replace(",", ""))
        return Reading(text, value, quantum=last_digit(value))
    bare = " ".join(text.translate(_SPACES).split())
    rules: list[str] = []
    if bare == "":
        return _absent(text, blank, "blank")
    if bare in _DASHES:
        return _absent(text, dash, "dash")
    plain = latin(bare)
    if plain != bare:
        rules.append("look-alike-letters")
    if plain.lower() in _STATES:
        return Reading(text, state=_STATES[plain.lower()], rules=tuple(rules))
    state = State.FINAL
    marked = _MARKS.sub("", plain).strip()
    if marked != plain:
        rules.append("footnote-mark")
    revised = marked
    if note := _REVISED.search(marked):
        revised = _MARKS.sub("", marked[: note.start()]).strip()
        rules.append("marked-provisional-or-revised")
        state = State.FINAL if note[1].lower().startswith("r") else State.PROVISIONAL
    low = revised.lower()
    if low in _STATES:
        return Reading(text, state=_STATES[low], rules=tuple(rules))
    if low in _NOTHING:
        return Reading(text, rules=(*rules, "said-not-to-apply"), figure=False)
    if low in {"nil", "none", "zero"}:
        return Reading(text, Decimal(0), quantum=Decimal(1), rules=(*rules, "zero-in-words"))
    if _RAISED_POINT.search(revised):
        revised = _RAISED_POINT.sub(".", revised)
        rules.append("raised-point")
    if beside := _COUNTS_BESIDE.match(revised):
        rules.append("counts-beside-percentage")
        found = _figure(text, beside["share"], rules, state, counts=counts, unit=unit)
        _same_share(found, beside)
        return found
    return _figure(text, revised, rules, state, counts=counts, unit=unit)


def _same_share(found: Reading, beside: re.Match[str]) -> None:
    """Raise ``UnreadableCellError`` unless 81% (65/80) is what 65 of 80 come to, as rounded or cut off."""
    part, whole = (Decimal(beside[one].replace(",", "")) for one in ("part", "whole"))
    if not whole or found.value is None or abs(100 * part / whole - found.value) >= (found.quantum or 1):
        raise UnreadableCellError("counts-give-another", f"{beside[0]!r} prints a percentage its counts do not give")


def unit_named(text: str) -> str:
    """The unit that a word of a unit column names, like % or £000s; "" if none."""
    word = " ".join(text.split()).lower().replace("'", "").replace("’", "")
    return _UNITS.get(word) or _NAMED.get(word, "")


def latin(text: str) -> str:
    """The text with letters of other alphabets that look like Latin ones written as those."""
    return text.translate(_LOOK_ALIKE)


def without_marks(label: str) -> str:
    """A label without the footnote mark or (note 1) behind it; as it is, where nothing else would be left."""
    return _NOTE.sub("", _MARKS.sub("", label)).strip() or label


def _absent(text: str, meaning: str, what: str) -> Reading:
    rule = (f"{what}-is-{str(meaning).replace('_', '-')}",)
    if meaning == Absent.ZERO:
        return Reading(text, Decimal(0), quantum=Decimal(1), rules=rule)
    if meaning == Absent.SAME_AS_ABOVE:
        return Reading(text, rules=rule, same=True)
    if meaning == Absent.TO_BE_CONFIRMED:
        return Reading(text, state=State.TO_BE_CONFIRMED, rules=rule)
    if meaning == Absent.UNREADABLE:
        raise UnreadableCellError(f"{what}-without-meaning", f"nobody has said what a {what} means here")
    return Reading(text, rules=rule, figure=False)


def _figure(text: str, bare: str, rules: list[str], state: str, *, counts: bool, unit: str) -> Reading:
    found = _FIGURE.fullmatch(bare)
    if found is None:
        swapped = bare.translate(_LETTERS_AS_DIGITS)
        found = _FIGURE.fullmatch(swapped) if swapped != bare and sum(map(str.isdigit, bare)) * 2 >= len(bare) else None
        if found is None:
            raise UnreadableCellError("not-a-figure", f"{bare!r} is no number, no state and no declared absence")
        rules.append("letter-for-digit")
    if found["sign"] and found["after"]:
        raise UnreadableCellError("two-comparators", f"{bare!r} has a comparator on both sides")
    opened = sum(bool(found[one]) for one in ("open", "open2"))
    if opened != sum(bool(found[one]) for one in ("close", "close2")):
        raise UnreadableCellError("half-a-bracket", f"{bare!r} opens or closes a bracket and not both")
    written = _UNITS.get((found["unit"] or "").lower(), "")
    value, more = _number(found["digits"], bare, counts=counts and written != "percent")
    rules += more
    scale = Decimal(_SCALES.get((found["scale"] or "").lower(), 1))
    if found["minus"] not in {None, "+"} or found["minus2"] or found["behind"] or opened:
        value = -value
    if found["after"]:
        rules.append("comparator-after-number")
    sign = (found["sign"] or found["after"] or "").lower()
    if written == "percent" and (counts or (unit not in {"", "percent"})):
        rules.append("percent-in-count-column")
    elif written and unit and written != unit:
        raise UnreadableCellError("unit-is-another", f"{bare!r} is in {written}, its column in {unit}")
    elif written:
        rules.append("unit-in-cell")
    money = _CURRENCIES.get(found["money"] or "", "")
    if money and unit and not unit.startswith((money, "pence") if money == "GBP" else money):
        raise UnreadableCellError("unit-is-another", f"{bare!r} is money, its column is in {unit}")
    return Reading(
        text,
        value * scale,
        money or written,
        _SIGNS.get(sign, sign),
        state,
        last_digit(value) * scale,
        tuple(rules),
    )


def _number(digits: str, bare: str, *, counts: bool) -> tuple[Decimal, list[str]]:
    """The number that digits with separators mean, and the liberty taken."""
    digits = digits.strip()
    if (counts or digits.count(".") > 1) and _STOPS.match(digits):
        return Decimal(digits.replace(".", "")), ["thousands-as-points"]
    if _PLAIN.match(digits):
        return Decimal(digits), []
    if _COMMAS.match(digits):
        return Decimal(digits.replace(",", "")), []
    if _GAPS.match(digits):
        return Decimal(digits.replace(" ", "")), ["thousands-as-gaps"]
    if _UNEVEN.match(digits):
        return Decimal(digits.replace(",", "")), ["uneven-commas"]
    if not counts and _DECIMAL_COMMA.match(digits):
        return Decimal(digits.replace(".", "").replace(",", ".")), ["decimal-comma"]
    raise UnreadableCellError("separators-disagree", f"the separators of {bare!r} make no number")


# What a number in a column of figures may carry; anything more makes its cell a phrase.
_BESIDE = frozenset({"", "percent", "percentage points", "whole-time equivalents", *_CURRENCIES.values()})
_GUESSED = frozenset({"look-alike-letters", "letter-for-digit"})


def read_printed(text: str, *, counts: bool = False) -> Printed:
    """Read one cell of a table of figures, with no liberty but those every paper takes.

    ``counts`` says the column holds whole numbers, in which "81.420" is 81,420: without it the cell is the
    decimal number it looks like, since one cell alone cannot tell. Brackets are a minus: (1,234). A footnote mark
    is dropped; 12,5 and 1.234,5 have a decimal comma; NIL is nought. Raises ``UnreadableError`` for text that is
    neither a number nor a known word, comparators (>75%), units (12 days) and misspelt digits among them; "", a dash
    and n/a are no figure, in state ``final``.
    """
    try:
        found = read_cell(text, counts=counts)
    except UnreadableCellError as problem:
        raise UnreadableError(f"{text!r} is neither a number, a dash, paused nor tbd") from problem
    if found.comparator or found.unit not in _BESIDE or not _GUESSED.isdisjoint(found.rules):
        raise UnreadableError(f"{text!r} is neither a number, a dash, paused nor tbd")
    return Printed(text, found.value, State(found.state), found.quantum)


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
