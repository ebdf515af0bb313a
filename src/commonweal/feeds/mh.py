"""Mental-health providers: referrals and care contacts, one a row.

The columns are a small subset of the Mental Health Services Data Set's referral, care contact and patient tables:
https://digital.nhs.uk/data-and-information/data-collections-and-data-sets/data-sets/mental-health-services-data-set
Dates are ISO. A referral becomes an EpisodeOfCare, a contact an Encounter inside it.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import BinaryIO

from commonweal.feeds import people
from commonweal.feeds.forms import Dated, Form
from commonweal.feeds.people import Json, Person
from commonweal.feeds.types import Parsed, Problem
from commonweal.fhir import systems

HEADER = (
    "LocalPatientId", "NHSNumber", "GivenName", "FamilyName", "BirthDate", "Gender", "EthnicCategory", "Postcode",
    "GPPracticeCode", "RecordType", "RecordId", "ReferralId", "Date", "EndDate", "TeamName", "TeamType",
    "ContactType", "Outcome",
)  # fmt: skip
RECORD_TYPES = ("referral", "contact")
FORM = Form(
    header=HEADER,
    required=("LocalPatientId", "RecordType", "RecordId", "Date"),
    codes={"RecordType": RECORD_TYPES},
    gender="1 male, 2 female, 9 other or 0 not known",
    dates=("BirthDate", "Date", "EndDate"),
    read_date=people.iso_day,
    date_form="yyyy-mm-dd",
    start="Date",
    end="EndDate",
)
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
    items = FORM.read(stream, start_line)
    persons, speaks_last = _persons([item for item in items if isinstance(item, Dated)])
    seen: dict[tuple[str, str], int] = {}
    for item in items:
        if isinstance(item, Problem):
            yield item
            continue
        row = item.row
        local_id = row.cells["LocalPatientId"]
        if speaks_last[local_id] == row.line:
            yield people.parsed(row.line, people.patient(source, persons[local_id]), local_id, "mh", row.raw)
        first = seen.setdefault((row.cells["RecordType"], row.cells["RecordId"]), row.line)
        if first != row.line:
            message = f"line {first} of this file has the same record; send each record once a file"
            yield row.problem("RecordId", "duplicate-id", message)
            continue
        build = _referral if row.cells["RecordType"] == "referral" else _contact
        yield people.parsed(row.line, build(source, row.cells), local_id, "mh", row.raw)


def _persons(rows: Sequence[Dated]) -> tuple[dict[str, Person], dict[str, int]]:
    """Each person from all their rows in order of date, and the line that speaks last for them."""
    persons: dict[str, Person] = {}
    last: dict[str, int] = {}
    for one in sorted(rows, key=lambda one: (one.dates["Date"] or date.min, one.row.line)):
        row, cells = one.row, one.row.cells
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


def _referral(source: str, cells: dict[str, str]) -> Json:
    resource = _start("EpisodeOfCare", source, cells)
    resource["status"] = "finished" if cells["EndDate"] else "active"
    if cells["TeamType"]:
        resource["type"] = _team_type(cells)
    resource["patient"] = _subject(source, cells)
    resource["managingOrganization"] = people.organisation(source)
    resource["period"] = {"start": cells["Date"]} | ({"end": cells["EndDate"]} if cells["EndDate"] else {})
    if cells["TeamName"]:
        resource["careManager"] = {"display": cells["TeamName"]}
    return resource


def _contact(source: str, cells: dict[str, str]) -> Json:
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
