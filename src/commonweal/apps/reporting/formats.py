"""How a figure is written for a reader: thousands by comma, a real minus, pounds from pence."""

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from commonweal.apps.measurement.api import Measurement, State

STATES = {
    State.PAUSED: "Paused",
    State.TO_BE_CONFIRMED: "To be confirmed",
    State.SUPPRESSED: "Hidden",
}
NONE = "–"
_DECIMALS = re.compile(r"\d\.(\d+)")
_MILLION_PENCE = Decimal(10**8)


def number(value: Decimal, *, signed: bool = False, places: int | None = None) -> str:
    """``81,420``; ``−4.0`` with ``places=1``; ``+3`` when ``signed``."""
    if places is not None:
        value = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{abs(value):,f}"
    if "." in text and places is None:
        text = text.rstrip("0").rstrip(".")
    return f"{_sign(value, signed)}{text}"


def money(value: Decimal, *, signed: bool = False) -> str:
    """Whole pence as ``£1,522.7m``, or ``£43,000`` below a million."""
    pounds = value / 100
    if abs(value) >= _MILLION_PENCE / 10:
        amount = (abs(value) / _MILLION_PENCE).quantize(Decimal("0.1"), ROUND_HALF_UP)
        return f"{_sign(value, signed)}£{amount:,f}m"
    return f"{_sign(value, signed)}£{abs(pounds):,.0f}"


def _sign(value: Decimal, signed: bool) -> str:
    if value < 0:
        return "−"
    return "+" if signed and value > 0 else ""


def quantity(value: Decimal, unit: str, *, signed: bool = False, places: int | None = None) -> str:
    """A value with its unit: ``14.3%``, ``+0.2 points``, ``£16.8m``, ``81.1 years``, ``27,344``.

    ``places`` are the decimals of a percentage, at least those it has.
    """
    if unit == "pence":
        return money(value, signed=signed)
    if unit.startswith("percent") and unit != "percentage points":
        own = max(0, -int(value.normalize().as_tuple().exponent))
        return f"{number(value, signed=signed, places=min(max(own, places or 0), 2))}%"
    if unit == "percentage points":
        return f"{number(value, signed=signed, places=1)} points"
    if unit == "years":
        return f"{number(value, signed=signed, places=1)} years"
    if unit == "months":
        return f"{number(value, signed=signed)} months"
    return number(value, signed=signed)


def shown(figure: Measurement | None, *, signed: bool = False) -> tuple[str, str]:
    """The text and state of a figure: its value, else why there is none, else what was printed."""
    if figure is None:
        return NONE, ""
    if figure.state in STATES:
        text = STATES[State(figure.state)]
        return text, text.lower()
    if figure.value is None:
        return (figure.printed or NONE) if figure.printed != "-" else NONE, ""
    decimals = _DECIMALS.search(figure.printed or "")
    places = len(decimals[1]) if decimals else None
    if figure.printed is None and figure.unit == "percent":
        places = 1
    return quantity(figure.value, figure.unit, signed=signed, places=places), ""


def month(period: str) -> str:
    """``October 2020`` for ``2020-10``; any other text as it is."""
    try:
        return f"{date.fromisoformat(period + '-01'):%B %Y}"
    except ValueError:
        return period


def day(value: date | None) -> str:
    """``31 July 2020``."""
    return f"{value.day} {value:%B %Y}" if value else ""


def period_text(period: str) -> str:
    """``April to July 2020`` for a year to date, ``August 2020`` for a month, else the text as printed."""
    year, ytd, last = period.partition(" YTD ")
    if ytd:
        ends = date.fromisoformat(last + "-01")
        return f"April to {ends:%B %Y}" if year.startswith(str(ends.year)) else f"April {year[:4]} to {ends:%B %Y}"
    if len(period) == len("2020-07-31"):
        try:
            return day(date.fromisoformat(period))
        except ValueError:
            return period
    return month(period)


def slug(text: str) -> str:
    """Letters, digits and hyphens only, for anchors."""
    return "-".join("".join(c if c.isalnum() else " " for c in text.lower()).split())


def capital(text: str) -> str:
    """The text with its first letter in capitals and the rest as it is."""
    return text[:1].upper() + text[1:]
