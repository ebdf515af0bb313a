"""Writing by FHIR in the web role: one interaction after another, each answer whole, and who may not."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from tests.integration.fhir_world import JSON, NHS, SNOMED, Ask, World, asking, make, outcome, patient, weight

pytestmark = pytest.mark.usefixtures("database")
PATCH = "application/json-patch+json"


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


@pytest.fixture
def person(ask: Ask) -> str:
    """The id of a new Patient of the hospital's."""
    return str(ask("r01", "POST", "Patient", patient()).json()["id"])


def rows(statement: str, *values: Any) -> list[Any]:
    connection.close()
    before, connection.settings_dict["USER"] = connection.settings_dict["USER"], "commonweal_batch"
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        found = cursor.fetchall()
    connection.close()
    connection.settings_dict["USER"] = before
    return list(found)


# --- create -------------------------------------------------------------------------------------------------


def test_a_new_resource_is_the_text_sent_with_id_and_meta_spliced_in(ask: Ask, person: str) -> None:
    sent = weight(person)
    response = ask("r01", "POST", "Observation", sent)
    assert response.status_code == 201
    ident, meta = response.json()["id"], response.json()["meta"]
    spliced = f',"id":"{ident}","meta":{{"versionId":"1","lastUpdated":"{meta["lastUpdated"]}"}}'
    assert response.content.decode() == sent.replace('"Observation"', '"Observation"' + spliced)
    assert "72.50" in sent
    assert response["Location"] == f"http://127.0.0.1/fhir/R4/Observation/{ident}/_history/1"
    assert response["ETag"] == 'W/"1"'
    read = ask("r01", "GET", f"Observation/{ident}")
    assert (read.content, read["ETag"], read["Last-Modified"]) == (
        response.content,
        response["ETag"],
        response["Last-Modified"],
    )


def test_it_is_found_by_its_values_at_once(ask: Ask, person: str) -> None:
    ident = ask("r01", "POST", "Observation", weight(person, "91.7")).json()["id"]
    found = ask("r01", "GET", f"Observation?patient={person}&code={SNOMED}|27113001&value-quantity=91.7").json()
    assert [entry["resource"]["id"] for entry in found["entry"]] == [ident]


@pytest.mark.parametrize(
    ("prefer", "body"),
    [
        ("return=minimal", b""),
        (
            "return=OperationOutcome",
            b'{"resourceType":"OperationOutcome","issue":[{"severity":"information","code":"informational",'
            b'"details":{"text":"Created"},"diagnostics":"Created"}]}',
        ),
    ],
)
def test_a_client_says_what_it_wants_back(ask: Ask, person: str, prefer: str, body: bytes) -> None:
    response = ask("r01", "POST", "Observation", weight(person), Prefer=prefer)
    assert (response.status_code, response.content) == (201, body)
    assert response["Location"]


def test_a_conditional_create_makes_one_and_then_finds_it(ask: Ask) -> None:
    said = patient(identifier=[{"system": "urn:hospital", "value": "77"}])
    first = ask("r01", "POST", "Patient", said, If_None_Exist="identifier=urn:hospital|77")
    again = ask("r01", "POST", "Patient", said, If_None_Exist="identifier=urn:hospital|77")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content
    ask("r01", "POST", "Patient", said)
    assert outcome(ask("r01", "POST", "Patient", said, If_None_Exist="identifier=urn:hospital|77")) == (
        412,
        [("error", "multiple-matches", "Several resources match If-None-Exist", [])],
    )
    assert ask("r01", "POST", "Patient", said, If_None_Exist="nonsense=1").status_code == 400
    assert outcome(ask("r01", "POST", "Patient", said, If_None_Exist="_count=1")) == (
        400,
        [("error", "invalid", "A condition names a search parameter, such as identifier=system|value", [])],
    )


