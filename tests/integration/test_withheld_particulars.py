"""Somebody whose demographics are withheld from a social worker who may read the rest: where a name could still show.

Alerts, caseloads, referrals and lists are tried where their worlds are (``test_alerts``, ``test_caseloads``,
``test_bars``, ``test_projects``).
"""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from commonweal.domain.access.relationship import Relationship
from commonweal.domain.access.scope import Actor, Refused
from commonweal.domain.access.vocabulary import Category, Purpose, RestrictionReason, Role
from tests.integration.acting import as_role, as_user
from tests.integration.fhir_world import NHS, World, make, patient
from tests.integration.withholding import lift, withhold

pytestmark = pytest.mark.usefixtures("database")
SOCIAL = Actor("user:sw", "sw", Role.SOCIAL_WORKER, "C01")
PARTICULARS = ("moss", "vicky", "9990000018", "999 000 0018", "1980", "3 february", "zz1")
SUBJECT = {
    "reference": "Patient/opaque",
    "display": "Vicky Moss",
    "identifier": {"system": NHS, "value": "9990000018"},
}
SEEN = {
    "resourceType": "Encounter",
    "id": "seen",
    "status": "finished",
    "class": {"code": "AMB"},
    "subject": SUBJECT,
    "contained": [patient(id="p", address=[{"postalCode": "ZZ1 1ZZ"}])],
    "participant": [{"individual": {"reference": "Practitioner/d", "display": "Dr Shah"}}],
}
ASTHMA = {
    "resourceType": "Condition",
    "id": "asthma",
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Vicky Moss: asthma</div>'},
    "subject": SUBJECT,
    "code": {"text": "Asthma"},
    "asserter": {"reference": "https://elsewhere.example/Patient/9", "display": "Vicky Moss"},
}


@pytest.fixture(scope="module")
def world(database: str) -> World:
    """Vicky under an id that says nothing, with entries that name her, and Nora, of whom nothing is withheld."""
    from commonweal.apps.access import api as access
    from commonweal.apps.identity import api as identity
    from commonweal.apps.record import api as record
    from commonweal.feeds.types import Parsed

    made = make()

    def wrote(said: dict[str, Any], whose: str, category: str) -> None:
        body = json.dumps(said).encode()
        record.write("P01", "gp", [Parsed(1, said["resourceType"], said["id"], whose, body, said, category)])

    wrote(patient(id="opaque", identifier=[SUBJECT["identifier"]], address=[{"postalCode": "ZZ1 1ZZ"}]), "vicky",
          "demographics")  # fmt: skip
    for said in (SEEN, ASTHMA):
        wrote(said, "vicky", "clinical")
    wrote(patient(id="nora", name=[{"family": "Keane", "given": ["Nora"]}]), "nora", "demographics")
    nora = record.compartments([("P01", "nora")])["P01", "nora"]
    access.add_relationships([Relationship("C01", nora, "under_care", date(2015, 1, 1))], "test")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE identity_demographics SET postcode = 'ZZ11ZZ' WHERE local_id = 'vicky'")
    identity.identify()
    return made


@pytest.fixture
def withheld(world: World) -> Iterator[int]:
    """Vicky's demographics are withheld for safeguarding; the connection is the role that serves people."""
    number = withhold(world.compartment, RestrictionReason.SAFEGUARDING, "P01", category=Category.DEMOGRAPHICS)
    with as_role("commonweal_app"):
        yield number
    lift(number)


def names_nobody(text: str) -> None:
    assert [word for word in PARTICULARS if word in text.lower()] == []


def said(response: Any) -> str:
    return (b"".join(response.streaming_content) if response.streaming else response.content).decode()


def test_no_particulars_are_read_in_a_session_that_opens_the_rest(world: World, withheld: int) -> None:
    from commonweal.apps.access import api as access
    from commonweal.apps.identity import api as identity

    sources = identity.compartments_of(world.vicky)
    with access.session(SOCIAL, Purpose.DIRECT_CARE, "test") as opened:
        scope = opened.open_person(world.vicky, sources)
        assert scope.opens(world.compartment, Category.CLINICAL)
        assert identity.demographics_of(scope.compartments) == {}
        assert identity.born_on(scope.compartments) is None
        assert identity.called(scope) == identity.Called("Name withheld", None, "")
    gp = Actor("user:gp", "gp", Role.CLINICIAN, "P01")  # whoever wrote it still sees it
    with access.session(gp, Purpose.DIRECT_CARE, "test") as opened:
        assert identity.called(opened.open_person(world.vicky, sources)).name == "Vicky Moss"


