"""Who is involved, by name; whom to ring; what is booked; and results under the report they belong to."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

NOW = datetime(2020, 10, 31, 9, tzinfo=UTC)
ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
NAMES = {"P01": "A Surgery", "T01": "A Hospital", "C01": "A Council"}
SOURCE = {"gp": "P01", "adt": "T01", "caseload": "C01"}


@pytest.fixture(autouse=True)
def _django(home: Path) -> None:
    """The record app is importable only once Django is set up."""


def details(*resources: tuple[str, Mapping[str, Any]], posts: Mapping[Any, Any] | None = None) -> Any:
    """The page's details of these (feed, resource), read on 31 October 2020."""
    from commonweal.apps.record.page.absences import Absences
    from commonweal.apps.record.page.sections import details as made

    reading = read(*resources, posts=posts)
    return made(reading, Absences(reading))


def read(*resources: tuple[str, Mapping[str, Any]], posts: Mapping[Any, Any] | None = None) -> Any:
    """What the page is made of."""
    from commonweal.apps.record.feed_facts import feed_facts
    from commonweal.apps.record.page.reading import CONTACTS, Reading, Row

    rows = [Row(one["resourceType"], dict(one), SOURCE[feed], feed, "clinical", 0.0) for feed, one in resources]
    by_kind: dict[str, list[Row]] = {}
    for row in rows:
        by_kind.setdefault(row.kind, []).append(row)
    scope: Any = SimpleNamespace(withheld=(), may_emergency=False, categories=frozenset({"clinical"}))
    contacts = [row for row in rows if row.kind in CONTACTS]
    return Reading(scope, NOW, rows, by_kind, contacts, {}, NAMES, {}, feed_facts(NOW.date()), frozenset(), posts or {})


def registered(**more: Any) -> tuple[str, dict[str, Any]]:
    practice = {"system": ODS, "value": "P01", "period": {"start": "2012-05-01"}}
    doctor = {"system": "https://fhir.hl7.org.uk/Id/gmp-number", "value": "G9990001"}
    return "gp", {
        "resourceType": "Patient",
        "id": "1",
        "generalPractitioner": [
            {"type": "Organization", "identifier": practice},
            {"type": "Practitioner", "identifier": doctor},
        ],
        "managingOrganization": {"identifier": {"system": ODS, "value": "P01"}},
    } | more


def said(found: Any) -> list[tuple[str, str, str, date | None]]:
    return [(one.organisation_name, one.who, one.post, one.since) for one in found.involved]


def test_the_usual_doctor_is_named_by_the_directory_and_the_practice_since_when() -> None:
    posts = {("G9990001", "P01"): ("Dr Ada Lee", "General practitioner")}
    assert said(details(registered(), posts=posts)) == [
        ("A Surgery", "Dr Ada Lee", "General practitioner", date(2012, 5, 1))
    ]
    # Without the directory a bare number names nobody, and is not shown as if it did
    assert said(details(registered())) == [("A Surgery", "", "", date(2012, 5, 1))]


def test_who_has_left_a_practice_is_not_its_person_now_and_the_dead_are_so_until_they_died() -> None:
    feed, left = registered(active=False)
    del left["generalPractitioner"]
    assert details((feed, left)).involved == ()
    assert [one.until for one in details(registered(deceasedDateTime="2020-03-01")).involved] == [date(2020, 3, 1)]
    assert details(registered(deceasedDateTime="2018-03-01")).involved == ()


def stay(who: Mapping[str, Any], start: str, **more: Any) -> tuple[str, dict[str, Any]]:
    return "adt", {
        "resourceType": "Encounter",
        "id": start,
        "status": "in-progress",
        "class": {"code": "IMP"},
        "period": {"start": start},
        "participant": [{"individual": who}],
        "serviceProvider": {"identifier": {"system": ODS, "value": "T01"}},
    } | more


def test_the_latest_consultant_is_in_charge_with_the_post_the_directory_gives() -> None:
    now = stay({"display": "Mr B Hall", "identifier": {"value": "C9990001"}}, "2020-10-20")
    before = stay({"display": "Dr C Ode"}, "2020-09-01", status="finished", period={"start": "2020-09-01"})
    posts = {("C9990001", "T01"): ("Mr Basil Hall", "Consultant")}
    assert said(details(now, before, posts=posts)) == [("A Hospital", "Mr Basil Hall", "Consultant", date(2020, 9, 1))]
    assert said(details(now)) == [("A Hospital", "Mr B Hall", "", date(2020, 10, 20))]