@pytest.mark.parametrize(
    ("body", "kind", "status", "issues"),
    [
        (" ", JSON, 400, [("error", "incomplete", "The body is empty", [])]),
        ("{}", "text/plain", 415, [("error", "not-supported", "Send Content-Type: application/fhir+json", [])]),
        (b'{"resourceType":"Observation","x":"\xff"}', JSON, 400, [("error", "structure", "Byte 36 is not UTF-8", [])]),
        (
            '{"resourceType":"Patient","birthDate":"1980-02-03"}',
            JSON,
            400,
            [("error", "invalid", "The address says Observation and the body another type", ["resourceType"])],
        ),
        (
            '{"resourceType":"Observation","status":"perhaps","code":{"text":"x"},"valu":1}',
            JSON,
            422,
            [
                (
                    "error",
                    "code-invalid",
                    "code-not-in-value-set: not a code of observation-status; use one of: amended, cancelled, "
                    "corrected, entered-in-error, final, preliminary, registered, unknown",
                    ["Observation.status"],
                ),
                (
                    "error",
                    "structure",
                    "unknown-element: not an element of this type in FHIR R4; correct the name or move it to an "
                    "extension",
                    ["Observation.valu"],
                ),
            ],
        ),
    ],
)
def test_what_cannot_be_stored_is_refused_with_the_reason_and_the_place(
    ask: Ask, body: Any, kind: str, status: int, issues: list[Any]
) -> None:
    assert outcome(ask("r01", "POST", "Observation", body, kind)) == (status, issues)


def test_what_does_not_say_whose_it_is_is_kept_for_its_source_alone(ask: Ask, person: str) -> None:
    """A result without a subject is not lost, is in nobody's record, and is seen by its source's system only."""
    body = '{"resourceType":"Observation","id":"apart","status":"final","code":{"text":"apart"}}'
    put = ask("r01", "PUT", "Observation/apart", body, Prefer="return=OperationOutcome")
    assert put.status_code == 201
    said = [(issue["severity"], issue["code"]) for issue in put.json()["issue"]]
    assert ("warning", "business-rule") in said
    assert ask("r01", "GET", "Observation/apart").json()["code"] == {"text": "apart"}
    assert [e["resource"]["id"] for e in ask("r01", "GET", "Observation?_id=apart").json()["entry"]] == ["apart"]
    for somebody in ("p01", "gp", "stranger", "citizen"):
        assert ask(somebody, "GET", "Observation/apart").status_code == 404, somebody
    # Whose it is cannot be changed in place, as for anything that is filed: history would tell of somebody else.
    named = body.replace('"status"', f'"subject":{{"reference":"Patient/{person}"}},"status"')
    assert ask("r01", "PUT", "Observation/apart", named).status_code == 422
    assert ask("gp", "POST", "Observation", body.replace('"id":"apart",', "")).status_code == 422


def test_a_nul_character_is_kept_in_the_text_and_left_out_of_what_is_matched(ask: Ask) -> None:
    """JSON may hold it and no column of text may: nowhere does it cost the write, or a landing."""
    ods = {"identifier": {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "R01\x00"}}
    said = patient(
        address=[{"line": ["1\x00"], "postalCode": "ZZ1\x00 1ZZ"}], telecom=[{"value": "\x00", "system": "phone"}]
    )
    said |= {"name": [{"family": "Mo\x00ss", "given": ["V\x00"]}], "generalPractitioner": [ods]}
    made = ask("r01", "POST", "Patient", said)
    assert made.status_code == 201, made.content
    ident = made.json()["id"]
    assert ask("r01", "GET", f"Patient/{ident}").json()["name"] == said["name"]
    stay = {"resourceType": "Encounter", "status": "in-progress", "class": {"code": "IMP\x00"}, "serviceProvider": ods}
    stay |= {"subject": {"reference": f"Patient/{ident}"}, "reasonCode": [{"text": "\x00" * 1000}]}
    assert ask("r01", "POST", "Encounter", stay).status_code == 201


def test_more_fields_than_a_search_may_have_are_refused_in_words(ask: Ask) -> None:
    many = "&".join(["name=a"] * 5000)
    form = "application/x-www-form-urlencoded"
    for response in (ask("r01", "GET", f"Patient?{many}"), ask("r01", "POST", "Patient/_search", many, form)):
        assert outcome(response)[0] == 413


