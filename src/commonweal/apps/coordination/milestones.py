"""From what a hospital's record of a person says now to what has happened to them: admitted, moved, discharged, died.

Read from the Encounters and the Patient that all messages together amount to, and not from the message that came last:
so the same messages in any order, or twice, say the same, and what a cancellation reverses is simply not said any more.

Death: a hospital reports it (PID-29, PID-30 or the way of discharge); it is formally registered when the Personal
Demographics Service says so (``fhir.deaths``), to our own trace or to a practice's system, which passes it on.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from commonweal.domain.access.vocabulary import Category
from commonweal.domain.coordination.alerts import Kind
from commonweal.fhir import systems
from commonweal.fhir.deaths import formally_registered

LONDON = ZoneInfo("Europe/London")
PDS = "PDS"  # who tells of a death that a trace was answered with; no organisation has this code
_BEGUN = frozenset(("in-progress", "onleave", "finished"))
STILL_IN = (
    "The hospital says that this person has died and also that they are still in hospital. Ask the ward before you act."
)


@dataclass(frozen=True, slots=True)
class Milestone:
    """One thing that happened. ``key`` is the same whenever it is said again; ``stay`` is what it is part of.

    ``compartment``: whose; ``category``: of the resource that says it; ``doubt``: why it may not be so, or empty.
    ``told_by``: who says it, where that is not the source of the compartment.
    """

    key: str
    stay: str
    kind: Kind
    happened: datetime
    compartment: int
    category: str
    place: str = ""
    doubt: str = ""
    told_by: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A resource as it stands, parsed, with the compartment and category it is filed under."""

    compartment: int
    category: str
    resource: Mapping[str, Any]


def milestones(
    source: str, said: Iterable[Said], classes: Collection[str], died_ways: Collection[str]
) -> list[Milestone]:
    """What has happened, by key. ``classes``: of Encounters that are stays; ``died_ways``: of leaving by death."""
    found: dict[str, Milestone] = {}
    present: dict[int, datetime] = {}  # compartment → since when somebody is still in
    for one in said:
        if one.resource["resourceType"] != "Encounter":
            continue
        for milestone in _stay(source, one, classes, died_ways):
            known = found.get(milestone.key)
            if known is None or milestone.happened > known.happened:
                found[milestone.key] = milestone
        if one.resource.get("status") in ("in-progress", "onleave") and (start := _moment(_period(one).get("start"))):
            present[one.compartment] = max(start, present.get(one.compartment, start))
    for one in said:
        if one.resource["resourceType"] == "Patient" and (death := _death(source, one, found, present)):
            found[death.key] = death
    return [found[key] for key in sorted(found)]


def _stay(source: str, one: Said, classes: Collection[str], died_ways: Collection[str]) -> Iterable[Milestone]:
    """Those of one Encounter; none of one that has not begun, was cancelled or is no stay."""
    resource = one.resource
    period = _period(one)
    start, end = _moment(period.get("start")), _moment(period.get("end"))
    if resource.get("status") not in _BEGUN or start is None:
        return
    if resource.get("class", {}).get("code") not in classes:
        return
    stay = f"{source}|{_visit(resource) or '@' + start.isoformat()}"
    places = [
        (_moment(entry.get("period", {}).get("start")), str(entry.get("location", {}).get("display", "")))
        for entry in resource.get("location", ())
    ]
    first = places[0][1] if places else ""
    yield Milestone(f"{stay}|admitted", stay, Kind.ADMITTED, start, one.compartment, one.category, first)
    for at, place in places[1:]:
        if at is not None:
            key = f"{stay}|transferred|{at.isoformat()}|{place}"
            yield Milestone(key, stay, Kind.TRANSFERRED, at, one.compartment, one.category, place)
    if resource.get("status") != "finished" or end is None:
        return
    last = places[-1][1] if places else ""
    if _disposition(resource) in died_ways:
        death = f"{source}|{one.compartment}|died"
        yield Milestone(death, death, Kind.DIED, end, one.compartment, one.category, last)
    else:
        yield Milestone(f"{stay}|discharged", stay, Kind.DISCHARGED, end, one.compartment, one.category, last)


def _death(source: str, one: Said, found: Mapping[str, Milestone], present: Mapping[int, datetime]) -> Milestone | None:
    """A death that the Patient tells: registered if it says so, else reported."""
    resource = one.resource
    at = _moment(resource.get("deceasedDateTime"))
    if formally_registered(resource) and at is not None:
        key = f"{source}|{one.compartment}|death-registered"
        return Milestone(key, key, Kind.DEATH_REGISTERED, at, one.compartment, one.category)
    key = f"{source}|{one.compartment}|died"
    told = found.get(key)
    since = present.get(one.compartment)
    doubt = STILL_IN if since is not None and told is None else ""
    if at is None:
        if resource.get("deceasedBoolean") is not True:
            return None
        # When is not said: not before the last thing that is known of them.
        at = max((m.happened for m in found.values() if m.compartment == one.compartment), default=None)
        if at is None:
            return None
    if told is not None:
        return told
    return Milestone(key, key, Kind.DIED, at, one.compartment, one.category, "", doubt)


def traced_death(compartment: int, died: date) -> Milestone:
    """A death that the Personal Demographics Service answered the trace of a record with.

    The key is the record's and not the person's: whose a record is may change, and what was told stays told.
    """
    key = f"{PDS}|{compartment}|death-registered"
    at = datetime.combine(died, time(), LONDON)
    return Milestone(key, key, Kind.DEATH_REGISTERED, at, compartment, Category.DEMOGRAPHICS, told_by=PDS)


def _period(one: Said) -> Mapping[str, Any]:
    period: Mapping[str, Any] = one.resource.get("period", {})
    return period


def _visit(resource: Mapping[str, Any]) -> str:
    for identifier in resource.get("identifier", ()):
        if identifier.get("system") == systems.LOCAL_VISIT:
            return str(identifier.get("value", ""))
    return ""


def _disposition(resource: Mapping[str, Any]) -> str:
    for coding in resource.get("hospitalization", {}).get("dischargeDisposition", {}).get("coding", ()):
        if coding.get("system") == systems.DISCHARGE_DESTINATION:
            return str(coding.get("code", ""))
    return ""


def _moment(text: object) -> datetime | None:
    """A FHIR dateTime as a moment; a bare day begins at midnight in London. None for a month, a year or nonsense."""
    if not isinstance(text, str) or len(text) < 10:
        return None
    try:
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), time(), LONDON)
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=LONDON)
