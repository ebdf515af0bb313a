"""Organisations of the reference data by FHIR: codes, dates, and who came after."""

import csv
from collections.abc import Iterator

import pytest
from django.db import connection

from tests.integration.fhir_world import Ask, asking, make

pytestmark = pytest.mark.usefixtures("database")
COLUMNS = (
    *("ods_code", "name", "kind", "roles", "parent", "place", "network"),
    *("address_postcode", "valid_from", "valid_to", "successor"),
)
AREAS = ("lsoa", "name", "place", "council", "imd_version", "imd_rank", "imd_decile", "imd_quintile")
MILL = ("A81001", "Old Mill Surgery", "practice", "general practice", "N1", "", "", "TS1 1AA")
GREEN = ("A81002", "Mill and Green", "practice", "", "", "", "", "")


@pytest.fixture(scope="module")
def ask(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    from commonweal.apps.places import api as places
    from commonweal.apps.record import api as record

    tmp_path = tmp_path_factory.mktemp("reference")
    rows = ((*MILL, "2000-04-01", "2020-03-31", "A81002"), (*GREEN, "2020-04-01", "", ""))
    for name, header, lines in (
        ("organisations", COLUMNS, rows),
        ("small_areas", AREAS, ()),
        ("postcodes", ["postcode", "lsoa"], ()),
    ):
        with (tmp_path / f"{name}.csv").open("w", newline="") as out:
            csv.writer(out).writerows([header, *lines])
    places.load_reference(tmp_path)
    assert record.publish_directory() == {"published": 3, "withdrawn": 0}
    assert record.publish_directory() == {"published": 0, "withdrawn": 0}
    world = make()
    connection.close()
    connection.settings_dict["USER"] = "commonweal_app"
    yield asking(world)
    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"


def test_an_organisation_is_read_by_its_code_with_its_dates_and_successor(ask: Ask) -> None:
    ods = "https://fhir.nhs.uk/Id/ods-organization-code"
    said = ask("gp", "GET", "Organization/A81001").json()
    assert said == {
        "resourceType": "Organization",
        "id": "A81001",
        "extension": [
            {
                "url": "https://commonweal.example/StructureDefinition/validity",
                "valuePeriod": {"start": "2000-04-01", "end": "2020-03-31"},
            },
            {
                "url": "https://commonweal.example/StructureDefinition/successor",
                "valueIdentifier": {"system": ods, "value": "A81002"},
            },
        ],
        "identifier": [{"system": ods, "value": "A81001"}],
        "active": False,
        "type": [{"text": "general practice"}],
        "name": "Old Mill Surgery",
        "address": [{"postalCode": "TS1 1AA"}],
        "partOf": {"identifier": {"system": ods, "value": "N1"}},
    }
    assert ask("gp", "GET", "Organization/A81002").json()["active"] is True
    assert ask("gp", "GET", "Organization/none").status_code == 404
    assert ask("ana", "GET", "Organization/A81001").status_code == 403
    from commonweal.fhir.validate import validate

    assert validate(said) == []


def test_organisations_and_sites_are_searched_like_everything_else(ask: Ask) -> None:
    def found(query: str) -> list[str]:
        bundle = ask("gp", "GET", query).json()
        return [f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in bundle.get("entry", ())]

    assert found("Organization?identifier=A81001") == ["Organization/ods-A81001"]
    assert found("Organization?name=mill&active=true") == ["Organization/ods-A81002"]
    assert found("Location?organization.name=old&_include=Location:organization") == [
        "Location/ods-A81001",
        "Organization/ods-A81001",
    ]
    assert found("Location?address-postalcode=TS1") == ["Location/ods-A81001"]
    site = ask("gp", "GET", "Location/ods-A81001").json()
    assert (site["status"], site["managingOrganization"]["reference"]) == ("inactive", "Organization/ods-A81001")
    from commonweal.fhir.validate import validate

    assert validate(site) == []
