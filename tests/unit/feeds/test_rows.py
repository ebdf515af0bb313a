"""General practice NDJSON, council CSV and mental-health CSV: what is read, and what is quarantined and why."""

import io
from collections.abc import Sequence
from typing import Any

import pytest

from commonweal.feeds import cld, gp, mh
from commonweal.feeds.types import Parsed, Problem
from commonweal.fhir import systems
from commonweal.fhir.compartment import team
from commonweal.fhir.demographics import demographics
from commonweal.fhir.validate import validate

Items = list[Parsed | Problem]


def _problems(items: Items) -> list[tuple[int, str, str]]:
    return [(item.line, item.field, item.rule) for item in items if isinstance(item, Problem)]


def _of(items: Items, kind: str) -> list[dict[str, Any]]:
    return [item.resource for item in items if isinstance(item, Parsed) and item.type == kind]


PERSON = b'{"resourceType":"Patient","id":"p1","birthDate":"1950-02-01"}'
DANGLING = b'{"resourceType":"Condition","id":"c1","subject":{"reference":"Patient/not-here"}}'


def _gp(data: bytes) -> Items:
    return list(gp.read(io.BytesIO(data), "A81001"))


def test_bad_lines_are_named_and_the_rest_of_the_file_is_read() -> None:
    lines = [
        b"\xef\xbb\xbf" + PERSON,
        b"",
        b'{"resourceType":"Patient","id":"p2","name":[{"family":"Ren\xe9"}]}\r',
        b'{"resourceType":"Patient","id":"p3","birthDate":"1950-13-01"}',
        b'{"resourceType":"Patient","id":"p4"',
        b'{"resourceType":"Visit","id":"v1"}',
        PERSON,
        b'{"resourceType":"Patient"}',
        b'{"resourceType":"Patient","id":"p\x005"}',
        DANGLING,
        b'{"resourceType":"Patient","id":"p7","gender":"male","gender":"female"}',
        b'{"resourceType":"Patient","id":"p8","name":[{"family":"Ray","family"\t:"Roe: \\u003a"}]}',
        b'{"resourceType":"Patient","id":"p6"',
    ]
    items = _gp(b"\n".join(lines))
    assert _problems(items) == [
        (3, "", "encoding-not-utf-8"),
        (4, "Patient.birthDate", "format-date"),
        (5, "", "json-truncated"),
        (6, "resourceType", "resource-type-unknown"),
        (7, "Patient.id", "duplicate-id"),
        (8, "Patient.id", "id-missing"),
        (9, "", "nul-byte"),
        (11, "gender", "duplicate-member"),
        (12, "family", "duplicate-member"),
        (13, "", "json-truncated"),
    ]
    assert [(i.line, i.type, i.local_person) for i in items if isinstance(i, Parsed)] == [
        (1, "Patient", "p1"),
        (10, "Condition", "not-here"),
    ]
    assert all(item.raw == lines[item.line - 1].rstrip(b"\r") for item in items if isinstance(item, Problem))


def test_the_body_is_the_bytes_that_came() -> None:
    line = (
        b'{"id":"o1","resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"},'
        b'"valueQuantity":{"value":1.0e2}}'
    )
    (item,) = _gp(line + b"\r\n")
    assert isinstance(item, Parsed)
    assert item.body == line
    assert item.category == "clinical"


def test_a_line_too_long_does_not_take_the_next_one_with_it() -> None:
    items = _gp(b'{"a":"' + b"x" * (11 * 1024 * 1024) + b'"}\n' + PERSON)
    assert _problems(items) == [(1, "", "line-too-long")]
    assert [item.line for item in items] == [1, 2]


def test_every_problem_of_a_line_is_in_its_message() -> None:
    (item,) = _gp(b'{"resourceType":"Patient","id":"p1","gender":"F","birthDate":"soon"}')
    assert isinstance(item, Problem)
    assert (item.field, item.value) == ("Patient.gender", "F")
    assert "Patient.birthDate" in item.message


CLD_HEADER = ",".join(cld.HEADER)