def test_a_list_names_the_others_on_it(world: World, withheld: int) -> None:
    from commonweal.apps.access import api as access
    from commonweal.apps.identity import api as identity

    nora = identity.search_people(name="Nora Keane")[0]
    people = {world.vicky: identity.compartments_of(world.vicky), nora.person_id: nora.compartments}
    with access.session(SOCIAL, Purpose.DIRECT_CARE, "test") as opened:
        opened.open_many(people)
        known = identity.demographics_of([*people[world.vicky], *nora.compartments])
        assert {one.family for one in known.values()} == {"Keane"}


def test_a_search_finds_her_by_what_is_known_and_shows_none_of_it(world: World, withheld: int) -> None:
    client = as_user("sw")
    found = said(client.post("/people", {"nhs_number": "9990000018"}))
    results = found[found.index("1 person found") : found.index("Search again")]
    assert (str(world.vicky) in results, "Name withheld" in results) == (True, True)
    names_nobody(results.replace(str(world.vicky), ""))
    where = said(client.post("/people", {"name": "Vicky Moss", "postcode": "ZZ1 1ZZ"}))
    assert str(world.vicky) not in where


@pytest.mark.parametrize("path", ["", "/requests", "/workers", "/withheld"])
def test_no_page_of_the_person_names_them(world: World, withheld: int, path: str) -> None:
    response = as_user("sw").get(f"/people/{world.vicky}{path}")
    assert response.status_code == 200
    text = said(response).replace(str(world.vicky), "")
    names_nobody(text[text.index("<main") : text.index("</main")])
    if path != "/withheld":
        assert "Name withheld" in text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("Patient/opaque", 403),
        ("Patient?identifier=9990000018", 200),
        ("Patient?family=Moss&birthdate=1980-02-03", 200),
        ("Condition/asthma", 200),
        ("Condition/asthma/_history", 200),
        ("Condition?patient=opaque&_include=Condition:subject", 200),
        ("Encounter?patient.identifier=9990000018", 200),
        ("Patient/opaque/$everything", 200),
    ],
)
def test_no_fhir_answer_names_them(world: World, withheld: int, path: str, status: int) -> None:
    client = Client(SERVER_NAME="127.0.0.1", headers={"Authorization": f"Bearer {world.tokens['sw']}"})
    response = client.get(f"/fhir/R4/{path}")
    assert response.status_code == status
    told = json.loads(said(response))
    entries = [one["resource"] for one in told["entry"]] if "entry" in told else [told]
    names_nobody(json.dumps(entries).replace(str(world.vicky), ""))
    for one in entries:
        if one["resourceType"] == "Condition":
            assert (one["subject"], one["code"]) == ({"reference": "Patient/opaque"}, ASTHMA["code"])
            assert one["meta"]["security"][-1]["code"] == "REDACTED"
        if one["resourceType"] == "Encounter":
            assert one["participant"] == SEEN["participant"]  # who saw them is not who they are


def test_everything_leaves_out_a_location_that_pds_withholds(world: World) -> None:
    client = Client(SERVER_NAME="127.0.0.1", headers={"Authorization": f"Bearer {world.tokens['gp']}"})
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO identity_trace (compartment_id, asked, at, outcome, nhs_number, restricted, candidates) "
            "VALUES (%s, '', now(), 'found', '9990000018', true, '{}')",
            [world.compartment],
        )
    try:
        text = said(client.get("/fhir/R4/Patient/opaque/$everything"))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM identity_trace")
    assert ("Vicky" in text, "ZZ1" in text) == (True, False)


def test_a_child_whose_birth_date_is_withheld_from_them_does_not_open_their_record(world: World) -> None:
    from commonweal.apps.access import api as access
    from commonweal.apps.identity import api as identity

    number = withhold(world.compartment, RestrictionReason.SERIOUS_HARM, "P01", category=Category.DEMOGRAPHICS)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE identity_demographics SET birth_date = current_date - 3650 WHERE local_id = 'vicky'")
    try:
        citizen = Actor("user:citizen", "Vicky", Role.CITIZEN, "", person_id=world.vicky)
        with (
            as_role("commonweal_app"),
            pytest.raises(Refused, match="Until you are 16"),
            access.session(citizen, Purpose.OWN_RECORD, "test") as opened,
        ):
            opened.open_person(world.vicky, identity.compartments_of(world.vicky))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE identity_demographics SET birth_date = '1980-02-03' WHERE local_id = 'vicky'")
        lift(number)
