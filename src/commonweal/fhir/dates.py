"""FHIR dates and moments as the calendar day and clock of the United Kingdom.

https://hl7.org/fhir/R4/datatypes.html#dateTime. One reading for every room: a moment just before midnight UTC in
summer belongs to the next day, wherever it is asked of.
"""

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def clock(at: datetime) -> str:
    """The time of day of ``at`` in its own zone: 9am, 2:30pm, https://service-manual.nhs.uk/content/numbers."""
    hour = at.hour % 12 or 12
    return f"{hour}{f':{at:%M}' if at.minute else ''}{'am' if at.hour < 12 else 'pm'}"


@lru_cache(maxsize=16384)  # dates repeat: parsing them is most of drawing a record
def day_of(value: str | None) -> date | None:
    """The UK calendar day of a FHIR date or dateTime; a partial date counts from its first day, other text is None."""
    if not value:
        return None
    if len(value) > 10:
        moment = moment_of(value)
        return moment.date() if moment is not None else None
    try:
        return date.fromisoformat((value + "-01-01")[:10] if len(value) == 4 else (value + "-01")[:10])
    except ValueError:
        return None


@lru_cache(maxsize=16384)
def moment_of(value: str | None) -> datetime | None:
    """The moment of a FHIR dateTime with a time of day, in UK time; None for a date alone or other text.

    FHIR demands a zone with a time. What came without one is UK time, wherever this runs.
    """
    if not value or len(value) <= 10:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.astimezone(LONDON) if moment.tzinfo is not None else moment.replace(tzinfo=LONDON)
