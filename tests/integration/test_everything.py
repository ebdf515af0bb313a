"""$everything a page at a time: nothing left out, nothing twice, whatever is written in between."""

import json
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from tests.bulk_asking import Partner
from tests.integration.test_rest import condition, encounter, parsed, patient

pytestmark = pytest.mark.usefixtures("database")
VICKY = uuid4()
EACH = 12


@pytest.fixture(scope="module", autouse=True)
def world(database: str) -> dict[str, str]:
    """One person at a practice and a trust; her clinician, and each one's system. Tokens by account."""
    from commonweal.apps.access import api as access
    from commonweal.apps.record import api as record

    gp = [
        patient("v1", "9990000018", "Moss", "1980-02-03"),
        *(condition(f"c{n}", "v1", "44054006", "2015-01-01") for n in range(EACH)),
    ]
    trust = [
        patient("v2", "9990000018", "Moss", "1980-02-03"),
        *(encounter(f"e{n}", "v2", "2020-10-01") for n in range(EACH)),
    ]
    record.write("P01", "gp", parsed([(item, "v1") for item in gp], "gp"))
    record.write("RXX", "adt", parsed([(item, "v2") for item in trust], "adt"))
    keys = record.compartments([("P01", "v1"), ("RXX", "v2")])
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO identity_person (person_id, founder, created) VALUES (%s, %s, now())",
            [VICKY, keys["P01", "v1"]],
        )
        for key in keys.values():
            cursor.execute(
                "INSERT INTO identity_membership (compartment_id, person_id, basis, since) "
                "VALUES (%s, %s, 'verified', now())",
                [key, VICKY],
            )
    access.add_relationships([access.Relationship("P01", keys["P01", "v1"], "registered", date(2015, 1, 1))], "test")
    tokens = {}
    for username, role, organisation in (
        ("gp", access.Role.CLINICIAN, "P01"),
        ("rxx", access.Role.SERVICE, "RXX"),
        ("p09", access.Role.SERVICE, "P09"),
    ):
        access.create_user(username, "a long password", role, organisation, username)
        tokens[username] = access.create_token(username, 1)
    return tokens


def read(partner: Partner, address: str) -> dict[str, Any]:
    response = partner.get(address)
    assert response.status_code == 200, response.content
    return json.loads(response.content)  # type: ignore[no-any-return]


def ids(bundle: dict[str, Any]) -> list[str]:
    return [e["resource"]["id"] for e in bundle.get("entry", []) if e["search"]["mode"] == "match"]


def following(bundle: dict[str, Any]) -> str:
    return next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")


def test_pages_neither_skip_nor_repeat_what_is_there_while_others_write(world: dict[str, str]) -> None:
    from commonweal.apps.record import api as record

    gp = Partner(world["gp"])
    everything = {"v1", "v2", *(f"c{n}" for n in range(EACH)), *(f"e{n}" for n in range(EACH))}
    page = read(gp, "Patient/v1/$everything?_count=5")
    assert page["total"] == len(everything)
    seen = ids(page)
    for n in range(20):
        if not following(page):
            break
        record.write(
            "P01", "gp", parsed([(condition(f"c{n % EACH}", "v1", "195967001", f"2019-01-{n + 1:02d}"), "v1")], "gp")
        )
        page = read(gp, following(page))
        seen += ids(page)
    assert len(seen) == len(set(seen))
    assert set(seen) == everything


def test_types_and_since_narrow_it_and_stay_on_every_page(world: dict[str, str]) -> None:
    gp = Partner(world["gp"])
    page = read(gp, "Patient/v2/$everything?_type=Encounter&_since=2000-01-01T00:00:00Z&_count=7")
    rest = read(gp, following(page))
    assert sorted(ids(page) + ids(rest)) == sorted(f"e{n}" for n in range(EACH))
    assert not following(rest)
    assert read(gp, f"Patient/{VICKY}/$everything?_count=0")["total"] == 2 + 2 * EACH


@pytest.mark.parametrize("query", ["_cursor=x", "_cursor=99999999999999999999", "_type=Encounters", "_since=2020"])
def test_a_bad_parameter_says_what_to_do(world: dict[str, str], query: str) -> None:
    assert Partner(world["gp"]).get(f"Patient/v1/$everything?{query}").status_code == 400


def test_a_partners_system_gets_what_its_organisation_sent(world: dict[str, str]) -> None:
    found = ids(read(Partner(world["rxx"]), "Patient/v2/$everything"))
    assert set(found) == {"v2", *(f"e{n}" for n in range(EACH))}
    assert Partner(world["p09"]).get("Patient/v2/$everything").status_code == 404
