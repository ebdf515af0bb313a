"""One printed cell as a number with its precision: the shared reader of printed figures, made quick for long tables."""

import re
from decimal import Decimal
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from commonweal.domain.measurement.figures import State
from commonweal.domain.measurement.printed import UnreadableError, read_printed

_PLAIN = re.compile(r"-?\d{1,15}(?:\.(\d{1,10}))?\Z")
_SUFFIX = re.compile(r"\d\s*\)?\s*(?:k|m|mn|bn|thousand|million|billion)\s*\)?\Z", re.IGNORECASE)
_ABOUT = re.compile(
    r"\s*(?:[<>≤≥~]|c\.|approx|up to|over\b|under\b|at least|less than|fewer than|more than|around\b|about\b)", re.I
)
_ABOUT_AFTER = re.compile(r"\d\s*%?\s*(?:[<>+]|or (?:fewer|less|more|under|over|above|below))\Z", re.I)
_BOUND = re.compile(
    r"\s*(?P<strict><|less than|fewer than|under\b)?\s*≤?\s*(?P<n>\d{1,3})(?P<or>\s*or (?:fewer|less|under))?\s*\Z",
    re.I,
)
_RANGE = re.compile(r"\d{1,2}\s*(?:-|–|to)\s*(?P<n>\d{1,2})\s*\Z")
_HIDDEN = frozenset(
    {"*", "**", "c", "x", ":", "z", "#", "suppressed", "[c]", "[x]", "[z]", "hidden", "#n/a", "#div/0!"}
)
_STOPS = re.compile(r"-?\(?£?\d{1,3}\.\d{3}\)?\Z")
_COMMA = re.compile(r"-?\(?£?\d{1,3},\d{3}\)?\Z")
_EUROPEAN = re.compile(r"-?\(?[£€]?(?:\d{1,3}(?:\.\d{3})+,\d+|\d+,(?:\d{1,2}|\d{4,}))%?\)?\Z")


class Kind(IntEnum):
    """What a cell holds."""

    BLANK = 0
    NUMBER = 1
    DASH = 2
    MISSING = 3
    TEXT = 4


class Read(NamedTuple):
    """``step`` is the worth of the last printed digit, ``places`` its decimals; ``own`` says it carries a scale."""

    kind: Kind
    value: float = float("nan")
    step: float = 0.0
    places: int = 0
    percent: bool = False
    own: bool = False
    pounds: bool = False


BLANK = Read(Kind.BLANK)
_TEXT = Read(Kind.TEXT)
_MISSING = Read(Kind.MISSING)
_DASH = Read(Kind.DASH)


@lru_cache(maxsize=1 << 15)
def read_cell(text: str, counts: bool = False, european: bool = False) -> Read:
    """Read one cell; ``counts`` and ``european`` as the whole column shows (81.420 and 12,345 are ambiguous alone)."""
    plain = _PLAIN.match(text)
    if plain and not (counts or european):
        places = len(plain[1]) if plain[1] else 0
        return Read(Kind.NUMBER, float(text), 10.0**-places, places)
    bare = text.strip()
    if not bare:
        return BLANK
    if bare.lower() in _HIDDEN:
        return _MISSING
    if len(bare) > 40 or not any(c.isdigit() for c in bare):
        return _word(bare)
    if european:
        bare = bare.replace(".", "").replace(",", ".")
    if _ABOUT.match(bare) or _ABOUT_AFTER.search(bare):
        return _MISSING
    try:
        found = read_printed(bare, counts=counts)
    except UnreadableError:
        return _TEXT
    if found.value is None or found.quantum is None:
        return _MISSING
    places = max(0, -int(found.quantum.normalize().as_tuple().exponent))
    return Read(
        Kind.NUMBER,
        float(found.value),
        float(found.quantum),
        places,
        "%" in bare,
        bool(_SUFFIX.search(bare)),
        "£" in bare or "€" in bare,
    )


def _word(bare: str) -> Read:
    if len(bare) > 40:
        return _TEXT
    try:
        found = read_printed(bare)
    except UnreadableError:
        return _TEXT
    if found.value is not None:
        return Read(Kind.NUMBER, float(found.value), 1.0)
    if found.state is not State.FINAL or bare[0].isalpha():
        return _MISSING
    return _DASH


def bound(text: str) -> float:
    """The most that a cell which hides a small number can stand for: 4 for <5, 5 for "5 or fewer", else unbounded."""
    found = _BOUND.match(text) or _RANGE.match(text)
    if found is None or not (found.re is _RANGE or found["strict"] or found["or"] or "≤" in text):
        return float("inf")
    return float(found["n"]) - (1 if found.re is _BOUND and found["strict"] else 0)


def hides(text: str) -> bool:
    """Whether a cell keeps back a figure, for disclosure (*, [c], <5), as against one still to come."""
    return text.strip().lower() in _HIDDEN or bound(text) < float("inf")


def conventions(texts: list[str]) -> tuple[bool, bool]:
    """(counts, european) for a column: whether its full stops, or its commas, can only be read one way.

    A stop before exactly three digits marks thousands where the column also prints bare whole numbers below
    1,000, or commas for thousands; a decimal comma anywhere makes every comma of the column one.
    """
    if any(_EUROPEAN.match(text.strip()) for text in texts if "," in text):
        return False, True
    with_stop = [text.strip() for text in texts if "." in text]
    if not with_stop or not all(_STOPS.match(text) for text in with_stop):
        return False, False
    others = [text.strip() for text in texts if "." not in text and text.strip().lstrip("-").isdigit()]
    commas = any(_COMMA.match(text.strip()) for text in texts if "," in text)
    small = bool(others) and all(len(text.lstrip("-")) <= 3 for text in others)
    return commas or small, False


def shown(value: float, places: int) -> str:
    """A computed figure with the decimals of the printed one, halves away from zero as papers round."""
    exact = Decimal(repr(round(value, 10)))
    step = Decimal(1).scaleb(-places)
    whole = (abs(exact) / step + Decimal("0.5")).to_integral_value(rounding="ROUND_FLOOR") * step
    text = f"{whole:f}"
    return f"-{text}" if exact < 0 and whole else text