def _cld_row(**cells: str) -> str:
    row = {
        "LA Code": "990",
        "Reporting Period Start Date": "01/10/2020",
        "Reporting Period End Date": "31/10/2020",
        "LA Person Unique Identifier": "LA1",
        "NHS Number": "999 000 0018",
        "GP Practice Code": "A81001",
        "Client Type": "Service User",
        "Date of Birth": "01/02/1950",
        "Gender": "Female",
        "Ethnicity": "A",
        "Postcode": "zz1 1aa",
        "Given Name": "Asha Devi",
        "Family Name": "Shah",
        "Primary Support Reason": "Physical Support: Personal Care Support",
        "Event Type": "Service",
        "Event Reference": "S1",
        "Event Start Date": "05/06/2020",
        "Service Type": "Long Term Support",
        "Service Component": "Home Support",
        "Team": "Adult Care Team",
    } | {name.replace("_", " "): value for name, value in cells.items()}
    return ",".join(f'"{row.get(name, "")}"' if "," in row.get(name, "") else row.get(name, "") for name in cld.HEADER)


def _cld(rows: Sequence[str], header: str = CLD_HEADER, encoding: str = "utf-8") -> Items:
    return list(cld.read(io.BytesIO("\r\n".join([header, *rows, ""]).encode(encoding)), "E990"))


def test_council_events_become_the_types_that_fit_them() -> None:
    items = _cld(
        [
            _cld_row(Event_Type="Request", Event_Reference="R1", Event_End_Date="06/06/2020"),
            _cld_row(Event_Type="Assessment", Event_Reference="A1", Event_End_Date="16/06/2020"),
            _cld_row(),
            _cld_row(Event_Type="Review", Event_Reference="V1", Client_Type="Carer", Event_Start_Date="05/07/2020"),
        ]
    )
    assert _problems(items) == []
    assert [(i.line, i.type, i.local_person, i.category) for i in items if isinstance(i, Parsed)] == [
        (2, "ServiceRequest", "LA1", "social_care"),
        (3, "Encounter", "LA1", "social_care"),
        (4, "EpisodeOfCare", "LA1", "social_care"),
        (5, "Patient", "LA1", "demographics"),
        (5, "Encounter", "LA1", "social_care"),
    ]
    for item in items:
        assert isinstance(item, Parsed)
        assert validate(item.resource) == []
        assert item.type == "Patient" or team(item.resource) == "Adult Care Team"
    (episode,) = _of(items, "EpisodeOfCare")
    assert episode["status"] == "active"
    assert episode["period"] == {"start": "2020-06-05"}
    assert episode["careManager"] == {"display": "Adult Care Team"}
    assert episode["managingOrganization"]["identifier"] == {"system": systems.ODS, "value": "E990"}
    review = _of(items, "Encounter")[1]
    assert review["extension"][0]["valueCodeableConcept"]["coding"][0]["code"] == "carer"
    person = demographics(_of(items, "Patient")[0])
    assert (person.nhs_number, person.family, person.given) == ("9990000018", "Shah", ("Asha", "Devi"))
    assert (person.postcode, person.practice, person.ethnicity) == ("ZZ1 1AA", "A81001", "A")


def test_the_row_of_the_latest_event_says_what_a_person_is_called_now_and_the_rest_is_kept() -> None:
    items = _cld(
        [
            _cld_row(Event_Reference="S2", Event_Start_Date="05/08/2020", Family_Name="Patel", NHS_Number=""),
            _cld_row(Postcode="ZZ9 9ZZ"),
        ]
    )
    (patient,) = _of(items, "Patient")
    assert [(n["use"], n["family"]) for n in patient["name"]] == [("official", "Patel"), ("old", "Shah")]
    assert [(a["use"], a["postalCode"]) for a in patient["address"]] == [("home", "ZZ1 1AA"), ("old", "ZZ9 9ZZ")]
    assert demographics(patient).nhs_number == "9990000018"


def test_ids_are_the_same_in_every_landing() -> None:
    first, second = _cld([_cld_row()]), _cld([_cld_row(Event_End_Date="01/09/2020")])
    assert [i.id for i in first if isinstance(i, Parsed)] == [i.id for i in second if isinstance(i, Parsed)]


def test_an_event_reported_again_counts_once() -> None:
    again = _cld_row(Reporting_Period_End_Date="30/09/2020", Event_Reference="S1")
    items = _cld([_cld_row(Event_End_Date="01/10/2020"), again])
    assert _problems(items) == [(3, "Event Reference", "superseded-in-file")]
    assert _of(items, "EpisodeOfCare")[0]["status"] == "finished"


