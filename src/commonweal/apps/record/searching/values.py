"""The text of a search value as bounds, numbers and codes. https://hl7.org/fhir/R4/search.html#ptypes"""

import re
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from commonweal.apps.record.searching.terms import BadSearch, divided
from commonweal.fhir.dates import LONDON
from commonweal.fhir.search import date_range

_TIMED = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?")
PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")


class Moments(NamedTuple):
    """A sought date: its prefix, and the first and last moment it can mean."""

    prefix: str
    first: str
    last: str


class Amount(NamedTuple):
    """A sought number: its prefix, itself, the bounds its precision implies, and what it is of (None: anything)."""

    prefix: str
    value: float
    low: float
    high: float
    system: str | None = None
    code: str | None = None


def prefixed(name: str, item: str) -> tuple[str, str]:
    """Prefix (``eq`` unless there is one) and the rest."""
    if item[:2] in PREFIXES:
        return item[:2], item[2:]
    if item[:2].isalpha():
        raise BadSearch(f"{name}={item}: the prefix must be one of {', '.join(PREFIXES)}")
    return "eq", item


def moments(name: str, item: str, now: datetime) -> Moments:
    """A date with its precision; ``ap`` widens it by a tenth of the time between it and ``now``."""
    prefix, text = prefixed(name, item.replace(" ", "+"))
    try:
        first, last = _range(text)
        begin, end = datetime.fromisoformat(first), datetime.fromisoformat(last)
        if prefix == "ap":
            slack = abs(now - begin) / 10
            first, last = (begin - slack).isoformat(), (end + slack).isoformat()
    except (ValueError, OverflowError) as error:
        raise BadSearch(f"{name}={item}: give a date as YYYY, YYYY-MM, YYYY-MM-DD or with a time and zone") from error
    return Moments(prefix, first, last)


def _range(text: str) -> tuple[str, str]:
    """First and last moment of ``text``. A time may leave out its seconds, and without a zone it is UK time."""
    timed = _TIMED.fullmatch(text)
    if timed is None:
        return date_range(text)
    minute, seconds, zone = timed.groups()
    if zone is None:
        zone = datetime.fromisoformat(minute).replace(tzinfo=LONDON).isoformat()[19:]
    if seconds is None:
        return f"{minute}:00{zone}", f"{minute}:59.999999{zone}"
    return date_range(minute + seconds + zone)


def after(text: str) -> str:
    """The moment just after ``text``, as dates are kept to the microsecond."""
    return (datetime.fromisoformat(text) + timedelta(microseconds=1)).isoformat()


def amount(name: str, item: str, of_unit: bool) -> Amount:
    """A number, or a quantity as ``number|system|code``: https://hl7.org/fhir/R4/search.html#quantity"""
    prefix, text = prefixed(name, item)
    parts = divided(text, "|")
    if len(parts) > (3 if of_unit else 1):
        raise BadSearch(f"{name}={item}: give a number" + (", or number|system|code" if of_unit else ""))
    try:
        number = Decimal(parts[0])
        if not number.is_finite() or abs(number.adjusted()) > 300:
            raise InvalidOperation
    except InvalidOperation:
        raise BadSearch(f"{name}={item}: {parts[0]} is not a number") from None
    half = Decimal(5).scaleb(int(number.as_tuple().exponent) - 1)
    if prefix == "ap":
        half = max(half, abs(number) / 10)
    system = code = None
    if len(parts) == 2:
        code = parts[1] or None
    elif len(parts) == 3:
        system, code = parts[1] or None, parts[2] or None
    return Amount(prefix, float(number), float(number - half), float(number + half), system, code)