def test_a_member_that_is_there_twice_is_no_guess(ask: Ask, person: str) -> None:
    entry = f'{{"request":{{"method":"POST","url":"Observation"}},"resource":{weight(person)[:-1]},"status":"final"}}}}'
    for path, body, name in (
        ("Patient", '{"resourceType":"Patient","id":"a","id":"b"}', "id"),
        ("Observation", weight(person).replace('"value":72.50', '"value":72.50,"value" :725.0'), "value"),
        ("", f'{{"resourceType":"Bundle","type":"transaction","entry":[{entry}]}}', "status"),
        ("", f'{{"resourceType":"Bundle","type":"batch","entry":[{entry}]}}', "status"),
    ):
        message = f"{name} is there twice; which one counts would be a guess"
        assert outcome(ask("r01", "POST", path, body)) == (400, [("error", "value", message, [name])])


def test_a_body_too_long_is_read_to_its_end_unless_it_is_past_all_meaning(ask: Ask) -> None:
    answer = ask("r01", "POST", "Patient", "x" * 6_000_000)
    assert outcome(answer)[0] == 413
    assert "Connection" not in answer.headers  # the next request may follow
    stated = {"CONTENT_LENGTH": str(10**9)}
    from django.test import Client

    answer = Client(SERVER_NAME="127.0.0.1").generic(
        "POST", "/fhir/R4/Patient", b"x", content_type="application/fhir+json", headers={"Authorization": "x"}, **stated
    )
    assert answer.status_code == 413
    assert answer.headers["Connection"] == "close"


# --- update -------------------------------------------------------------------------------------------------


def test_an_update_makes_a_version_and_the_same_again_makes_none(ask: Ask, person: str) -> None:
    first = ask("r01", "PUT", f"Observation/w-{person}", weight(person, id=f"w-{person}"))
    assert first.status_code == 201  # update as create
    same = ask("r01", "PUT", f"Observation/w-{person}", first.content)
    assert (same.status_code, same["ETag"], same.content) == (200, 'W/"1"', first.content)
    other = ask("r01", "PUT", f"Observation/w-{person}", weight(person, "73.10", id=f"w-{person}"))
    assert (other.status_code, other["ETag"]) == (200, 'W/"2"')
    assert ask("r01", "GET", f"Observation/w-{person}/_history/1").content == first.content
    assert rows(
        "SELECT count(*) FROM record_number n JOIN record_resource r USING (rid) WHERE r.id = %s", f"w-{person}"
    ) == [(1,)]


def test_an_update_over_a_version_that_is_gone_is_refused(ask: Ask, person: str) -> None:
    path = f"Observation/m-{person}"
    ask("r01", "PUT", path, weight(person, id=f"m-{person}"))
    ask("r01", "PUT", path, weight(person, "1.0", id=f"m-{person}"), If_Match='W/"1"')
    assert outcome(ask("r01", "PUT", path, weight(person, "2.0", id=f"m-{person}"), If_Match='W/"1"')) == (
        412,
        [("error", "conflict", "the current version is 2; read it, then try again", [])],
    )
    assert outcome(ask("r01", "PUT", path, weight(person, "2.0", id=f"m-{person}"), If_None_Match="*")) == (
        412,
        [("error", "conflict", "it is there already", [])],
    )
    assert outcome(ask("r01", "PUT", path, weight(person, id=f"m-{person}"), If_Match="one")) == (
        400,
        [("error", "invalid", 'If-Match: give the ETag of a version, such as W/"3"', [])],
    )


def test_the_id_in_the_body_is_the_one_in_the_address(ask: Ask, person: str) -> None:
    expected = (400, [("error", "invalid", "The id in the body is the one in the address", ["Observation.id"])])
    assert outcome(ask("r01", "PUT", "Observation/a", weight(person))) == expected
    assert outcome(ask("r01", "PUT", "Observation/a", weight(person, id="b"))) == expected


