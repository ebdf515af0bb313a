"""Councils: Adult Social Care Client Level Data, one event a row.

Specification: https://digital.nhs.uk/data-and-information/data-collections-and-data-sets/data-collections/social-care-client-level-data
Dates are dd/mm/yyyy. Given Name and Family Name are an addition for linkage, agreed in each sharing agreement.
"""

from collections.abc import Iterator
from datetime import date
from typing import BinaryIO

from commonweal.feeds import people, tables
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
_REQUIRED = ("LA Person Unique Identifier", "Client Type", "Event Type", "Event Reference", "Event Start Date")
_DATES = tuple(name for name in HEADER if "Date" in name)
_EXTRAS = ("Event Outcome", "Delivery Mechanism", "Provider CQC Location ID", "Primary Support Reason")


def read(stream: BinaryIO, source: str, start_line: int = 1) -> Iterator[Parsed | Problem]:
    """Events and problems in file order, each person's Patient before the event of the row that speaks last.

    ``source`` is the ODS code of the council. The whole file is held: what a person is called now is only known
    at its end. A bad cell quarantines its row; an event sent twice is taken from its latest reporting period.
    """
    listed = list(tables.rows(stream, HEADER, start_line))
    rows = [(item, _check(item)) if isinstance(item, tables.Row) else (item, None) for item in listed]
    good = [(row, dates) for row, dates in rows if isinstance(row, tables.Row) and isinstance(dates, dict)]
    latest = _latest_events(good)
    persons, speaks_last = _persons(good)
    for row, dates in rows:
        if isinstance(row, Problem):
            yield row
        elif isinstance(dates, Problem):
            yield dates
        elif dates is not None:
            local_id = row.cells["LA Person Unique Identifier"]
            if speaks_last[local_id] == row.line:
                yield people.parsed(row.line, people.patient(source, persons[local_id]), local_id, "cld", row.raw)
            if latest[_event_key(row)] != row.line:
                message = f"line {latest[_event_key(row)]} of this file is the latest row of this event"
                yield row.problem("Event Reference", "superseded-in-file", message)
                continue
            yield people.parsed(row.line, _event(source, row, dates), local_id, "cld", row.raw)


def _check(row: tables.Row) -> dict[str, date | None] | Problem:
    """The row's dates, or its first problem."""
    cells = row.cells
    for name in _REQUIRED:
        if not cells[name]:
            return row.problem(name, "required", f"{name} is required; fill it in")
    if cells["Event Type"] not in EVENTS:
        return row.problem("Event Type", "code-not-in-value-set", f"use one of: {', '.join(EVENTS)}")
    if cells["Client Type"] not in CLIENT_TYPES:
        return row.problem("Client Type", "code-not-in-value-set", f"use one of: {', '.join(CLIENT_TYPES)}")
    if people.gender(cells["Gender"]) is None:
        return row.problem("Gender", "code-not-in-value-set", "use Male, Female, Other or Unknown")
    dates: dict[str, date | None] = {}
    for name in _DATES:
        dates[name] = people.day_first(cells[name]) if cells[name] else None
        if cells[name] and dates[name] is None:
            return row.problem(name, "format-date", "not a date that exists; send dd/mm/yyyy")
    start, end = dates["Event Start Date"], dates["Event End Date"]
    if start and end and end < start:
        return row.problem("Event End Date", "end-before-start", "ends before it starts; correct one of the dates")
    return dates


def _event_key(row: tables.Row) -> tuple[str, str]:
    return row.cells["Event Type"], row.cells["Event Reference"]


Checked = list[tuple[tables.Row, dict[str, date | None]]]


def _latest_events(rows: Checked) -> dict[tuple[str, str], int]:
    """Line of the row that counts for each event: the latest reporting period, then the latest in the file."""
    best: dict[tuple[str, str], tuple[date, int]] = {}
    for row, dates in rows:
        rank = (dates["Reporting Period End Date"] or date.min, row.line)
        key = _event_key(row)
        best[key] = max(best.get(key, rank), rank)
    return {key: line for key, (_, line) in best.items()}


def _persons(rows: Checked) -> tuple[dict[str, Person], dict[str, int]]:
    """Each person from all their rows in order of event date, and the line that speaks last for them."""
    persons: dict[str, Person] = {}
    last: dict[str, int] = {}
    for row, dates in sorted(rows, key=lambda pair: (pair[1]["Event Start Date"] or date.min, pair[0].line)):
        cells = row.cells
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


def _event(source: str, row: tables.Row, dates: dict[str, date | None]) -> Json:
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