def test_two_named_workers_of_one_team_are_two_lines() -> None:
    def worker(name: str) -> tuple[str, dict[str, Any]]:
        team = {"url": "https://commonweal.example/StructureDefinition/responsible-team", "valueString": "Adults"}
        return "caseload", {
            "resourceType": "CareTeam",
            "id": name,
            "name": name,
            "extension": [team],
            "period": {"start": "2020-09-01"},
        }

    found = details(worker("Jo Whitfield"), worker("Sam Obi")).involved
    assert sorted((one.who, one.role, one.team) for one in found) == [
        ("Jo Whitfield", "Named worker", "Adults"),
        ("Sam Obi", "Named worker", "Adults"),
    ]


def test_whom_to_ring_is_said_once_and_not_after_it_has_ended() -> None:
    daughter = {
        "relationship": [{"coding": [{"display": "Next-of-Kin"}]}],
        "name": {"text": "Ida Moss"},
        "telecom": [{"system": "phone", "value": "01632 960001"}],
    }
    ended = {"name": {"given": ["Al"], "family": "Moss"}, "period": {"end": "2019-01-01"}}
    again = ("adt", {"resourceType": "Patient", "id": "2", "contact": [daughter]})
    found = details(registered(contact=[daughter, ended]), again).kin
    assert [(one.text, one.detail, one.source_name) for one in found] == [
        ("Ida Moss", "Next-of-Kin, 01632 960001", "A Surgery")
    ]


def test_what_is_booked_is_to_come_and_not_yet_in_the_timeline() -> None:
    def booked(start: str, status: str = "booked") -> tuple[str, dict[str, Any]]:
        place = {"actor": {"type": "Location", "display": "Clinic 4"}}
        return "gp", {
            "resourceType": "Appointment",
            "id": start[:10],
            "status": status,
            "start": start,
            "serviceType": [{"text": "Physiotherapy"}],
            "participant": [{"actor": {"reference": "Patient/1"}}, place],
        }

    found = details(
        booked("2020-12-01T14:00:00Z"),
        booked("2020-11-04T10:15:00Z"),
        booked("2020-11-05T10:15:00Z", "cancelled"),
        booked("2020-09-01T10:15:00Z", "fulfilled"),
    )
    assert [(one.text, one.when_text, one.detail) for one in found.appointments.entries] == [
        ("Physiotherapy", "4 November 2020, 10:15am", "Clinic 4"),
        ("Physiotherapy", "1 December 2020, 2pm", "Clinic 4"),
    ]
    # What was cancelled or kept is said where it happened, and nothing is dropped or said twice
    assert sorted(one.id for one in found.timeline) == ["2020-09-01", "2020-11-05"]


def test_what_is_planned_for_later_today_is_to_come_and_who_is_there_is_not() -> None:
    later = [
        stay({"display": "Dr C Ode"}, "2020-10-31T15:00:00Z", status=status, id=status)
        for status in ("planned", "in-progress")
    ]
    found = details(*later)
    assert [(one.id, one.when_text) for one in found.appointments.entries] == [("planned", "31 October 2020, 3pm")]
    assert [one.id for one in found.timeline] == ["in-progress"]


def test_results_of_a_report_are_results_and_the_report_says_which() -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "code": {"text": "Full blood count"},
        "effectiveDateTime": "2020-10-01",
        "result": [{"reference": "Observation/o"}],
    }
    haemoglobin = {
        "resourceType": "Observation",
        "id": "o",
        "code": {"text": "Haemoglobin"},
        "effectiveDateTime": "2020-10-01",
        "valueQuantity": {"value": 107, "unit": "g/L"},
        "referenceRange": [{"low": {"value": 120}, "high": {"value": 160, "unit": "g/L"}}],
        "interpretation": [{"coding": [{"code": "L"}]}],
    }
    weight = {"resourceType": "Observation", "id": "w", "code": {"text": "Weight"}, "effectiveDateTime": "2020-10-02"}
    found = details(("adt", report), ("adt", haemoglobin), ("gp", weight))
    assert [(one.text, one.detail) for one in found.results.entries] == [
        ("Full blood count", "Results listed here: Haemoglobin"),
        ("Haemoglobin", "107 g/L (range 120 to 160 g/L; low)"),
    ]
    assert [one.text for one in found.observations.entries] == ["Weight"]


