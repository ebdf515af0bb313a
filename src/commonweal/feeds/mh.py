"""Mental-health providers: referrals and care contacts, one a row.

The columns are a small subset of the Mental Health Services Data Set's referral, care contact and patient tables:
https://digital.nhs.uk/data-and-information/data-collections-and-data-sets/data-sets/mental-health-services-data-set
Dates are ISO. A referral becomes an EpisodeOfCare, a contact an Encounter inside it.
"""

from collections.abc import Iterator
from datetime import date
from typing import BinaryIO

from commonweal.feeds import people, tables
from commonweal.feeds.people import Json, Person
from commonweal.feeds.types import Parsed, Problem
from commonweal.fhir import systems

HEADER = (
    "LocalPatientId", "NHSNumber", "GivenName", "FamilyName", "BirthDate", "Gender", "EthnicCategory", "Postcode",
    "GPPracticeCode", "RecordType", "RecordId", "ReferralId", "Date", "EndDate", "TeamName", "TeamType",
    "ContactType", "Outcome",
)  # fmt: skip
RECORD_TYPES = ("referral", "contact")
_REQUIRED = ("LocalPatientId", "RecordType", "RecordId", "Date")
_DATES = ("BirthDate", "Date", "EndDate")
# Encounter class by how the contact took place; anything else is ambulatory.
_CLASSES = (
    (("tele", "phone", "video", "online", "virtual"), ("VR", "virtual")),
    (("home",), ("HH", "home health")),
    (("inpatient", "ward"), ("IMP", "inpatient encounter")),
)
_MISSED = ("did not attend", "dna", "cancelled", "not attended", "was not brought")


def read(stream: BinaryIO, source: str, start_line: int = 1) -> Iterator[Parsed | Problem]:
    """Referrals, contacts and problems in file order, each person's Patient before the record that speaks last.

    ``source`` is the ODS code of the trust. The whole file is held, as for the council's feed. A bad cell
    quarantines its row; a record id used twice is a problem of the second row.
    """
    listed = list(tables.rows(stream, HEADER, start_line))
    rows = [(item, _check(item)) if isinstance(item, tables.Row) else (item, None) for item in listed]
    good = [(row, dates) for row, dates in rows if isinstance(row, tables.Row) and isinstance(dates, dict)]
    persons, speaks_last = _persons(good)
    seen: dict[tuple[str, str], int] = {}
    for row, dates in rows:
        if isinstance(row, Problem):
            yield row
        elif isinstance(dates, Problem):
            yield dates
        elif dates is not None:
            local_id = row.cells["LocalPatientId"]
            if speaks_last[local_id] == row.line:
                yield people.parsed(row.line, people.patient(source, persons[local_id]), local_id, "mh", row.raw)
            first = seen.setdefault((row.cells["RecordType"], row.cells["RecordId"]), row.line)
            if first != row.line:
                message = f"line {first} of this file has the same record; send each record once a file"
                yield row.problem("RecordId", "duplicate-id", message)
                continue
            build = _referral if row.cells["RecordType"] == "referral" else _contact
            yield people.parsed(row.line, build(source, row.cells, dates), local_id, "mh", row.raw)


def _check(row: tables.Row) -> dict[str, date | None] | Problem:
    """The row's dates, or its first problem."""
    cells = row.cells
    for name in _REQUIRED:
        if not cells[name]:
            return row.problem(name, "required", f"{name} is required; fill it in")
    if cells["RecordType"] not in RECORD_TYPES:
        return row.problem("RecordType", "code-not-in-value-set", f"use one of: {', '.join(RECORD_TYPES)}")
    if people.gender(cells["Gender"]) is None:
        return row.problem("Gender", "code-not-in-value-set", "use 1 male, 2 female, 9 other or 0 not known")
    dates: dict[str, date | None] = {}
    for name in _DATES:
        dates[name] = people.iso_day(cells[name]) if cells[name] else None
        if cells[name] and dates[name] is None:
            return row.problem(name, "format-date", "not a date that exists; send yyyy-mm-dd")
    start, end = dates["Date"], dates["EndDate"]
    if start and end and end < start:
        return row.problem("EndDate", "end-before-start", "ends before it starts; correct one of the dates")
    return dates


