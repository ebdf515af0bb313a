"""What is asked of PDS and what each answer means, against answers in the published shapes."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from commonweal.feeds.pds import Answer, Asked, Kind, Pds, PdsRefused, PdsUnavailable, https_transport
from commonweal.feeds.pds.simulator import People

NUMBER, OTHER = "9990000018", "9990000026"
ASKED = Asked(None, "Smythe", "Jane Ann", date(2010, 10, 22), "female", "LS1 6AE")


def patient(number: str = NUMBER, family: str = "Smythe", given: str = "Jane", **more: Any) -> dict[str, Any]:
    shape = {"resourceType": "Patient", "id": number, "birthDate": "2010-10-22", "gender": "female"}
    return {**shape, "name": [{"use": "usual", "family": family, "given": [given]}], **more}


def bundle(*patients: dict[str, Any], score: float = 1) -> dict[str, Any]:
    entries = [{"resource": one, "search": {"score": score}} for one in patients]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


TOO_MANY = {"resourceType": "OperationOutcome", "issue": [{"severity": "information", "code": "multiple-matches"}]}
MOVED = patient(OTHER)
BORN = patient(birthDate="2010-10-23")


class Fixed:
    """Answers the same whatever is asked, and remembers what was."""

    def __init__(self, status: int, body: Any) -> None:
        self.status, self.body = status, body
        self.asked: list[tuple[str, dict[str, str]]] = []

    def __call__(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, bytes]:
        self.asked.append((path, dict(query)))
        assert headers["X-Request-ID"]
        return self.status, self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (bundle(patient()), Answer(Kind.FOUND, NUMBER)),
        (bundle(patient(meta={"security": [{"code": "R"}]})), Answer(Kind.FOUND, NUMBER, restricted=True)),
        (bundle(patient(meta={"security": [{"code": "U"}]})), Answer(Kind.FOUND, NUMBER)),
        (bundle(patient(), score=0.9), Answer(Kind.SEVERAL, candidates=(NUMBER,))),
        (bundle(patient(given="Harriet")), Answer(Kind.SEVERAL, candidates=(NUMBER,))),
        (bundle(patient(family="Jones")), Answer(Kind.SEVERAL, candidates=(NUMBER,))),
        (bundle(BORN), Answer(Kind.SEVERAL, candidates=(NUMBER,))),
        (bundle(patient(), MOVED), Answer(Kind.SEVERAL, candidates=(NUMBER, OTHER))),
        (bundle(patient("1234567890")), Answer(Kind.NONE)),  # no number anybody has
        (bundle(), Answer(Kind.NONE)),
        (TOO_MANY, Answer(Kind.SEVERAL)),
    ],
)
def test_only_one_match_that_agrees_is_believed(body: dict[str, Any], expected: Answer) -> None:
    transport = Fixed(200, body)
    assert Pds(transport, 0.95).trace(ASKED) == expected
    assert transport.asked == [
        (
            "/Patient",
            {
                "family": "Smythe",
                "given": "Jane",
                "birthdate": "eq2010-10-22",
                "gender": "female",
                "address-postalcode": "LS1 6AE",
                "_max-results": "2",
            },
        )
    ]


def test_a_number_is_asked_by_itself_and_the_answers_own_number_counts() -> None:
    transport = Fixed(200, MOVED)
    assert Pds(transport, 0.95).trace(Asked(NUMBER, "Smythe", "Jane", date(2010, 10, 22))) == Answer(Kind.FOUND, OTHER)
    assert transport.asked == [(f"/Patient/{NUMBER}", {})]


def test_a_number_that_was_withdrawn_is_never_followed_by_a_search() -> None:
    transport = Fixed(404, {"resourceType": "OperationOutcome"})
    assert Pds(transport, 0.95).trace(Asked(NUMBER, "Smythe", "Jane", date(2010, 10, 22))) == Answer(Kind.NONE)
    assert len(transport.asked) == 1


def test_without_a_family_name_and_a_birth_date_nothing_is_asked() -> None:
    transport = Fixed(200, bundle(patient()))
    assert Pds(transport, 0.95).trace(Asked(None, "", "Jane", date(2010, 10, 22))) == Answer(Kind.NONE)
    assert Pds(transport, 0.95).trace(Asked(None, "Smythe", "Jane", None)) == Answer(Kind.NONE)
    assert transport.asked == []


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {}, PdsRefused),
        (400, {}, PdsRefused),
        (429, {}, PdsUnavailable),
        (503, b"", PdsUnavailable),
        (200, b"<html>", PdsUnavailable),
        (200, [], PdsUnavailable),
    ],
)
def test_what_is_no_answer_is_an_error_that_says_what_to_do(status: int, body: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"later|COMMONWEAL_PDS"):
        Pds(Fixed(status, body), 0.95).trace(ASKED)


@pytest.mark.parametrize("address", ["http://pds.example/FHIR/R4", "ftp://127.0.0.1", "file:///etc/passwd", ""])
def test_particulars_go_nowhere_in_the_clear(address: str) -> None:
    with pytest.raises(PdsRefused, match="https"):
        https_transport(address, "", 1)


def test_the_simulator_shows_no_location_of_the_restricted_but_finds_them() -> None:
    where: dict[str, Any] = {"address": [{"postalCode": "LS1 6AE"}], "meta": {"security": [{"code": "R"}]}}
    number: dict[str, Any] = {"identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": NUMBER}]}
    people = People([patient(**where, **number)])
    status, found = people.search({"family": "SMYTHE", "birthdate": "eq2010-10-22", "address-postalcode": "ls16ae"})
    assert (status, found["total"]) == (200, 1)
    assert "address" not in found["entry"][0]["resource"]
    assert people.search({"family": "Smythe"})[0] == 400


@pytest.mark.parametrize(("status", "died"), [("2", date(2026, 2, 27)), ("1", None), ("", None)])
def test_a_death_is_told_once_it_is_formally_registered(status: str, died: date | None) -> None:
    notice = {
        "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-DeathNotificationStatus",
        "extension": [{"url": "deathNotificationStatus", "valueCodeableConcept": {"coding": [{"code": status}]}}],
    }
    number: dict[str, Any] = {"identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": NUMBER}]}
    dead = patient(deceasedDateTime="2026-02-27T00:00:00+00:00", extension=[notice] if status else [], **number)
    people = People([dead])

    def answers(path: str, query: Mapping[str, str], _: Mapping[str, str]) -> tuple[int, bytes]:
        code, body = people.search(query) if path == "/Patient" else people.patient(path.rpartition("/")[2])
        return code, json.dumps(body).encode()

    for number_asked in (NUMBER, None):
        asked = Asked(number_asked, "Smythe", "Jane", date(2010, 10, 22), "female")
        assert Pds(answers, 0.95).trace(asked) == Answer(Kind.FOUND, NUMBER, died=died)
