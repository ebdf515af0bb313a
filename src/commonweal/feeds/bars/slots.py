"""Slots of a service as a sender asks for them, and as a receiver's answer offers them.

Core 1.2.2, GET /Slots: ``status``, ``start`` twice, and the Schedule and HealthcareService of each included.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from commonweal.feeds.bars import answers
from commonweal.feeds.bars.headers import SERVICE_ID

LONDON = ZoneInfo("Europe/London")
INCLUDES = ("Slot:schedule", "Schedule:actor:HealthcareService")
_MADE = UUID("7d8cf1a4-0f0c-5c0e-8a57-3a6f5a7c9b10")  # from which a simulator's slots have their ids
_HOURS = (9, 10, 11, 14, 15)


@dataclass(frozen=True, slots=True)
class Offer:
    """A free slot with the schedule it is of; both as the receiver said them. Times are aware."""

    id: str
    start: datetime
    end: datetime
    slot: Mapping[str, Any]
    schedule: Mapping[str, Any]


def path(service: str, first: datetime, last: datetime) -> str:
    """What a sender asks for: the free slots of a service that begin between two moments."""
    asked = [
        ("status", "free"),
        ("start", f"ge{_moment(first)}"),
        ("start", f"le{_moment(last)}"),
        ("Schedule.actor:HealthcareService", service),
        *(("_include", one) for one in INCLUDES),
    ]
    return "Slot?" + urlencode(asked)


def offered(told: Mapping[str, Any]) -> list[Offer]:
    """The free slots of an answer, the soonest first; what is no slot, not free or without its times is no offer."""
    held = answers.resources(told)
    schedules = {f"Schedule/{one.get('id')}": one for one in held if one.get("resourceType") == "Schedule"}
    found = []
    for one in held:
        if one.get("resourceType") != "Slot" or one.get("status") != "free" or not one.get("id"):
            continue
        start, end = _read(one.get("start")), _read(one.get("end"))
        if start is None or end is None or end <= start:
            continue
        of = one.get("schedule")
        named = str(of.get("reference", "")) if isinstance(of, Mapping) else ""
        schedule = schedules.get("/".join(named.split("/")[-2:]), {"resourceType": "Schedule"})
        found.append(Offer(str(one["id"]), start, end, one, schedule))
    return sorted(found, key=lambda offer: (offer.start, offer.id))


def made_up(service: str, first: datetime, last: datetime) -> list[dict[str, Any]]:
    """A simulator's slots between two moments: five a weekday, the same each time; then their schedule and service."""
    found: list[dict[str, Any]] = []
    day: date = first.astimezone(LONDON).date()
    while day <= last.astimezone(LONDON).date():
        for hour in _HOURS if day.weekday() < 5 else ():
            start = datetime.combine(day, time(hour), LONDON)
            if first <= start <= last:
                found.append(
                    {
                        "resourceType": "Slot",
                        "id": str(uuid5(_MADE, f"{service} {day} {hour}")),
                        "status": "free",
                        "start": _moment(start),
                        "end": _moment(start + timedelta(minutes=30)),
                        "schedule": {"reference": f"Schedule/{service}"},
                    }
                )
        day += timedelta(days=1)
    if not found:
        return []
    schedule = {
        "resourceType": "Schedule",
        "id": service,
        "actor": [{"reference": f"HealthcareService/{service}"}],
    }
    care = {
        "resourceType": "HealthcareService",
        "id": service,
        "identifier": [{"system": SERVICE_ID, "value": service}],
        "name": "A made-up service",
    }
    return [*found, schedule, care]


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _read(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
        found.astimezone(LONDON)  # at the ends of the calendar there is no such time here
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else None