def test_a_conditional_update_updates_the_one_it_finds(ask: Ask, person: str) -> None:
    said = {"identifier": [{"system": "urn:w", "value": person}]}
    query = f"Observation?identifier=urn:w|{person}"
    first = ask("r01", "PUT", query, weight(person, **said))
    second = ask("r01", "PUT", query, weight(person, "3.5", id=first.json()["id"], **said))
    assert (first.status_code, second.status_code, second["ETag"]) == (201, 200, 'W/"2"')
    assert second.json()["id"] == first.json()["id"]
    ask("r01", "POST", "Observation", weight(person, **said))
    assert outcome(ask("r01", "PUT", query, weight(person, **said))) == (
        412,
        [("error", "multiple-matches", "Several resources match the condition", [])],
    )


def test_a_read_the_client_has_already_is_not_sent_again(ask: Ask, person: str) -> None:
    response = ask("r01", "GET", f"Patient/{person}")
    assert ask("r01", "GET", f"Patient/{person}", If_None_Match=response["ETag"]).status_code == 304
    assert ask("r01", "GET", f"Patient/{person}", If_None_Match='W/"9"').status_code == 200
    assert ask("r01", "GET", f"Patient/{person}", If_Modified_Since=response["Last-Modified"]).status_code == 304
    assert ask("r01", "GET", f"Patient/{person}", If_Modified_Since="Mon, 01 Jan 2001 00:00:00 GMT").status_code == 200


# --- patch --------------------------------------------------------------------------------------------------


def test_a_patch_changes_what_it_names_and_keeps_every_digit_else(ask: Ask, person: str) -> None:
    ident = ask("r01", "POST", "Observation", weight(person)).json()["id"]
    patch = [{"op": "replace", "path": "/status", "value": "amended"}]
    response = ask("r01", "PATCH", f"Observation/{ident}", patch, PATCH)
    assert (response.status_code, response["ETag"], response.json()["status"]) == (200, 'W/"2"', "amended")
    assert b'"value":72.50' in response.content
    query = f"Observation?_id={ident}"
    assert ask("r01", "PATCH", query, [{"op": "remove", "path": "/effectiveDateTime"}], PATCH)["ETag"] == 'W/"3"'


@pytest.mark.parametrize(
    ("patch", "status", "issue"),
    [
        (
            [{"op": "test", "path": "/status", "value": "x"}],
            409,
            ("error", "conflict", "operation 1: the value there is another one; read, then try again", []),
        ),
        ("[", 400, ("error", "value", "not JSON: Expecting value: line 1 column 2 (char 1)", [])),
        (
            [{"op": "grow", "path": "/a"}],
            400,
            ("error", "value", "operation 1: op is one of add, copy, move, remove, replace, test", []),
        ),
        (
            [{"op": "copy", "from": "", "path": "/note"}] * 501,
            413,
            ("error", "too-costly", "send at most 500 operations", []),
        ),
        (
            [{"op": "remove", "path": "/code"}],
            422,
            ("error", "required", "required: code is required; send it", ["Observation.code"]),
        ),
        (
            [{"op": "replace", "path": "/id", "value": "x"}],
            400,
            ("error", "invalid", "The id in the body is the one in the address", ["Observation.id"]),
        ),
    ],
)
def test_a_patch_that_does_not_hold(ask: Ask, person: str, patch: Any, status: int, issue: Any) -> None:
    ident = ask("r01", "POST", "Observation", weight(person)).json()["id"]
    code, issues = outcome(ask("r01", "PATCH", f"Observation/{ident}", patch, PATCH))
    assert (code, issues) == (status, [issue])
    assert ask("r01", "GET", f"Observation/{ident}")["ETag"] == 'W/"1"'


def test_copies_of_copies_are_stopped_before_memory_is(ask: Ask, person: str) -> None:
    ident = ask("r01", "POST", "Observation", weight(person)).json()["id"]
    patch = [{"op": "add", "path": "/note", "value": ["x" * 1000]}]
    patch += [{"op": "copy", "from": "/note", "path": "/note/-"}] * 40
    assert outcome(ask("r01", "PATCH", f"Observation/{ident}", patch, PATCH))[0] == 413