@pytest.mark.parametrize(
    ("cells", "field", "rule"),
    [
        ({"Date_of_Birth": "02/13/1950"}, "Date of Birth", "format-date"),
        ({"Date_of_Birth": "1950-02-01"}, "Date of Birth", "format-date"),
        ({"Date_of_Birth": "1/2/1950"}, "Date of Birth", "format-date"),
        ({"Event_Start_Date": ""}, "Event Start Date", "required"),
        ({"Event_End_Date": "04/06/2020"}, "Event End Date", "end-before-start"),
        ({"Event_Type": "Visit"}, "Event Type", "code-not-in-value-set"),
        ({"Client_Type": "Parent"}, "Client Type", "code-not-in-value-set"),
        ({"Gender": "Woman"}, "Gender", "code-not-in-value-set"),
        ({"LA_Person_Unique_Identifier": ""}, "LA Person Unique Identifier", "required"),
        ({"Team": "A\0B"}, "", "nul-byte"),
    ],
)
def test_a_bad_cell_quarantines_its_row_only(cells: dict[str, str], field: str, rule: str) -> None:
    items = _cld([_cld_row(**cells), _cld_row(Event_Reference="S9")])
    assert _problems(items) == [(2, field, rule)]
    assert [item.line for item in items] == [2, 3, 3]


def test_line_numbers_count_lines_inside_quotes() -> None:
    items = _cld([_cld_row(Team='"Adult\nCare\nTeam"'), "too,few", _cld_row(Event_Reference="S2") + ",more"])
    assert _problems(items) == [(5, "", "too-few-cells"), (6, "", "too-many-cells")]
    assert team(_of(items, "EpisodeOfCare")[0]) == "Adult\nCare\nTeam"


def test_an_unclosed_quote_takes_one_row_not_the_file() -> None:
    items = _cld(['"' + _cld_row(), *[_cld_row(Event_Reference=f"S{n}") for n in range(150)]])
    assert _problems(items) == [(2, "", "quote-unclosed")]
    assert len(_of(items, "EpisodeOfCare")) == 150


def test_latin_1_bytes_are_refused_where_they_are_and_not_guessed() -> None:
    items = _cld([_cld_row(Given_Name="René"), _cld_row(Event_Reference="S2")], encoding="latin-1")
    assert _problems(items) == [(2, "Given Name", "encoding-not-utf-8")]
    assert len(_of(items, "EpisodeOfCare")) == 1


@pytest.mark.parametrize(
    ("header", "field", "rule", "advice"),
    [
        (CLD_HEADER.replace(",", ";"), "", "wrong-delimiter", "semicolons"),
        (CLD_HEADER.replace(",", "\t"), "", "wrong-delimiter", "tabs"),
        (CLD_HEADER.replace("NHS Number", "NHS_Number"), "NHS Number", "header-column-missing", "rename 'NHS_Number'"),
        (CLD_HEADER.replace(",Team", ""), "Team", "header-column-missing", "add the column 'Team'"),
        (CLD_HEADER + ",Notes", "", "header-column-unexpected", "remove the column 'Notes'"),
    ],
)
def test_a_wrong_header_quarantines_the_file_row_by_row(header: str, field: str, rule: str, advice: str) -> None:
    items = _cld([_cld_row(), "", _cld_row(Event_Reference="S2")], header)
    assert _problems(items) == [(1, field, rule), (2, "", "header"), (4, "", "header")]
    assert isinstance(items[0], Problem)
    assert advice in items[0].message


def test_a_byte_order_mark_and_another_order_of_columns_are_fine() -> None:
    names = CLD_HEADER.split(",")
    row = ",".join(reversed(_cld_row().split(",")))
    items = _cld([row], "\ufeff" + ",".join(reversed(names)))
    assert [item.line for item in items if isinstance(item, Parsed)] == [2, 2]


def test_an_empty_file_is_a_problem_and_rows_without_header_can_be_replayed() -> None:
    assert _problems(list(cld.read(io.BytesIO(b""), "E990"))) == [(1, "", "header-missing")]
    replayed = list(cld.read(io.BytesIO(_cld_row().encode()), "E990", start_line=17))
    assert [(i.line, i.type) for i in replayed if isinstance(i, Parsed)] == [(17, "Patient"), (17, "EpisodeOfCare")]


