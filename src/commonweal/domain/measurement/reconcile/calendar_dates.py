"""Dates as papers write them: read, and found impossible where they are no day of the calendar."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
            "sep sept september", "oct october", "nov november", "dec december",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d\d:.*)?\Z")
_SLASH = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4}|\d{2})\Z")
_WORDS = re.compile(
    r"(?:(?P<day>[a-z]{3,9}),?\s+)?(?P<d>\d{1,2})(?:\s*(?:st|nd|rd|th))?[\s-]+(?P<m>[a-z]{3,9})\.?,?[\s-]+(?P<y>\d{4}|\d{2})\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Day:
    """A cell read as a date: ``day`` is None where there is no such day, and ``why`` says so."""

    day: date | None
    why: str = ""
    nearest: str = ""


@lru_cache(maxsize=1 << 14)
def read_day(text: str) -> Day | None:
    """The day a cell writes, or None if it writes none."""
    bare = text.strip()
    if not 6 <= len(bare) <= 40 or not any(c.isdigit() for c in bare):
        return None
    iso, slash, words = _ISO.match(bare), _SLASH.match(bare), _WORDS.match(bare)
    weekday = ""
    if iso:
        year, month, day = int(iso[1]), int(iso[2]), int(iso[3])
    elif slash:
        day, month, year = int(slash[1]), int(slash[2]), _year(slash[3])
        if month > 12 >= day >= 1:
            day, month = month, day  # American order
    elif words and words["m"].lower() in _MONTHS:
        day, month, year = int(words["d"]), _MONTHS[words["m"].lower()], _year(words["y"])
        weekday = (words["day"] or "").lower()
    else:
        return None
    if not 1 <= month <= 12:
        return Day(None, f"there is no month {month}")
    last = monthrange(year, month)[1] if 1 <= year <= 9999 else 31
    if not 1 <= day <= last or not 1 <= year <= 9999:
        return Day(None, f"the month has {last} days", f"{year:04}-{month:02}-{last:02}")
    found = date(year, month, day)
    named = [name for name in _DAYS if len(weekday) >= 3 and name.startswith(weekday)]
    if named and named[0] != _DAYS[found.weekday()]:
        return Day(None, f"that day was a {_DAYS[found.weekday()].capitalize()}", found.isoformat())
    return Day(found)


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) == 4 else 2000 + year if year < 70 else 1900 + year


_PERIOD = re.compile(r"(?P<m>[a-z]{3,9})\.?[\s'’-]*(?P<y>\d{4}|\d{2})?\Z", re.IGNORECASE)
_YEARS = re.compile(r"(?P<a>(?:19|20)\d\d)\s*[/-]\s*(?P<b>\d\d|\d{4})\Z")
_QUARTER = re.compile(
    r"(?:(?P<y1>\d{4}(?:/\d\d)?|\d\d/\d\d)\s*)?(?:q|qtr|quarter)\s*(?P<q>[1-4])"
    r"(?:[\s,]*(?P<y2>\d{4}(?:[/-]\d\d)?|\d\d[/-]\d\d))?\Z",
    re.I,
)
_MONTH_FIRST = re.compile(r"(\d{1,2})/(\d{4})\Z")
_FIRST_OF_MONTH = re.compile(r"(?:0?1[/.-](\d{1,2})[/.-](\d{4})|(\d{4})-(\d\d)-01)\Z")
_COUNTED = re.compile(r"(week|wk|day|month|period|m|wave|phase|year)\s*(\d{1,3})\Z", re.IGNORECASE)
_ISO_MONTH = re.compile(r"(\d{4})-(\d{2})\Z")


def read_period(text: str) -> tuple[str, int] | None:
    """(kind, number) of a month, quarter, year or financial year, numbers of one kind running on by one."""
    bare = text.strip()
    month = _ISO_MONTH.match(bare)
    if month and 1 <= int(month[2]) <= 12:
        return "month", int(month[1]) * 12 + int(month[2]) - 1
    years = _YEARS.match(bare)
    if years and (int(years["a"]) + 1) % 100 == int(years["b"]) % 100:
        return "financial year", int(years["a"])
    quarter = _QUARTER.match(bare)
    if quarter:
        year = quarter["y1"] or quarter["y2"]
        if not year:
            return "quarter", int(quarter["q"])
        return "quarter of a year", (int(year[:4]) if year[:4].isdigit() else _year(year[:2])) * 4 + int(quarter["q"])
    short = _MONTH_FIRST.match(bare)
    if short and 1 <= int(short[1]) <= 12:
        return "month", int(short[2]) * 12 + int(short[1]) - 1
    first = _FIRST_OF_MONTH.match(bare)
    if first:
        month_number, year_number = int(first[1] or first[4]), int(first[2] or first[3])
        return ("month", year_number * 12 + month_number - 1) if 1 <= month_number <= 12 else None
    counted = _COUNTED.match(bare)
    if counted:
        return f"{counted[1].lower()} by number", int(counted[2])
    named = _PERIOD.match(bare)
    if named and named["m"].lower() in _MONTHS:
        number = _MONTHS[named["m"].lower()] - 1
        return ("month", _year(named["y"]) * 12 + number) if named["y"] else ("month of the year", number)
    return None