# --- delete and history -------------------------------------------------------------------------------------


def test_what_is_deleted_is_gone_and_its_versions_stay(ask: Ask, person: str) -> None:
    ident = ask("r01", "POST", "Observation", weight(person)).json()["id"]
    gone = ask("r01", "DELETE", f"Observation/{ident}")
    assert (gone.status_code, gone.content, gone["ETag"]) == (204, b"", 'W/"2"')
    assert outcome(ask("r01", "GET", f"Observation/{ident}")) == (
        410,
        [("error", "deleted", "Its source has withdrawn this resource", [])],
    )
    assert ask("r01", "DELETE", f"Observation/{ident}").status_code == 204
    assert ask("r01", "DELETE", "Observation?_id=never-was").status_code == 204
    assert outcome(ask("r01", "DELETE", "Observation/never-was")) == (
        404,
        [("error", "not-found", "your organisation holds no such resource", [])],
    )
    history = ask("r01", "GET", f"Observation/{ident}/_history").json()
    assert [(e["request"]["method"], e["response"]["status"]) for e in history["entry"]] == [
        ("DELETE", "204"),
        ("POST", "201"),
    ]
    again = ask("r01", "PUT", f"Observation/{ident}", weight(person, id=ident))
    assert (again.status_code, again["ETag"]) == (201, 'W/"3"')


def test_the_history_of_a_type_pages_without_skipping_or_repeating(ask: Ask, person: str) -> None:
    made = [ask("r01", "POST", "Condition", condition(person)).json()["id"] for _ in range(5)]
    ask("r01", "DELETE", f"Condition/{made[0]}")
    seen, path = [], "Condition/_history?_count=2"
    while path:
        page = ask("r01", "GET", path).json()
        seen += [(e["fullUrl"].rpartition("/")[2], e["response"]["etag"]) for e in page["entry"]]
        path = next((link["url"].partition("/fhir/R4/")[2] for link in page["link"] if link["relation"] == "next"), "")
    assert seen[0] == (made[0], 'W/"2"')
    assert sorted(seen) == sorted([*((ident, 'W/"1"') for ident in made), (made[0], 'W/"2"')])
    assert len(ask("r01", "GET", "_history?_count=3").json()["entry"]) == 3
    assert ask("r01", "GET", "_history?_since=2999-01-01T00:00:00Z").json().get("entry", []) == []
    assert outcome(ask("gp", "GET", "Condition/_history"))[0] == 403
    assert outcome(ask("r01", "GET", "_history?_cursor=x"))[0] == 400


def condition(person: str) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "code": {"coding": [{"system": SNOMED, "code": "44054006"}]},
        "subject": {"reference": f"Patient/{person}"},
    }


# --- whose --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "Patient/vicky", 404),
        ("GET", "Patient/vicky/_history", 404),
        ("GET", "Patient/vicky/_history/1", 404),
        ("PUT", "Patient/vicky", 422),
        ("PATCH", "Patient/vicky", 404),
        ("DELETE", "Patient/vicky", 404),
        ("DELETE", "Patient?_id=vicky", 204),
        ("PATCH", "Patient?_id=vicky", 404),
    ],
)
def test_another_sources_resource_is_not_there_and_is_never_changed(
    ask: Ask, method: str, path: str, status: int
) -> None:
    body = patient(id="vicky") if method == "PUT" else [{"op": "remove", "path": "/birthDate"}]
    before = rows("SELECT version, body FROM record_resource WHERE id = 'vicky'")
    kind = PATCH if method == "PATCH" else JSON
    assert ask("r01", method, path, None if method in ("GET", "DELETE") else body, kind).status_code == status
    assert rows("SELECT version, body FROM record_resource WHERE id = 'vicky'") == before
    found = ask("r01", "GET", "Patient?_id=vicky")
    assert found.status_code == 200
    assert "vicky" not in str(found.json().get("entry", ""))


