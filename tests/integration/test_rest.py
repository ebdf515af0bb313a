"""The FHIR API over HTTP, in the web role: who sees what, and what everybody else is told."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from tests.integration.withholding import lift, withhold

pytestmark = pytest.mark.usefixtures("database")

NHS = "https://fhir.nhs.uk/Id/nhs-number"
ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
VICKY, OTHER = UUID(int=0x71C4), UUID(int=0x07E4)
# Bytes a rewriting server would change: spacing, key order, a decimal's digits, an escape.
OBSERVATION = (
    b'{ "id":"obs-1","resourceType":"Observation", "status":"final","code":{"coding":[{"system":'
    b'"http://snomed.info/sct","code":"27113001"}]},"subject":{"reference":"Patient/gp-vicky"},'
    b'"effectiveDateTime":"2020-03-01","valueQuantity":{"value":72.50,"unit":"k\\u0067"}}'
)


def patient(ident: str, number: str, family: str, born: str, practice: str = "P01") -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": ident,
        "identifier": [{"system": NHS, "value": number}],
        "name": [{"use": "official", "family": family, "given": ["Vicky"]}],
        "birthDate": born,
        "gender": "female",
        "generalPractitioner": [{"type": "Organization", "identifier": {"system": ODS, "value": practice}}],
    }


def condition(ident: str, person: str, code: str, onset: str) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": ident,
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": code}]},
        "subject": {"reference": f"Patient/{person}"},
        "onsetDateTime": onset,
        "recordedDate": onset,
    }


def encounter(ident: str, person: str, day: str) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": ident,
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": f"Patient/{person}"},
        "period": {"start": day, "end": day},
    }


def parsed(items: list[tuple[dict[str, Any] | bytes, str | None]], feed: str) -> list[Any]:
    from commonweal.feeds.types import Parsed
    from commonweal.fhir.compartment import category

    rows = []
    for line, (item, local) in enumerate(items, 1):
        body = item if isinstance(item, bytes) else json.dumps(item).encode()
        resource = json.loads(body)
        rows.append(
            Parsed(line, resource["resourceType"], resource["id"], local, body, resource, category(resource, feed))
        )
    return rows


@pytest.fixture(scope="module", autouse=True)
def world(database: str) -> dict[str, str]:
    """Vicky at practice P01 and mental-health trust M01; somebody else at P02. Bearer tokens by user name."""
    from commonweal.apps.access import api as access
    from commonweal.apps.record import api as record

    gp = [
        ({"resourceType": "Organization", "id": "org-1", "name": "Old Mill Surgery"}, None),
        (patient("gp-vicky", "9990000018", "Moss", "1980-02-03"), "gp-vicky"),
        (OBSERVATION, "gp-vicky"),
        *((condition(f"c{n}", "gp-vicky", "44054006", f"20{10 + n}-01-01"), "gp-vicky") for n in range(5)),
    ]
    record.write("P01", "gp", parsed(gp, "gp"))
    mental_health = [
        (patient("mh-vicky", "9990000018", "Moss", "1980-02-03"), "L1"),
        (encounter("e1", "mh-vicky", "2020-10-01"), "L1"),
    ]
    record.write("M01", "mh", parsed(mental_health, "mh"))
    record.write(
        "P02", "gp", parsed([(patient("gp-other", "9990000026", "Moss", "1991-01-01", "P02"), "gp-other")], "gp")
    )
    keys = record.compartments([("P01", "gp-vicky"), ("M01", "L1"), ("P02", "gp-other")])
    with connection.cursor() as cursor:
        for person, members in (
            (VICKY, [keys["P01", "gp-vicky"], keys["M01", "L1"]]),
            (OTHER, [keys["P02", "gp-other"]]),
        ):
            cursor.execute(
                "INSERT INTO identity_person (person_id, founder, created) VALUES (%s, %s, now())", [person, members[0]]
            )
            for member in members:
                cursor.execute(
                    "INSERT INTO identity_membership (compartment_id, person_id, basis, since) "
                    "VALUES (%s, %s, 'verified', now())",
                    [member, person],
                )
    long_ago = date(2015, 1, 1)
    access.add_relationships(
        [
            access.Relationship("P01", keys["P01", "gp-vicky"], "registered", long_ago),
            access.Relationship("C01", keys["M01", "L1"], "under_care", long_ago),
            access.Relationship("P02", keys["P02", "gp-other"], "registered", long_ago),
        ],
        "test",
    )
    accounts = [
        ("gp", access.Role.CLINICIAN, "P01", None),
        ("stranger", access.Role.CLINICIAN, "P99", None),
        ("sw", access.Role.SOCIAL_WORKER, "C01", None),
        ("ana", access.Role.ANALYST, "ICB", None),
        ("lead", access.Role.PERFORMANCE_LEAD, "ICB", None),
        ("vicky", access.Role.CITIZEN, "", VICKY),
        ("other", access.Role.CITIZEN, "", OTHER),
    ]
    tokens = {}
    for username, role, organisation, person in accounts:
        access.create_user(username, "a long password", role, organisation, username, person_id=person)
        tokens[username] = access.create_token(username, 1)
    return tokens


Get = Any


@pytest.fixture(scope="module")
def client(world: dict[str, str]) -> Any:
    from django.test import Client

    return Client(SERVER_NAME="127.0.0.1")


@pytest.fixture
def get(world: dict[str, str], client: Any) -> Iterator[Get]:
    connection.close()
    connection.settings_dict["USER"] = "commonweal_app"

    def ask(username: str | None, path: str, method: str = "get", **more: Any) -> Any:
        headers = {**({"Authorization": f"Bearer {world[username]}"} if username else {}), **more.pop("headers", {})}
        return getattr(client, method)("/fhir/R4/" + path, headers=headers, **more)

    yield ask
    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"


def body(response: Any) -> dict[str, Any]:
    assert response["Content-Type"] == "application/fhir+json; charset=utf-8"
    return json.loads(response.content)  # type: ignore[no-any-return]


def ids(response: Any) -> list[str]:
    bundle = body(response)
    assert response.status_code == 200, bundle
    return [e["resource"]["id"] for e in bundle.get("entry", []) if e["search"]["mode"] == "match"]


def notes(response: Any) -> list[str]:
    return [
        issue["diagnostics"]
        for entry in body(response).get("entry", [])
        if entry["search"]["mode"] == "outcome"
        for issue in entry["resource"]["issue"]
    ]


def issue(response: Any) -> tuple[int, str]:
    outcome = body(response)
    assert outcome["resourceType"] == "OperationOutcome"
    assert all({"severity", "code", "diagnostics"} <= set(item) for item in outcome["issue"])
    return response.status_code, outcome["issue"][0]["code"]


# --- who sees what -------------------------------------------------------------------------------------------


def test_a_resource_comes_back_to_the_byte_with_its_version_and_time(get: Get) -> None:
    response = get("gp", "Observation/obs-1")
    assert response.status_code == 200
    assert response.content == OBSERVATION
    assert response["ETag"] == 'W/"1"'
    assert datetime.strptime(response["Last-Modified"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    assert response["Cache-Control"] == "no-store"


def test_bodies_are_spliced_into_a_bundle_to_the_byte(get: Get) -> None:
    response = get("gp", "Observation?patient=gp-vicky")
    assert OBSERVATION in response.content
    assert body(response)["entry"][0]["fullUrl"] == "http://127.0.0.1/fhir/R4/Observation/obs-1"


@pytest.mark.parametrize("path", ["Patient/gp-vicky", "Patient?identifier=9990000018", "Condition/c1", "nonsense", ""])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eA=="}])
def test_not_signed_in_is_401_and_shows_nothing(get: Get, path: str, headers: dict[str, str]) -> None:
    response = get(None, path, headers=headers)
    assert issue(response) == (401, "login")
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert b"Moss" not in response.content


@pytest.mark.parametrize("who", ["ana", "lead", "other"])
@pytest.mark.parametrize(
    "path", ["Patient/{}", "Condition/{}", "Patient/{}/$everything", "Patient/{}/_history", "Patient/{}/_history/1"]
)
def test_to_strangers_and_analysts_a_refusal_looks_exactly_like_absence(get: Get, who: str, path: str) -> None:
    real = get(who, path.format("c1" if path.startswith("Condition") else "gp-vicky"))
    none = get(who, path.format("no-such-id"))
    assert issue(real) == issue(none) == (404, "not-found")
    assert real.content == none.content
    assert sorted(real.headers) == sorted(none.headers)


@pytest.mark.parametrize("who", ["ana", "lead", "other"])
@pytest.mark.parametrize("query", ["Condition?patient={}", "Patient?_id={}"])
def test_and_so_does_a_search(get: Get, who: str, query: str) -> None:
    real, none = get(who, query.format("gp-vicky")), get(who, query.format("no-such-id"))
    assert real.content.replace(b"gp-vicky", b"x") == none.content.replace(b"no-such-id", b"x")
    assert ids(real) == []


def test_care_staff_without_a_relationship_are_told_and_shown_the_way(get: Get) -> None:
    response = get("stranger", "Patient/gp-vicky")
    assert issue(response) == (403, "forbidden")
    assert "emergency" in body(response)["issue"][0]["diagnostics"]
    assert b"Moss" not in response.content
    assert issue(get("stranger", "Patient/no-such-id")) == (404, "not-found")
    search = get("stranger", "Patient?identifier=" + NHS + "|9990000018")
    assert ids(search) == []
    assert notes(search) == ["1 more may match and are not shared with your organisation"]


def test_an_emergency_reason_opens_the_record_under_its_own_purpose(get: Get) -> None:
    from commonweal.apps.access import api as access
    from commonweal.apps.identity import api as identity

    actor = access.Actor("user:stranger", "stranger", access.Role.CLINICIAN, "P99")
    access.grant_emergency(actor, VICKY, identity.compartments_of(VICKY), "unconscious in the department")
    assert get("stranger", "Patient/gp-vicky", headers={"Commonweal-Purpose": "emergency"}).status_code == 200
    assert get("stranger", "Patient/gp-vicky").status_code == 403
    assert issue(get("gp", "Patient/gp-vicky", headers={"Commonweal-Purpose": "curiosity"})) == (400, "invalid")
    assert issue(get("gp", "Patient/gp-vicky", headers={"Commonweal-Purpose": "population_health"})) == (
        404,
        "not-found",
    )


def test_a_citizen_reads_their_own_record_across_sources(get: Get) -> None:
    assert sorted(ids(get("vicky", "Patient?identifier=9990000018"))) == ["gp-vicky", "mh-vicky"]
    assert ids(get("vicky", "Encounter?patient=gp-vicky")) == ["e1"]
    assert ids(get("vicky", "Patient?family=Moss")) == ["gp-vicky", "mh-vicky"]
    assert notes(get("vicky", "Patient?family=Moss")) == []


def test_the_social_worker_sees_gp_and_mental_health_alike(get: Get) -> None:
    everything = get("sw", "Patient/mh-vicky/$everything")
    assert set(ids(everything)) == {"gp-vicky", "mh-vicky", "obs-1", "e1", "c0", "c1", "c2", "c3", "c4"}
    assert body(everything)["total"] == 9
    assert get("sw", f"Patient/{VICKY}/$everything").status_code == 200
    assert set(ids(get("sw", "Patient/gp-vicky/$everything?_type=Encounter,Observation"))) == {"e1", "obs-1"}
    assert ids(get("sw", "Patient/gp-vicky/$everything?_since=2999-01-01T00:00:00Z")) == []


def test_what_is_withheld_is_said_to_care_staff_and_only_to_them(get: Get) -> None:
    from commonweal.apps.access import api as access
    from commonweal.apps.record import api as record

    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"
    compartment = record.compartments([("M01", "L1")])["M01", "L1"]
    restriction = withhold(compartment, access.RestrictionReason.OBJECTION, "M01")
    connection.close()
    connection.settings_dict["USER"] = "commonweal_app"
    try:
        search = get("gp", "Encounter?patient=gp-vicky")
        assert ids(search) == []
        assert notes(search) == [
            "The record held by M01 is withheld (objection). In an emergency, give a reason to see it."
        ]
        assert issue(get("gp", "Encounter/e1")) == (403, "forbidden")
        assert issue(get("ana", "Encounter/e1")) == (404, "not-found")
        assert ids(get("vicky", "Encounter?patient=gp-vicky")) == ["e1"]
    finally:
        connection.close()
        connection.settings_dict["USER"] = "commonweal_batch"
        lift(restriction)


def test_each_request_is_one_audit_row_with_no_person_data_in_it(get: Get) -> None:
    get("gp", "Patient?family=Moss&identifier=" + NHS + "|9990000018")
    get("stranger", "Patient/gp-vicky")
    get("ana", "Patient/no-such-id")
    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.actor, a.action, a.target, a.outcome, "
            "(SELECT array_agg(s.person_id || ' ' || s.outcome) FROM access_audit_subject s WHERE s.audit_id = a.id) "
            "FROM access_audit a ORDER BY id DESC LIMIT 3"
        )
        rows = cursor.fetchall()
    assert rows == [
        ("user:ana", "fhir.read", "Patient", "refused", None),
        ("user:stranger", "fhir.read", "Patient", "refused", [f"{VICKY} refused"]),
        ("user:gp", "fhir.search", "Patient?family&identifier", "allowed", [f"{VICKY} allowed"]),
    ]


# --- search ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Patient?identifier=" + NHS + "|9990000018", ["gp-vicky", "mh-vicky"]),
        ("Patient?identifier=9990000018", ["gp-vicky", "mh-vicky"]),
        ("Patient?identifier=other|9990000018", None),
        ("Patient?name=moss", ["gp-vicky", "mh-vicky"]),
        ("Patient?family=Moss&given=Vic", ["gp-vicky", "mh-vicky"]),
        ("Patient?family=Moss&birthdate=1980-02-03", ["gp-vicky", "mh-vicky"]),
        ("Patient?family=Moss&birthdate=ge1985", []),
        ("Patient?family=Mossy", []),
        ("Patient?_id=gp-vicky", ["gp-vicky"]),
        (f"Patient?_id={VICKY}", []),
        ("Condition?patient=gp-vicky&code=http://snomed.info/sct|44054006", ["c0", "c1", "c2", "c3", "c4"]),
        ("Condition?patient=mh-vicky", ["c0", "c1", "c2", "c3", "c4"]),
        ("Condition?subject=Patient/gp-vicky&code=1", []),
        ("Condition?subject:Patient=gp-vicky", ["c0", "c1", "c2", "c3", "c4"]),
        (f"Condition?patient={VICKY}&onset-date=ge2013", ["c3", "c4"]),
        ("Condition?patient.identifier=" + NHS + "|9990000018&onset-date=2012", ["c2"]),
        ("Condition?patient=gp-vicky,gp-other", ["c0", "c1", "c2", "c3", "c4"]),
        ("Condition?patient=gp-vicky&patient=gp-other", []),
        ("Condition?_id=c1,c2", ["c1", "c2"]),
        ("Observation?patient=gp-vicky&date=2020-03", ["obs-1"]),
        ("Observation?patient=gp-vicky&date=gt2020-03", []),
        ("Encounter?patient=gp-vicky&date=lt2021", ["e1"]),
        ("Organization?name=old", ["org-1"]),
    ],
)
def test_search(get: Get, query: str, expected: list[str] | None) -> None:
    response = get("gp", query)
    if expected is None:
        assert issue(response) == (400, "invalid")
    else:
        assert ids(response) == expected
        assert body(response)["total"] == len(expected)


@pytest.mark.parametrize(
    "query",
    [
        "Condition",
        "Condition?code=44054006",
        "Patient",
        "Patient?gender=female",
        "Patient?birthdate=1980-02-03",
        "Condition?patient=",
        "Condition?patient=Practitioner/x",
        "Condition?patient=gp-vicky&onset-date=yesterday",
        "Condition?patient=gp-vicky&_count=many",
        "Condition?patient=gp-vicky&_sort=colour",
        "Patient/gp-vicky/$everything?_since=2020",
    ],
)
def test_what_cannot_be_honoured_is_a_400_that_names_it(get: Get, query: str) -> None:
    assert issue(get("gp", query)) == (400, "invalid")


def test_an_unknown_parameter_is_refused_when_strict_and_reported_when_lenient(get: Get) -> None:
    path = "Condition?patient=gp-vicky&colour=red"
    assert issue(get("gp", path, headers={"Prefer": "handling=strict"})) == (400, "invalid")
    for headers in ({}, {"Prefer": "handling=lenient"}):
        response = get("gp", path, headers=headers)
        assert len(ids(response)) == 5
        assert notes(response) == ["colour is not a parameter this server knows here, and was ignored"]
        assert "colour" not in body(response)["link"][0]["url"]


def test_pages_follow_their_links_and_lose_nothing(get: Get) -> None:
    path, seen, pages = "Condition?patient=gp-vicky&_count=2", [], 0
    while path:
        response = get("gp", path)
        seen += ids(response)
        pages += 1
        assert body(response)["total"] == 5
        links = {link["relation"]: link["url"] for link in body(response)["link"]}
        path = links.get("next", "").removeprefix("http://127.0.0.1/fhir/R4/")
    assert (pages, seen) == (3, ["c0", "c1", "c2", "c3", "c4"])
    only_total = get("gp", "Condition?patient=gp-vicky&_count=0")
    assert ids(only_total) == []
    assert body(only_total)["total"] == 5


def test_a_search_may_be_posted_with_a_token_and_not_with_a_session(get: Get) -> None:
    assert len(ids(get("gp", "Patient/_search", "post", data={"identifier": "9990000018"}))) == 2
    from django.test import Client

    client = Client(SERVER_NAME="127.0.0.1")
    assert client.login(username="gp", password="a long password")
    assert client.get("/fhir/R4/Patient/gp-vicky").status_code == 200
    assert client.post("/fhir/R4/Patient/_search", {"identifier": "9990000018"}).status_code == 401


# --- the rest of HTTP -------------------------------------------------------------------------------------------


def test_metadata_needs_no_sign_in_and_says_what_there_is(get: Get) -> None:
    response = get(None, "metadata")
    statement = body(response)
    assert (statement["resourceType"], statement["fhirVersion"]) == ("CapabilityStatement", "4.0.1")
    kinds = {item["type"]: item for item in statement["rest"][0]["resource"]}
    assert {"Patient", "Condition", "Observation", "Encounter", "MedicationRequest", "Organization"} <= set(kinds)
    assert kinds["Patient"]["operation"][0]["name"] == "everything"


def test_every_parameter_in_metadata_is_honoured(get: Get) -> None:
    from commonweal.fhir.search_parameters import parameters

    examples = {"token": "x", "string": "x", "date": "2020", "reference": "gp-vicky", "uri": "http://x"}
    examples |= {"number": "1", "quantity": "1", "special": "51|0"}
    for resource in body(get(None, "metadata"))["rest"][0]["resource"]:
        kind = resource["type"]
        if kind not in ("Patient", "Observation", "Location", "MolecularSequence"):
            continue  # that every parameter of every type compiles is tested in test_record_search
        who = "_id=x&" if kind == "Patient" else "patient=gp-vicky&" if kind != "Location" else ""
        for param in resource["searchParam"]:
            if param["type"] == "composite":
                parts = parameters(kind)[param["name"]].alternatives[0]
                value = "$".join(examples[part.kind] for part in parts)
            else:
                value = examples[param["type"]]
            path = f"{kind}?{who}{param['name']}={value}"
            response = get("gp", path, headers={"Prefer": "handling=strict"})
            assert response.status_code == 200, (path, response.content)


def test_metadata_is_a_valid_capability_statement(get: Get) -> None:
    from fhir.resources.R4B.capabilitystatement import CapabilityStatement

    CapabilityStatement.model_validate_json(get(None, "metadata").content)


def test_history_and_versions(get: Get) -> None:
    bundle = body(get("gp", "Observation/obs-1/_history"))
    assert (bundle["type"], bundle["total"]) == ("history", 1)
    assert bundle["entry"][0]["response"]["etag"] == 'W/"1"'
    assert get("gp", "Observation/obs-1/_history/1").content == OBSERVATION
    assert issue(get("gp", "Observation/obs-1/_history/2")) == (404, "not-found")


def test_the_directory_is_for_whoever_reads_records(get: Get) -> None:
    assert body(get("gp", "Organization/org-1"))["name"] == "Old Mill Surgery"
    assert issue(get("ana", "Organization/org-1")) == (403, "forbidden")
    assert issue(get("gp", "Organization/none")) == (404, "not-found")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("metadata?_format=xml", {}, 406),
        ("metadata", {"Accept": "application/fhir+xml"}, 406),
        ("metadata", {"Accept": "text/html, application/fhir+json;q=0.5"}, 200),
        ("metadata?_format=application/fhir%2Bjson", {}, 200),
        ("Patient/gp-vicky/$nonsense", {}, 404),
        ("Patient/a b", {}, 404),
    ],
)
def test_formats_and_addresses(get: Get, path: str, headers: dict[str, str], status: int) -> None:
    assert get("gp", path, headers=headers).status_code == status


def test_a_fault_is_an_outcome_without_detail(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    from commonweal.apps.record.rest import versions

    monkeypatch.setattr(versions, "whose", lambda kind, ids: 1 // 0)
    response = get("gp", "Patient/gp-vicky")
    assert issue(response) == (500, "exception")
    assert b"ZeroDivision" not in response.content


# --- hostile requests -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "Patient?identifier=a%00b",
        "Patient?name=a%00b",
        "Patient?_id=a%00b",
        "Condition?patient=a%00b",
        "Condition?patient=gp-vicky&code=a%00b",
        "Condition?patient=gp-vicky&onset-date=9999-12-31",
        "Condition?patient=gp-vicky&onset-date=0001-01-01",
        "Condition?patient=gp-vicky&_lastUpdated=ge9999-12-31",
        "Patient?birthdate=0000-00-00&address-postalcode=%00",
        "Patient/gp-vicky/$everything?_type=a%00b",
        "Patient/gp-vicky/$everything?_since=9999-12-31T23:59:59-14:00",
        "Organization?name=%00",
        "Patient?family=%ff%fe",
        "Patient?family=%ed%a0%80",
        "Patient?name=" + "%25_" * 50,
        "Condition?patient=gp-vicky&code=" + "x" * 5000,
        "Condition?patient=gp-vicky&code=a'%3BDROP%20TABLE%20record_resource--",
    ],
)
def test_no_value_is_a_fault_of_the_server(get: Get, path: str) -> None:
    assert get("gp", path).status_code in (200, 400, 404)


@pytest.mark.parametrize("who", ["ana", "lead", "other"])
def test_how_many_people_have_a_name_is_not_told_to_those_who_may_open_none(
    get: Get, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from commonweal.apps.record.rest import people

    monkeypatch.setattr(people, "MOST_PEOPLE", 1)
    real, none = get(who, "Patient?family=moss"), get(who, "Patient?family=nobody")
    assert real.content.replace(b"moss", b"nobody") == none.content
    assert notes(get("gp", "Patient?family=moss")) != []