def test_a_referral_says_to_whom_how_urgent_and_why_and_a_service_how_it_stands() -> None:
    asked = {
        "resourceType": "ServiceRequest",
        "id": "s",
        "status": "active",
        "priority": "urgent",
        "code": {"text": "Referral: Cardiology clinic"},
        "authoredOn": "2020-10-01",
        "performer": [{"identifier": {"system": ODS, "value": "T01"}}],
        "reasonCode": [{"text": "Breathless when walking"}],
    }
    over = {
        "resourceType": "EpisodeOfCare",
        "id": "e",
        "status": "finished",
        "period": {"start": "2020-01-02", "end": "2020-02-03"},
    }
    found = details(("gp", asked), ("adt", over))
    assert [one.detail for one in found.referrals.entries] == ["To A Hospital, urgent: Breathless when walking"]
    assert [(one.status, one.when_text) for one in found.services.past] == [
        ("finished", "2 January 2020 to 3 February 2020")
    ]


def test_what_few_sources_send_has_its_heading_and_nothing_is_said_twice() -> None:
    power = {
        "resourceType": "Consent",
        "id": "c",
        "status": "active",
        "category": [{"text": "Lasting power of attorney"}],
    }
    walked = {"resourceType": "QuestionnaireResponse", "id": "q", "status": "completed", "authored": "2020-10-01"}
    frame = {"resourceType": "Device", "id": "d", "type": {"text": "Walking frame"}}
    told = {"resourceType": "Communication", "id": "m", "status": "completed"}
    found = details(("adt", power), ("adt", walked), ("adt", frame), ("adt", told))
    assert [(heading, [one.text for one in part.entries]) for _, heading, part in found.further] == [
        ("Legal information", ["Lasting power of attorney"]),
        ("Assessments", ["Questionnaire response"]),
        ("Devices and equipment", ["Walking frame"]),
    ]
    assert [one.text for one in found.other.entries] == ["Communication: No description recorded"]


def test_a_decision_made_ahead_says_who_decides_and_what_is_refused() -> None:
    power = {
        "resourceType": "Consent",
        "id": "c",
        "status": "active",
        "category": [{"text": "Lasting power of attorney"}],
        "sourceAttachment": {"title": "Registered"},
        "provision": {"actor": [{"role": {"text": "Attorney"}, "reference": {"display": "Mary Lee"}}]},
    }
    refused = power | {
        "id": "r",
        "category": [{"text": "Advance decision"}],
        "provision": {"type": "deny", "code": [{"text": "Ventilation"}]},
    }
    revoked = refused | {"id": "x", "status": "inactive", "category": [{"text": "Withdrawn decision"}]}
    another = refused | {"id": "s", "provision": {"type": "deny", "code": [{"text": "Transfusion"}]}}
    again = refused | {"id": "t"}
    ((_, _, legal),) = details(("gp", power), ("gp", refused), ("gp", revoked), ("gp", another), ("adt", again)).further
    assert [(one.text, one.detail) for one in legal.entries] == [
        ("Lasting power of attorney", "Attorney: Mary Lee. Registered"),
        ("Advance decision", "Refuses: Ventilation. Registered"),
        ("Advance decision", "Refuses: Transfusion. Registered"),
    ]
    assert [one.source_name for one in legal.entries[1].also] == ["A Hospital"]
    assert [one.text for one in legal.past] == ["Withdrawn decision"]