def test_a_system_writes_into_no_other_organisations_person(ask: Ask) -> None:
    assert outcome(ask("r01", "POST", "Observation", weight("vicky"))) == (
        422,
        [("error", "business-rule", "Patient/vicky is not one of your organisation's", [])],
    )
    assert rows("SELECT count(*) FROM record_compartment WHERE source = 'R01' AND local_id = 'vicky'") == [(0,)]


def test_an_id_that_another_source_uses_is_taken(ask: Ask, person: str) -> None:
    ask("p01", "PUT", "Observation/one-of-p01", weight("vicky", id="one-of-p01"))
    before = rows("SELECT version, body FROM record_resource WHERE id = 'one-of-p01'")
    assert outcome(ask("r01", "PUT", "Observation/one-of-p01", weight(person, id="one-of-p01"))) == (
        409,
        [("error", "conflict", "its id is taken; POST it, and one is made", [])],
    )
    assert rows("SELECT version, body FROM record_resource WHERE id = 'one-of-p01'") == before


def test_a_resource_never_moves_to_another_person(ask: Ask, person: str) -> None:
    other = ask("r01", "POST", "Patient", patient()).json()["id"]
    ident = ask("r01", "POST", "Observation", weight(person)).json()["id"]
    assert outcome(ask("r01", "PUT", f"Observation/{ident}", weight(other, id=ident))) == (
        422,
        [("error", "conflict", "it is filed under another person; withdraw it and send it under another id", [])],
    )


def test_a_number_another_feed_gives_somebody_is_not_taken_for_the_same_person(ask: Ask, world: World) -> None:
    from commonweal.apps.record import api as record
    from commonweal.feeds.types import Parsed

    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"
    said = patient(id="R01-551")
    record.write(
        "R01", "adt", [Parsed(1, "Patient", "R01-551", "551", json.dumps(said).encode(), said, "demographics")]
    )
    connection.close()
    connection.settings_dict["USER"] = "commonweal_app"
    message = "another feed of your organisation has a person numbered 551; use another id"
    expected = (409, [("error", "conflict", message, [])])
    assert outcome(ask("r01", "PUT", "Patient/551", patient(id="551"))) == expected
    assert outcome(ask("r01", "POST", "Observation", weight("551"))) == expected
    assert ask("r01", "POST", "Observation", weight("R01-551")).status_code == 201


def test_a_patient_tells_identity_who_they_are(ask: Ask) -> None:
    said = patient(identifier=[{"system": NHS, "value": "9990000026"}])
    ident = ask("r01", "POST", "Patient", said).json()["id"]
    stored = "SELECT source, family, nhs_usable, birth_date::text FROM identity_demographics WHERE local_id = %s"
    assert rows(stored, ident) == [("R01", "Moss", "9990000026", "1980-02-03")]
    ask("r01", "PUT", f"Patient/{ident}", said | {"id": ident, "birthDate": "1981-02-03"})
    assert rows(stored, ident) == [("R01", "Moss", "9990000026", "1981-02-03")]


def test_a_systems_own_organisation_gains_a_relationship_and_no_other(ask: Ask, person: str) -> None:
    ods = "https://fhir.nhs.uk/Id/ods-organization-code"
    for provider in ("R01", "P01"):
        said = {
            "resourceType": "Encounter",
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": {"reference": f"Patient/{person}"},
            "serviceProvider": {"identifier": {"system": ods, "value": provider}},
            "period": {"start": "2020-10-01", "end": "2020-10-02"},
        }
        assert ask("r01", "POST", "Encounter", said).status_code == 201
    known = (
        "SELECT organisation, kind FROM access_relationship r JOIN record_compartment c ON c.id = r.compartment_id "
        "WHERE c.source = 'R01' AND c.local_id = %s"
    )
    assert rows(known, person) == [("R01", "under_care")]


@pytest.mark.parametrize(
    ("who", "status"), [(None, 401), ("ana", 403), ("citizen", 403), ("stranger", 403), ("referred", 403), ("sw", 201)]
)
def test_who_may_add_to_a_record(ask: Ask, who: str | None, status: int) -> None:
    assert ask(who, "POST", "Observation", weight("vicky")).status_code == status


