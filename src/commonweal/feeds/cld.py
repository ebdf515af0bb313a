"""Councils: Adult Social Care Client Level Data, one event a row.

Specification: https://digital.nhs.uk/data-and-information/data-collections-and-data-sets/data-collections/social-care-client-level-data
Dates are dd/mm/yyyy. Given Name and Family Name are an addition for linkage, agreed in each sharing agreement.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import BinaryIO

from commonweal.feeds import people, tables
from commonweal.feeds.forms import Dated, Form
from commonweal.feeds.people import Json, Person
from commonweal.feeds.types import Parsed, Problem
from commonweal.fhir import systems

HEADER = (
    "LA Code", "Reporting Period Start Date", "Reporting Period End Date", "LA Person Unique Identifier",
    "NHS Number", "GP Practice Code", "Client Type", "Date of Birth", "Date of Death", "Gender", "Ethnicity",
    "Postcode", "Given Name", "Family Name", "Primary Support Reason", "Event Type", "Event Reference",
    "Event Start Date", "Event End Date", "Event Outcome", "Service Type", "Service Component",
    "Delivery Mechanism", "Provider CQC Location ID", "Team",
)  # fmt: skip
EVENTS = {"Request": "ServiceRequest", "Assessment": "Encounter", "Service": "EpisodeOfCare", "Review": "Encounter"}
CLIENT_TYPES = ("Service User", "Carer")
FORM = Form(
    header=HEADER,
    required=("LA Person Unique Identifier", "Client Type", "Event Type", "Event Reference", "Event Start Date"),
    codes={"Event Type": tuple(EVENTS), "Client Type": CLIENT_TYPES},
    gender="Male, Female, Other or Unknown",
    dates=tuple(name for name in HEADER if "Date" in name),
    read_date=people.day_first,
    date_form="dd/mm/yyyy",
    start="Event Start Date",
    end="Event End Date",
)
_EXTRAS = ("Event Outcome", "Delivery Mechanism", "Provider CQC Location ID", "Primary Support Reason")


def read(stream: BinaryIO, source: str, start_line: int = 1) -> Iterator[Parsed | Problem]:
    """Events and problems in file order, each person's Patient before the event of the row that speaks last.

    ``source`` is the ODS code of the council. The whole file is held: what a person is called now is only known
    at its end. A bad cell quarantines its row; an event sent twice is taken from its latest reporting period.
    """
    items = FORM.read(stream, start_line)
    good = [item for item in items if isinstance(item, Dated)]
    latest = _latest_events(good)
    persons, speaks_last = _persons(good)
    for item in items:
        if isinstance(item, Problem):
            yield item
            continue
        row = item.row
        local_id = row.cells["LA Person Unique Identifier"]
        if speaks_last[local_id] == row.line:
            yield people.parsed(row.line, people.patient(source, persons[local_id]), local_id, "cld", row.raw)
        if latest[_event_key(row)] != row.line:
            message = f"line {latest[_event_key(row)]} of this file is the latest row of this event"
            yield row.problem("Event Reference", "superseded-in-file", message)
            continue
        yield people.parsed(row.line, _event(source, row, item.dates), local_id, "cld", row.raw)


def _event_key(row: tables.Row) -> tuple[str, str]:
    return row.cells["Event Type"], row.cells["Event Reference"]


def _latest_events(rows: Sequence[Dated]) -> dict[tuple[str, str], int]:
    """Line of the row that counts for each event: the latest reporting period, then the latest in the file."""
    best: dict[tuple[str, str], tuple[date, int]] = {}
    for one in rows:
        rank = (one.dates["Reporting Period End Date"] or date.min, one.row.line)
        key = _event_key(one.row)
        best[key] = max(best.get(key, rank), rank)
    return {key: line for key, (_, line) in best.items()}


def _persons(rows: Sequence[Dated]) -> tuple[dict[str, Person], dict[str, int]]:
    """Each person from all their rows in order of event date, and the line that speaks last for them."""
    persons: dict[str, Person] = {}
    last: dict[str, int] = {}
    for one in sorted(rows, key=lambda one: (one.dates["Event Start Date"] or date.min, one.row.line)):
        row, dates, cells = one.row, one.dates, one.row.cells
        local_id = cells["LA Person Unique Identifier"]
        person = persons.setdefault(local_id, Person(local_id))
        person.hear(
            nhs_number=cells["NHS Number"],
            family=cells["Family Name"],
            given=cells["Given Name"],
            birth_date=_iso(dates["Date of Birth"]),
            death_date=_iso(dates["Date of Death"]),
            gender=people.gender(cells["Gender"]) or "",
            ethnicity=cells["Ethnicity"],
            postcode=cells["Postcode"],
            practice=cells["GP Practice Code"],
        )
        person.marks[cells["Client Type"]] = None
        last[local_id] = row.line
    return persons, last


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _event(source: str, row: tables.Row, dates: Mapping[str, date | None]) -> Json:
    """The event of a row as the FHIR type that fits it."""
    cells = row.cells
    kind = cells["Event Type"]
    end = _iso(dates["Event End Date"])
    period = {"start": _iso(dates["Event Start Date"])} | ({"end": end} if end else {})
    subject = {"reference": f"Patient/{people.stable_id(source, 'Patient', cells['LA Person Unique Identifier'])}"}
    resource: Json = {
        "resourceType": EVENTS[kind],
        "id": people.stable_id(source, kind, cells["Event Reference"]),
        "extension": _extensions(cells),
        "identifier": [{"system": systems.LOCAL_EVENT, "value": cells["Event Reference"]}],
    }
    named = {"coding": [{"system": systems.CLD_EVENT, "code": kind.casefold(), "display": kind}], "text": _title(cells)}
    team = cells["Team"]
    if kind == "Request":
        resource |= {"status": "completed" if end else "active", "intent": "order", "code": named, "subject": subject}
        resource |= {"occurrencePeriod": period, "authoredOn": period["start"]}
        resource["performer"] = [people.organisation(source)]
        if team:
            resource["performer"].append({"type": "CareTeam", "display": team})
        if cells["Primary Support Reason"]:
            resource["reasonCode"] = [_reason(cells)]
    elif kind == "Service":
        resource |= {"status": "finished" if end else "active", "type": [named, *_service(cells)], "patient": subject}
        resource |= {"managingOrganization": people.organisation(source), "period": period}
        if team:
            resource["careManager"] = {"display": team}
    else:
        resource |= {"status": "finished" if end else "in-progress"}
        resource["class"] = {"system": systems.ENCOUNTER_CLASS, "code": "FLD", "display": "field"}
        resource |= {"type": [named], "subject": subject}
        if team:
            resource["participant"] = [{"individual": {"display": team}}]
        resource["period"] = period
        if cells["Primary Support Reason"]:
            resource["reasonCode"] = [_reason(cells)]
        resource["serviceProvider"] = people.organisation(source)
    return resource


def _title(cells: dict[str, str]) -> str:
    words = {"Request": "Request for support", "Assessment": "Care assessment", "Review": "Care review"}
    detail = [part for part in (cells["Service Type"], cells["Service Component"]) if part]
    return ": ".join([words.get(cells["Event Type"], "Care service"), *detail])


def _service(cells: dict[str, str]) -> list[Json]:
    return [
        people.coded(system, cells[name])
        for system, name in ((systems.CLD_SERVICE, "Service Type"), (systems.CLD_COMPONENT, "Service Component"))
        if cells[name]
    ]


def _reason(cells: dict[str, str]) -> Json:
    return people.coded(systems.CLD_SUPPORT_REASON, cells["Primary Support Reason"])


def _extensions(cells: dict[str, str]) -> list[Json]:
    found: list[Json] = [
        {"url": systems.CLIENT_TYPE_EXTENSION, "valueCodeableConcept": people.client_type(cells["Client Type"])}
    ]
    if cells["Team"]:
        found.append(people.text_extension(systems.TEAM_EXTENSION, cells["Team"]))
    for name in _EXTRAS:
        if cells[name]:
            slug = name.casefold().replace(" ", "-")
            url = systems.OUTCOME_EXTENSION if name == "Event Outcome" else systems.CLD_EXTENSION + slug
            found.append(people.text_extension(url, cells[name]))
    return found