def _persons(rows: list[tuple[tables.Row, dict[str, date | None]]]) -> tuple[dict[str, Person], dict[str, int]]:
    """Each person from all their rows in order of date, and the line that speaks last for them."""
    persons: dict[str, Person] = {}
    last: dict[str, int] = {}
    for row, _ in sorted(rows, key=lambda pair: (pair[1]["Date"] or date.min, pair[0].line)):
        cells = row.cells
        person = persons.setdefault(cells["LocalPatientId"], Person(cells["LocalPatientId"]))
        person.hear(
            nhs_number=cells["NHSNumber"],
            family=cells["FamilyName"],
            given=cells["GivenName"],
            birth_date=cells["BirthDate"],
            gender=people.gender(cells["Gender"]) or "",
            ethnicity=cells["EthnicCategory"],
            postcode=cells["Postcode"],
            practice=cells["GPPracticeCode"],
        )
        last[cells["LocalPatientId"]] = row.line
    return persons, last


def _start(kind: str, source: str, cells: dict[str, str]) -> Json:
    resource: Json = {"resourceType": kind, "id": people.stable_id(source, cells["RecordType"], cells["RecordId"])}
    extensions = []
    if cells["TeamName"]:
        extensions.append(people.text_extension(systems.TEAM_EXTENSION, cells["TeamName"]))
    if cells["Outcome"]:
        extensions.append(people.text_extension(systems.OUTCOME_EXTENSION, cells["Outcome"]))
    if extensions:
        resource["extension"] = extensions
    resource["identifier"] = [{"system": systems.LOCAL_EVENT, "value": cells["RecordId"]}]
    return resource


def _subject(source: str, cells: dict[str, str]) -> Json:
    return {"reference": f"Patient/{people.stable_id(source, 'Patient', cells['LocalPatientId'])}"}


def _team_type(cells: dict[str, str]) -> list[Json]:
    text = cells["TeamType"]
    return [people.coded(systems.MH_TEAM_TYPE, text)] if text else []


def _referral(source: str, cells: dict[str, str], dates: dict[str, date | None]) -> Json:
    resource = _start("EpisodeOfCare", source, cells)
    resource["status"] = "finished" if dates["EndDate"] else "active"
    if cells["TeamType"]:
        resource["type"] = _team_type(cells)
    resource["patient"] = _subject(source, cells)
    resource["managingOrganization"] = people.organisation(source)
    resource["period"] = {"start": cells["Date"]} | ({"end": cells["EndDate"]} if cells["EndDate"] else {})
    if cells["TeamName"]:
        resource["careManager"] = {"display": cells["TeamName"]}
    return resource


def _contact(source: str, cells: dict[str, str], dates: dict[str, date | None]) -> Json:
    resource = _start("Encounter", source, cells)
    missed = cells["Outcome"].casefold().startswith(_MISSED)
    resource["status"] = "cancelled" if missed else "finished"
    how = cells["ContactType"].casefold()
    code, display = next((c for words, c in _CLASSES if any(w in how for w in words)), ("AMB", "ambulatory"))
    resource["class"] = {"system": systems.ENCOUNTER_CLASS, "code": code, "display": display}
    if cells["ContactType"]:
        resource["type"] = [people.coded(systems.MH_CONTACT_TYPE, cells["ContactType"])]
    if cells["TeamType"]:
        resource["serviceType"] = _team_type(cells)[0]
    resource["subject"] = _subject(source, cells)
    if cells["ReferralId"]:
        referral = people.stable_id(source, "referral", cells["ReferralId"])
        resource["episodeOfCare"] = [{"reference": f"EpisodeOfCare/{referral}"}]
    if cells["TeamName"]:
        resource["participant"] = [{"individual": {"display": cells["TeamName"]}}]
    resource["period"] = {"start": cells["Date"], "end": cells["EndDate"] or cells["Date"]}
    resource["serviceProvider"] = people.organisation(source)
    return resource
