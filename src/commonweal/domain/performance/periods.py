"""When a reported period begins, and how long it is: what puts figures in order."""

import re
from datetime import date

_FORMS = (
    ("year", re.compile(r"(?P<y>\d{4})/(?P<e>\d{2})\Z")),
    ("year", re.compile(r"(?P<y>\d{4})\Z")),
    ("quarter", re.compile(r"(?P<y>\d{4})/(?P<e>\d{2}) ?Q(?P<q>[1-4])\Z")),
    ("month", re.compile(r"(?P<y>\d{4})-(?P<m>\d{2})\Z")),
    ("day", re.compile(r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})\Z")),
    ("week", re.compile(r"(?P<y>\d{4})-W(?P<w>\d{2})\Z")),
)


def start_of(period: str) -> tuple[str, date] | None:
    """The length (day, week, month, quarter, year) and first day of a period; None for what is none.

    A financial year (``2020/21``) begins in April, its quarters three months apart; ``2020-W05`` is an ISO week. A
    year to date overlaps the next one and is no period of a series.
    """
    for length, form in _FORMS:
        found = form.match(period.strip())
        if found is None:
            continue
        cells = {name: int(text) for name, text in found.groupdict().items()}
        try:
            return length, _day(cells)
        except ValueError:
            return None
    return None


def _day(cells: dict[str, int]) -> date:
    year = cells["y"]
    if "w" in cells:
        return date.fromisocalendar(year, cells["w"], 1)
    if "e" in cells:
        if cells["e"] != (year + 1) % 100:
            raise ValueError("a financial year ends in the next year")
        month = 4 + 3 * (cells.get("q", 1) - 1)
        return date(year + (month > 12), (month - 1) % 12 + 1, 1)
    return date(year, cells.get("m", 1), cells.get("d", 1))
