"""The period that a heading, a title or a cell prints: a month, a quarter, a financial year, or its months so far."""

import re

_NAMES = (
    "january february march april may june july august september october november december".split()  # noqa: SIM905  read so
)
_MONTHS = {name[:length]: number for number, name in enumerate(_NAMES, 1) for length in (3, len(name))} | {"sept": 9}
_MONTH = re.compile(r"\b([A-Za-z]{3,9})[\s\-'’]*(?:20)?(\d{2})\b")
_ISO = re.compile(r"\b(20\d{2})-(\d{2})(?:-\d{2})?\b")
_YEAR = re.compile(r"\b(20\d{2})\s*[/\-–]\s*(?:20)?(\d{2})\b")
_QUARTER = re.compile(r"\b(?:Q|Quarter\s*)([1-4])\b", re.IGNORECASE)
_YTD = re.compile(r"\bYTD\b|year to date", re.IGNORECASE)
_NAMED = re.compile(rf"\b({'|'.join(sorted({*_NAMES, *_MONTHS, 'sept'}, key=len, reverse=True))})\b", re.IGNORECASE)
_FORECAST = re.compile(r"\b(?:plan|planned|target|trajectory|budget|standard|expected)\b", re.IGNORECASE)


def period_in(text: str) -> str:
    """The period printed: ``2020-08`` for Aug-20 and 2020/21 August, ``2020/21 Q2``, ``2020/21``; "" if none."""
    quarter, year, ytd = _QUARTER.search(text), _YEAR.search(text), _YTD.search(text)
    iso = _ISO.search(text)
    if iso is not None and 1 <= int(iso[2]) <= 12:
        return f"{iso[1]}-{iso[2]}"
    if year is not None and (int(year[1]) + 1) % 100 == int(year[2]):
        named = f"{year[1]}/{year[2]}"
        if quarter or ytd:
            return f"{named} Q{quarter[1]}" if quarter else f"{named} YTD"
        return _month_of(text, int(year[1])) or named
    for name, digits in _MONTH.findall(text):
        if name.lower() in _MONTHS:
            return f"20{digits}-{_MONTHS[name.lower()]:02}"
    return ""


def with_year(heading: str, titles: str) -> str:
    """The period of a column whose heading names a part of the year that a title names; "" if none."""
    year = _YEAR.search(titles)
    if year is None:
        return period_in(titles)
    named = f"{year[1]}/{year[2]}"
    quarter = _QUARTER.search(heading)
    if quarter is None and not _YTD.search(heading) and not _FORECAST.search(heading):
        quarter = _QUARTER.search(titles)
    if quarter:
        return f"{named} Q{quarter[1]}"
    return f"{named} YTD" if _YTD.search(heading) else _month_of(heading, int(year[1])) or named


def month_in(text: str) -> str:
    """The one month a title names with its year, like ``2020-08``; "" if it names none, or several."""
    found = {
        f"20{digits}-{_MONTHS[name.lower()]:02}" for name, digits in _MONTH.findall(text) if name.lower() in _MONTHS
    }
    return found.pop() if len(found) == 1 else ""


def _month_of(text: str, begins: int) -> str:
    """The one month that a text names, in the financial year that begins in April of ``begins``."""
    months = {_MONTHS[name.lower()] for name in _NAMED.findall(text) if name != "may"}  # may is a word too
    if len(months) != 1:
        return ""
    month = months.pop()
    return f"{begins + (month < 4)}-{month:02}"
