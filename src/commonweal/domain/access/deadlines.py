"""When a request for a copy is to be answered, and when it may wait.

UK GDPR, Article 12(3): one month, two more where it is complex (https://www.legislation.gov.uk/eur/2016/679/article/12).
How a month is counted: ICO, Right of access, "How long do we have to comply?" (https://ico.org.uk/for-organisations/
uk-gdpr-guidance-and-resources/subject-access-requests/a-guide-to-subject-access/): from the day of receipt, or of
what was needed to know who asks if that is later, to the same day of the next month, else that month's last day; a
weekend or public holiday moves it to the next working day; asking what is meant stops the clock.
"""

from calendar import monthrange
from collections.abc import Collection
from datetime import date, timedelta


def months_later(day: date, months: int) -> date:
    """The same day ``months`` on, or the last of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def due(starts: date, months: int, paused: int, holidays: Collection[date]) -> date:
    """The last day to answer: ``months`` after ``starts``, ``paused`` days on, then the next working day."""
    day = months_later(starts, months) + timedelta(days=paused)
    while day.weekday() >= 5 or day in holidays:
        day += timedelta(days=1)
    return day
