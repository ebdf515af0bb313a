"""Dates as registers use them: ages in whole years by month of birth, and months up to a day."""

import calendar
from datetime import date, timedelta

# (lowest age, category); an age belongs to the last band it reaches.
AGE_BANDS: tuple[tuple[int, str], ...] = (
    (0, "0-17"),
    (18, "18-39"),
    (40, "40-64"),
    (65, "65-74"),
    (75, "75-84"),
    (85, "85+"),
)
UNKNOWN = "unknown"


def month_number(day: date) -> int:
    """Months since year 0, so that months subtract."""
    return day.year * 12 + day.month - 1


def age(birth_month: date, as_at: date) -> int:
    """Whole years from the month of birth to the month of ``as_at``.

    The analysis zone keeps no day of birth. At the end of a month this is the exact age; earlier in a month a
    person whose birthday is still to come counts as having had it.
    """
    return (month_number(as_at) - month_number(birth_month)) // 12


def age_band(birth_month: date | None, as_at: date) -> str:
    """The band of ``AGE_BANDS``, ``unknown`` without a birth month or before birth."""
    if birth_month is None or age(birth_month, as_at) < 0:
        return UNKNOWN
    years = age(birth_month, as_at)
    return [category for lowest, category in AGE_BANDS if years >= lowest][-1]


def first_day(as_at: date, months: int) -> date:
    """The first of the days that make up the ``months`` months ending with ``as_at``.

    >>> first_day(date(2020, 10, 31), 12)
    datetime.date(2019, 11, 1)
    """
    after = as_at + timedelta(days=1)
    year, month = divmod(month_number(after) - months, 12)
    return date(year, month + 1, min(after.day, calendar.monthrange(year, month + 1)[1]))
