"""What is shown of somebody whose location is withheld."""

import json
from datetime import UTC, datetime

import pytest

from commonweal.apps.record.locations import searches, shown, without
from commonweal.apps.record.stored import Stored

PERSON = {
    "resourceType": "Patient",
    "id": "p",
    "name": [{"family": "Quill"}],
    "birthDate": "1984-06-01",
    "address": [{"postalCode": "NG1 1AA"}],
    "telecom": [{"system": "phone", "value": "0115 496 0000"}],
    "contact": [{"address": {"postalCode": "NG1 1AA"}}],
    "generalPractitioner": [{"display": "Old Mill Surgery"}],
    "text": {"div": "<div>NG1 1AA</div>"},
}
STAY = {
    "resourceType": "Encounter",
    "status": "finished",
    "location": [{"location": {"display": "Ward 4"}}],
    "hospitalization": {"origin": {"display": "Home"}, "dischargeDisposition": {"text": "Usual place"}},
}


def test_what_says_where_a_person_is_goes_and_the_rest_stays() -> None:
    left = without(PERSON)
    assert {"id", "name", "birthDate", "meta", "resourceType"} == set(left)
    assert left["meta"]["security"][0]["code"] == "REDACTED"
    assert "NG1" not in json.dumps(left)
    stay = without(STAY)
    assert "location" not in stay
    assert stay["hospitalization"] == {"dischargeDisposition": {"text": "Usual place"}}


def test_what_says_nothing_of_it_is_not_touched() -> None:
    body = b'{ "resourceType":"Observation", "valueQuantity":{"value":72.50}}'
    kept = Stored("Observation", "o", 1, datetime(2020, 1, 1, tzinfo=UTC), body, "P01", "gp", "clinical", None)
    assert shown(kept) is kept


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["family", "birthdate"], False),
        (["address-postalcode"], True),
        (["phone:missing"], True),
        (["patient.address-city"], True),
        (["subject:Patient.general-practitioner.name"], True),
        (["_has:Patient:link:address"], True),
        (["location"], True),
        (["code", "date"], False),
    ],
)
def test_searches_that_could_find_somebody_by_where_they_are(names: list[str], expected: bool) -> None:
    assert searches(names) is expected