MH_REFERRAL = "M1,,Asha,Shah,1950-02-01,F,A,ZZ1 1AA,A81001,referral,R1,R1,2020-01-01,,North CMHT,Community team,,"
MH_CONTACT = "M1,,Asha,Shah,1950-02-01,F,A,ZZ1 1AA,A81001,contact,C1,R1,2020-01-11,,North CMHT,Community team,{},{}"


def _mh(*rows: str) -> Items:
    return list(mh.read(io.BytesIO("\n".join([",".join(mh.HEADER), *rows]).encode()), "RZM"))


def test_a_referral_is_an_episode_and_a_contact_an_encounter_in_it() -> None:
    items = _mh(MH_REFERRAL, MH_CONTACT.format("Telephone", "Attended"))
    assert _problems(items) == []
    (episode,), (contact,) = _of(items, "EpisodeOfCare"), _of(items, "Encounter")
    assert contact["episodeOfCare"] == [{"reference": f"EpisodeOfCare/{episode['id']}"}]
    assert contact["class"]["code"] == "VR"
    assert contact["status"] == "finished"
    assert team(episode) == team(contact) == "North CMHT"
    assert {i.category for i in items if isinstance(i, Parsed)} == {"demographics", "mental_health"}


@pytest.mark.parametrize(
    ("contact", "outcome", "code", "status"),
    [("Face to face", "Did not attend", "AMB", "cancelled"), ("Home visit", "", "HH", "finished")],
)
def test_how_and_whether_a_contact_took_place(contact: str, outcome: str, code: str, status: str) -> None:
    (found,) = _of(_mh(MH_CONTACT.format(contact, outcome)), "Encounter")
    assert (found["class"]["code"], found["status"]) == (code, status)


def test_bad_mental_health_rows() -> None:
    items = _mh(
        MH_REFERRAL.replace("1950-02-01", "01/02/1950"),
        MH_REFERRAL.replace("2020-01-01,", "2020-02-30,"),
        MH_REFERRAL.replace("2020-01-01,", "2020-01-01,2019-12-31"),
        MH_REFERRAL.replace("referral", "episode"),
        MH_REFERRAL,
        MH_REFERRAL,
    )
    assert _problems(items) == [
        (2, "BirthDate", "format-date"),
        (3, "Date", "format-date"),
        (4, "EndDate", "end-before-start"),
        (5, "RecordType", "code-not-in-value-set"),
        (7, "RecordId", "duplicate-id"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        b'{"resourceType":"Bundle","id":"b","type":"collection","entry":[{"resource":{"resourceType":"Patient"}}]}',
        b'{"resourceType":"Person","id":"b","name":[{"family":"Moss"}]}',
        b'{"resourceType":"Binary","id":"b","contentType":"text/plain","data":"TW9zcw=="}',
        b'{"resourceType":"Observation","id":"b","status":"final","code":{"text":"weight"}}',
        b'{"resourceType":"Condition","id":"b","subject":{"identifier":{"value":"9990000018"}}}',
        b'{"resourceType":"Condition","id":"b","subject":{"reference":"https://else.where/Patient/p1"}}',
        b'{"resourceType":"Organization","id":"b","name":"Mill","contained":[{"resourceType":"Patient","id":"p"}]}',
    ],
)
def test_what_is_about_a_person_and_does_not_say_whom_is_never_filed_as_about_nobody(line: bytes) -> None:
    """What is about nobody is open to every reader, and is missing from the record it belongs in."""
    kind = line.split(b'"')[3].decode()
    assert _problems(_gp(line)) == [(1, kind, "person-not-named")]


@pytest.mark.parametrize(
    "line",
    [
        b'{"resourceType":"Organization","id":"o","name":"Mill","contained":[{"resourceType":"Location","id":"l"}]}',
        b'{"resourceType":"Practitioner","id":"s"}',
        b'{"resourceType":"Medication","id":"m"}',
    ],
)
def test_organisations_staff_and_products_are_about_nobody(line: bytes) -> None:
    assert [item.local_person for item in _gp(line) if isinstance(item, Parsed)] == [None]


def test_a_file_without_its_header_does_not_quote_anybody_in_the_message() -> None:
    first = _cld([], header=_cld_row())[0]
    assert isinstance(first, Problem)
    assert first.rule == "header-column-missing"
    cells = [cell for cell in _cld_row().split(",") if cell]
    assert [cell for cell in cells if len(cell) > 3 and cell in first.message] == []
    assert all(cell in first.value for cell in cells[:2])