def test_an_assessment_says_what_was_found_whatever_its_type_and_is_no_measurement() -> None:
    asked = {
        "resourceType": "QuestionnaireResponse",
        "id": "q",
        "status": "completed",
        "authored": "2020-10-01",
        "_questionnaire": {
            "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/display", "valueString": "Carer's review"}]
        },
        "item": [
            {"linkId": "1", "text": "Sleeps", "answer": [{"valueBoolean": False}]},
            {"linkId": "2", "item": [{"linkId": "2.1", "answer": [{"valueCoding": {"display": "Often"}}]}]},
            {"linkId": "3", "text": "Not answered"},
        ],
    }
    scale = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "category": [{"coding": [{"code": "survey"}]}],
        "code": {"text": "Clinical Frailty Scale"},
        "effectiveDateTime": "2020-10-02",
        "valueInteger": 0,
    }
    capacity = {
        "resourceType": "ClinicalImpression",
        "id": "i",
        "status": "completed",
        "code": {"text": "Mental capacity assessment"},
        "description": "Where to live",
        "summary": "Has capacity",
        "effectiveDateTime": "2019-05-03",
    }
    operation = capacity | {"id": "j", "description": "An operation", "effectiveDateTime": "2018-05-03"}
    found = details(("gp", asked), ("gp", scale), ("gp", capacity), ("gp", operation))
    ((_, heading, part),) = found.further
    assert heading == "Assessments"
    assert [(one.text, one.detail, one.when_text) for one in part.entries] == [
        ("Clinical Frailty Scale", "0", "2 October 2020"),
        ("Carer's review", "Sleeps: no; 2.1: Often", "1 October 2020"),
        ("Mental capacity assessment", "Where to live: Has capacity", "3 May 2019"),
        ("Mental capacity assessment", "An operation: Has capacity", "3 May 2018"),
    ]
    assert found.observations.entries == ()


def test_a_device_in_use_is_said_once_and_a_goal_given_up_is_no_goal() -> None:
    own = {"resourceType": "Device", "id": "d", "type": {"text": "Cardiac pacemaker"}}
    use = {
        "resourceType": "DeviceUseStatement",
        "id": "u",
        "status": "active",
        "device": {"reference": "Device/d"},
        "timingPeriod": {"start": "2018-02-03"},
        "note": [{"text": "Ask before an MRI scan"}],
    }
    goal = {
        "resourceType": "Goal",
        "id": "g",
        "lifecycleStatus": "active",
        "description": {"text": "To walk to the shop"},
        "target": [{"dueDate": "2021-01-05"}],
    }
    left = goal | {"id": "h", "lifecycleStatus": "cancelled", "description": {"text": "To swim"}}
    wrong = goal | {"id": "w", "lifecycleStatus": "entered-in-error", "description": {"text": "Somebody else's"}}
    (_, _, goals), (_, _, devices) = details(
        ("gp", own), ("gp", use), ("gp", goal), ("gp", left), ("gp", wrong)
    ).further
    assert [(one.text, one.detail, one.when_text) for one in devices.entries] == [
        ("Cardiac pacemaker", "Ask before an MRI scan", "3 February 2018")
    ]
    assert [(one.text, one.detail) for one in goals.entries] == [("To walk to the shop", "By 5 January 2021")]
    assert [one.text for one in goals.past] == ["To swim"]


def test_an_allergy_denied_elsewhere_says_so_in_its_own_place_and_by_whom_it_is_shared() -> None:
    from commonweal.apps.record.page.absences import Absences
    from commonweal.apps.record.page.summary import allergies

    def allergic(code: str, words: str) -> dict[str, Any]:
        concept = {"coding": [{"code": code}], "text": words}
        return {"resourceType": "AllergyIntolerance", "id": code, "code": concept}

    denied = allergic("716186003", "No known allergy")
    stay = {"resourceType": "Encounter", "id": "e", "status": "finished", "class": {"code": "IMP"}}
    for rows, listed, messages in (
        ((("gp", allergic("91936005", "Allergy to penicillin")), ("adt", denied), ("adt", stay)),
         [("Allergy to penicillin", ""), ("No known allergy", "denied")], []),
        ((("adt", denied), ("adt", stay)), [], ["Allergies: none known."]),
        ((("gp", allergic("91936005", "Allergy to penicillin")), ("adt", stay)),
         [("Allergy to penicillin", "")], ["Allergies: not shared by A Hospital."]),
    ):  # fmt: skip
        reading = read(*rows)
        part = allergies(reading, Absences(reading))
        assert [(one.text, one.status) for one in part.entries] == listed
        assert [one.text for one in part.messages] == messages
