"""Batch and transaction: all or nothing, each by itself, references resolved, and what is too much."""

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from tests.integration.fhir_world import Ask, World, asking, make, outcome, patient, weight

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(scope="module")
def world(database: str) -> World:
    return make()


@pytest.fixture
def ask(world: World) -> Iterator[Ask]:
    connection.close()
    connection.settings_dict["USER"] = "commonweal_app"
    yield asking(world)
    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"


def bundle(kind: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def entry(method: str, url: str, resource: Any = None, full: str = "", **more: str) -> dict[str, Any]:
    made: dict[str, Any] = {"request": {"method": method, "url": url, **more}}
    if resource is not None:
        made["resource"] = json.loads(resource) if isinstance(resource, str) else resource
    return made | ({"fullUrl": full} if full else {})


def statuses(response: Any) -> list[str]:
    said = response.json()
    assert response.status_code == 200, said
    return [one["response"]["status"] for one in said["entry"]]


def count(ask: Ask, path: str) -> int:
    return int(ask("r01", "GET", path + "&_total=accurate&_summary=count").json()["total"])


def test_a_transaction_resolves_what_its_entries_call_each_other(ask: Ask) -> None:
    sent = bundle(
        "transaction",
        entry("GET", "Patient?_id=nobody"),
        entry("POST", "Observation", weight("x").replace("Patient/x", "urn:uuid:1"), "urn:uuid:2"),
        entry("POST", "Patient", patient(), "urn:uuid:1"),
    )
    response = ask("r01", "POST", "", sent, Prefer="return=representation")
    said = response.json()
    assert (said["type"], statuses(response)) == ("transaction-response", ["200", "201", "201"])
    _, observation, person = said["entry"]
    assert observation["resource"]["subject"]["reference"] == f"Patient/{person['resource']['id']}"
    assert person["response"]["location"].endswith(f"/Patient/{person['resource']['id']}/_history/1")
    assert person["response"]["etag"] == 'W/"1"'
    assert said["entry"][0]["resource"]["resourceType"] == "Bundle"


def test_a_body_in_a_bundle_is_kept_as_sent(ask: Ask) -> None:
    person = ask("r01", "POST", "Patient", patient()).json()["id"]
    text = '{"resourceType":"Bundle","type":"transaction","entry":[{"resource": %s ,"request":%s}]}'
    response = ask("r01", "POST", "", text % (weight(person), '{"method":"POST","url":"Observation"}'))
    place = response.json()["entry"][0]["response"]["location"].partition("/fhir/R4/")[2]
    assert b'"valueQuantity" : {"value":72.50,"unit":"k\\u0067"}' in ask("r01", "GET", place).content


def test_a_transaction_that_fails_leaves_nothing(ask: Ask) -> None:
    system = "urn:all-or-nothing"
    said = patient(identifier=[{"system": system, "value": "1"}])
    response = ask(
        "r01",
        "POST",
        "",
        bundle(
            "transaction", entry("POST", "Patient", said), entry("POST", "Condition", {"resourceType": "Condition"})
        ),
    )
    assert outcome(response) == (
        422,
        [("error", "required", "required: subject is required; send it", ["Bundle.entry[1].resource.subject"])],
    )
    assert count(ask, f"Patient?identifier={system}|1") == 0


def test_a_batch_keeps_what_holds_and_says_what_does_not(ask: Ask) -> None:
    person = ask("r01", "POST", "Patient", patient()).json()["id"]
    sent = bundle(
        "batch",
        entry("POST", "Observation", weight("vicky")),
        entry("POST", "Observation", weight(person)),
        entry("DELETE", "Observation/never-was"),
        entry("GET", f"Patient/{person}"),
        entry("GET", "Patient/vicky"),
        entry("GET", "Nonsense/$x/y"),
    )
    response = ask("r01", "POST", "", sent)
    assert statuses(response) == ["422", "201", "404", "200", "404", "404"]
    refused = response.json()["entry"][0]["response"]["outcome"]["issue"]
    assert [one["diagnostics"] for one in refused] == ["Patient/vicky is not one of your organisation's"]
    assert response.json()["entry"][3]["resource"]["id"] == person


def test_verbs_are_done_in_the_standards_order_and_answered_in_the_senders(ask: Ask) -> None:
    person = ask("r01", "POST", "Patient", patient()).json()["id"]
    ident = ask("r01", "POST", "Observation", weight(person, identifier=[{"system": "urn:o", "value": person}])).json()[
        "id"
    ]
    sent = bundle(
        "transaction",
        entry("GET", f"Observation?identifier=urn:o|{person}"),
        entry("PUT", f"Patient/{person}", patient(id=person, gender="female"), ifMatch='W/"1"'),
        entry("POST", "Observation", weight(person, identifier=[{"system": "urn:o", "value": person}])),
        entry("DELETE", f"Observation/{ident}"),
    )
    response = ask("r01", "POST", "", sent)
    assert statuses(response) == ["200", "200", "201", "204"]
    found = response.json()["entry"][0]["resource"]["entry"]
    assert [one["resource"]["id"] for one in found] != [ident]
    assert len(found) == 1


def test_conditions_and_conditional_references_are_resolved(ask: Ask) -> None:
    said = patient(identifier=[{"system": "urn:c", "value": "9"}])
    to_patient = weight("x").replace("Patient/x", "Patient?identifier=urn:c|9")
    sent = bundle(
        "transaction",
        entry("POST", "Patient", said, ifNoneExist="identifier=urn:c|9"),
        entry("POST", "Observation", to_patient),
        entry("PUT", "Condition?identifier=urn:c|9", condition("Patient?identifier=urn:c|9")),
    )
    first, second = ask("r01", "POST", "", sent), ask("r01", "POST", "", sent)
    assert (statuses(first), statuses(second)) == (["201", "201", "201"], ["200", "201", "200"])
    assert count(ask, "Patient?identifier=urn:c|9") == 1
    nobody = bundle("transaction", entry("POST", "Observation", to_patient.replace("urn:c|9", "urn:c|none")))
    assert outcome(ask("r01", "POST", "", nobody)) == (
        412,
        [("error", "not-found", "A reference finds nothing of your organisation's", ["Bundle.entry[0]"])],
    )


def test_a_reference_to_what_a_condition_found_names_that(ask: Ask) -> None:
    said = patient(identifier=[{"system": "urn:c", "value": "10"}])
    known = {"full": "urn:uuid:1", "ifNoneExist": "identifier=urn:c|10"}
    to_it = weight("x").replace("Patient/x", "urn:uuid:1")
    sent = bundle("transaction", entry("POST", "Patient", said, **known), entry("POST", "Observation", to_it))
    places = []
    for status in ("201", "200"):
        answer = ask("r01", "POST", "", sent, Prefer="return=representation")
        assert statuses(answer) == [status, "201"]
        person, observation = (one["resource"] for one in answer.json()["entry"])
        assert observation["subject"]["reference"] == f"Patient/{person['id']}"
        places.append(person["id"])
    assert places[0] == places[1]
    sent["entry"].append(entry("DELETE", f"Patient/{places[0]}"))
    assert outcome(ask("r01", "POST", "", sent))[0] == 400
    encounter = {"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}}
    encounter["subject"] = {"reference": "Patient/vicky"}
    its = json.loads(weight("vicky")) | {"encounter": {"reference": "urn:uuid:1"}}
    by_staff = bundle("transaction", entry("POST", "Encounter", encounter, **known), entry("POST", "Observation", its))
    assert outcome(ask("gp", "POST", "", by_staff))[0] == 400
    del by_staff["entry"][1]
    assert statuses(ask("gp", "POST", "", by_staff)) == ["201"]


def condition(subject: str) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "identifier": [{"system": "urn:c", "value": "9"}],
        "subject": {"reference": subject},
    }


def test_a_patch_in_a_bundle_is_a_binary(ask: Ask) -> None:
    person = ask("r01", "POST", "Patient", patient()).json()["id"]
    patch = b64encode(b'[{"op":"add","path":"/gender","value":"female"}]').decode()
    binary = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": patch}
    assert statuses(ask("r01", "POST", "", bundle("transaction", entry("PATCH", f"Patient/{person}", binary)))) == [
        "200"
    ]
    assert ask("r01", "GET", f"Patient/{person}").json()["gender"] == "female"


def test_care_staff_may_add_several_entries_at_once(ask: Ask) -> None:
    sent = bundle(
        "transaction", entry("POST", "Observation", weight("vicky")), entry("POST", "Observation", weight("vicky"))
    )
    assert statuses(ask("gp", "POST", "", sent)) == ["201", "201"]
    assert outcome(ask("stranger", "POST", "", sent))[0] == 403


@pytest.mark.parametrize(
    ("sent", "status", "issue"),
    [
        (patient(), 400, ("invalid", "Send a Bundle of type batch or transaction here", ["Bundle.resourceType"])),
        (bundle("document"), 400, ("invalid", "A Bundle sent here is a batch or a transaction", ["Bundle.type"])),
        (bundle("batch") | {"entry": {}}, 400, ("structure", "entry is an array of objects", ["Bundle.entry"])),
        (
            bundle("batch", {}),
            400,
            ("required", "Each entry says what to do: request.method and request.url", ["Bundle.entry[0].request"]),
        ),
        (
            bundle("batch", entry("BREW", "Patient")),
            400,
            ("not-supported", "method is GET, HEAD, POST, PUT, PATCH or DELETE", ["Bundle.entry[0].request.method"]),
        ),
        (
            bundle("transaction", entry("PUT", "Patient/a", patient(id="a")), entry("DELETE", "Patient/a")),
            400,
            ("invalid", "Patient/a is written twice in one transaction", ["Bundle.entry[0]"]),
        ),
        (
            bundle("batch", *[entry("GET", "Patient/a")] * 2001),
            413,
            ("too-costly", "More than 2000 entries; split the Bundle", ["Bundle.entry"]),
        ),
        (
            bundle("batch") | {"link": [{"reference": "x"}] * 10_001},
            413,
            ("too-costly", "More than 10000 references; split the Bundle", ["Bundle"]),
        ),
        ("[" * 100_000, 400, ("structure", "not JSON: unexpected character: line 1 column 2 (char 1)", [])),
        ('{"a":' * 500 + "1" + "}" * 500, 400, ("too-costly", "nested more than 64 deep; flatten the resource", [])),
    ],
)
def test_what_is_no_bundle_or_too_much_is_refused_with_the_place(ask: Ask, sent: Any, status: int, issue: Any) -> None:
    code, issues = outcome(ask("r01", "POST", "", sent))
    assert code == status
    if isinstance(sent, str) and sent.startswith("["):
        assert issues[0][1] in ("structure", "too-costly", "incomplete")
    else:
        assert issues == [("error", *issue)]


def test_fifty_megabytes_are_refused_unread(ask: Ask) -> None:
    import tracemalloc

    sent = b'{"resourceType":"Bundle","type":"batch","x":"' + b"x" * 50_000_000 + b'"}'
    tracemalloc.start()
    response = ask("r01", "POST", "", sent)
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert outcome(response) == (
        413,
        [("error", "too-long", "Over 10485760 bytes; send less at a time, and attachments apart", [])],
    )
    assert used < len(sent) * 1.5  # the test client's own copy, and no other


def test_ten_thousand_references_in_one_resource_are_refused(ask: Ask) -> None:
    said = patient(generalPractitioner=[{"reference": "Practitioner/x"}] * 10_000)
    assert outcome(ask("r01", "POST", "Patient", said)) == (
        413,
        [("error", "too-costly", "More than 5000 references; split the resource", [])],
    )