def test_a_stolen_or_ended_token_writes_nothing(ask: Ask, world: World) -> None:
    world.tokens["thief"] = world.tokens["p01"][:-2] + "xx"
    assert outcome(ask("thief", "POST", "Patient", patient())) == (
        401,
        [("error", "login", "Send Authorization: Bearer and a token that has not expired", [])],
    )


def test_a_system_works_for_no_other_purpose(ask: Ask) -> None:
    assert ask("r01", "POST", "Patient", patient(), Commonweal_Purpose="direct_care").status_code == 403


def test_what_care_staff_add_is_their_organisations_and_in_the_persons_record(ask: Ask, world: World) -> None:
    response = ask("sw", "POST", "Observation", weight("vicky", "64.20"))
    ident = response.json()["id"]
    assert response.status_code == 201
    assert rows(
        "SELECT c.source, c.local_id, m.person_id, m.basis, s.source, s.feed FROM record_resource r "
        "JOIN record_compartment c ON c.id = r.compartment_id JOIN record_source s ON s.id = r.source_id "
        "JOIN identity_membership m ON m.compartment_id = c.id WHERE r.id = %s",
        ident,
    ) == [("C01", f"added/{world.compartment}", world.vicky, "added", "C01", "api")]
    assert ask("gp", "GET", f"Observation/{ident}").content == response.content
    found = ask("gp", "GET", "Observation?patient=vicky").json()
    assert ident in [entry["resource"]["id"] for entry in found["entry"]]
    second = ask("sw", "POST", "Observation", weight("vicky", "65.20")).json()["id"]
    assert len(rows("SELECT DISTINCT compartment_id FROM record_resource WHERE id = ANY (%s)", [ident, second])) == 1


def test_what_was_added_follows_the_record_it_was_added_to(ask: Ask, world: World) -> None:
    from commonweal.apps.identity import api as identity

    ask("sw", "POST", "Observation", weight("vicky"))
    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"
    identity.identify()
    added = (
        "SELECT m.person_id FROM identity_membership m JOIN record_compartment c ON c.id = m.compartment_id "
        "WHERE c.local_id = %s"
    )
    assert rows(added, f"added/{world.compartment}") == [(identity.person_of(world.compartment),)]


def test_care_staff_change_nothing_and_register_nobody(ask: Ask) -> None:
    changes = "Only the organisation's own system changes what is recorded; add to it"
    for method, body, kind in (("PUT", patient(id="vicky"), JSON), ("DELETE", None, JSON), ("PATCH", [], PATCH)):
        assert outcome(ask("gp", method, "Patient/vicky", body or "[]", kind)) == (
            403,
            [("error", "forbidden", changes, [])],
        )
    assert outcome(ask("gp", "POST", "Patient", patient())) == (
        403,
        [("error", "forbidden", "Only an organisation's own system registers people", [])],
    )


def test_every_write_is_audited_with_whom_it_is_about(ask: Ask, world: World) -> None:
    ask("sw", "POST", "Observation", weight("vicky"))
    ident = ask("p01", "PUT", "Observation/of-vicky", weight("vicky", id="of-vicky")).json()["id"]
    audit = (
        "SELECT a.actor, a.action, a.target, a.outcome, s.person_id FROM access_audit a "
        "JOIN access_audit_subject s ON s.audit_id = a.id ORDER BY a.id DESC LIMIT 2"
    )
    assert ident == "of-vicky"
    assert rows(audit) == [
        ("user:p01", "fhir.update", "Observation", "allowed", world.vicky),
        ("user:sw", "fhir.create", "Observation", "allowed", world.vicky),
    ]


def test_a_write_that_fails_leaves_nothing_but_its_audit(ask: Ask, person: str) -> None:
    before = rows("SELECT count(*), max(xid::text::bigint) FROM record_resource")
    ask("r01", "POST", "Observation", weight("vicky"))
    assert rows("SELECT count(*), max(xid::text::bigint) FROM record_resource") == before
    assert rows("SELECT action, outcome FROM access_audit ORDER BY id DESC LIMIT 1") == [("fhir.create", "failed")]
