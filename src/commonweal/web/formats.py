"""How dates, NHS numbers and counts are written on a page (NHS digital service manual, content style)."""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from django.utils.timezone import localtime

from commonweal.domain.identity.nhs_number import formatted
from commonweal.fhir.dates import clock


@lru_cache(maxsize=16384)  # a page writes the same few days many times
def day(value: date | datetime | str | None) -> str:
    """``5 March 2020``; partial FHIR dates keep their precision: ``March 2020``, ``2020``."""
    if not value:
        return ""
    if isinstance(value, str):
        return _text_day(value)
    if isinstance(value, datetime):
        value = localtime(value).date() if value.tzinfo else value.date()
    return f"{value.day} {value:%B %Y}"


def _text_day(text: str) -> str:
    """An ISO 8601 date of any precision, in words; the text itself if it is none."""
    try:
        if len(text) <= 4:
            return text
        if len(text) == 7:
            return f"{date.fromisoformat(text + '-01'):%B %Y}"
        if len(text) > 10:
            return day(datetime.fromisoformat(text))
        return day(date.fromisoformat(text))
    except ValueError:
        return text


def moment(value: date | datetime | str | None) -> str:
    """``5 March 2020, 2:07pm`` in United Kingdom time; a bare date as ``day`` writes it."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
        except ValueError:
            return str(value)
    if not isinstance(value, datetime):
        return day(value)
    if value.tzinfo:
        value = localtime(value)
    return f"{day(value.replace(tzinfo=None))}, {clock(value)}"


def nhs_number(value: str | None) -> str:
    """Ten digits as 3-3-4 (NHS number data standard); anything else unchanged."""
    return formatted(value or "")


def thousands(value: int | float | Decimal | None) -> str:
    """A number with commas; a float loses only what two decimal places cannot hold."""
    if value is None:
        return ""
    if isinstance(value, int) or value == int(value):
        return f"{int(value):,}"
    return f"{value:,.2f}".rstrip("0").rstrip(".")
