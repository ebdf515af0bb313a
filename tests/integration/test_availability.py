"""While the database is away or may only be read, pages and FHIR say so, and what needs no database is served."""

import json
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connections
from django.test import Client
from psycopg import sql

from tests.integration import fhir_world

STATIC = ("/accessibility", "/privacy", "/health/live", "/styles/nhsuk.css")


@pytest.fixture
def world(database: str) -> Iterator[fhir_world.World]:
    """A partner's system and its token, in the role that serves people."""
    from tests.conftest import _point_at
    from tests.landing_files import empty

    empty()
    made = fhir_world.make()
    _point_at(database, "commonweal_app")
    yield made
    _point_at(database, "commonweal_batch")


@pytest.fixture
def down(world: fhir_world.World) -> Iterator[fhir_world.World]:
    """Nothing listens where the database was."""
    settings = connections["default"].settings_dict
    host = settings["HOST"]
    connections.close_all()
    settings["HOST"] = "/nowhere-at-all"
    yield world
    settings["HOST"] = host
    connections.close_all()


@pytest.fixture
def read_only(world: fhir_world.World, database: str) -> Iterator[fhir_world.World]:
    """The database takes no writes, as when its disk is full or it has become a replica."""
    _allow(database, "off")
    yield world
    _allow(database, "on")


def _allow(database: str, writes: str) -> None:
    settings = connections["default"].settings_dict
    connections.close_all()
    with psycopg.connect(host=settings["HOST"], port=settings["PORT"] or None, dbname="postgres", user="postgres",
                         autocommit=True) as admin:  # fmt: skip
        admin.execute(
            sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = {}").format(
                sql.Identifier(database), sql.Literal("on" if writes == "off" else "off")
            )
        )


def asked(world: fhir_world.World) -> dict[str, str]:
    return {"Authorization": f"Bearer {world.tokens['p01']}"}


def test_ready_while_the_database_is(world: fhir_world.World) -> None:
    found = Client(SERVER_NAME="127.0.0.1").get("/health/ready")
    assert (found.status_code, found.json()) == (200, {"status": "ready"})
    assert Client(SERVER_NAME="127.0.0.1").get("/fhir/R4/Patient/vicky", headers=asked(world)).status_code == 200


def test_a_database_that_is_away_is_said_to_be(down: fhir_world.World) -> None:
    """Given no database; when FHIR, a page and the health check are asked; then 503, when to come back, and why."""
    found = Client(SERVER_NAME="127.0.0.1").get("/fhir/R4/Patient/vicky", headers=asked(down))
    assert (found.status_code, found["Retry-After"]) == (503, "5")
    outcome = json.loads(found.content)
    assert outcome["issue"][0]["code"] == "transient"
    assert "cannot reach its records" in outcome["issue"][0]["diagnostics"]
    written = Client(SERVER_NAME="127.0.0.1").put(
        "/fhir/R4/Patient/vicky", b"{}", content_type="application/fhir+json", headers=asked(down)
    )
    assert written.status_code == 503
    page = Client(SERVER_NAME="127.0.0.1", headers={"cookie": "sessionid=anything"}).get("/people")
    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert "telephone the organisation" in page.content.decode()
    health = Client(SERVER_NAME="127.0.0.1").get("/health/ready")
    assert (health.status_code, health["Retry-After"], health.json()) == (503, "5", {"status": "down"})


def test_what_needs_no_database_is_served_without_one(down: fhir_world.World) -> None:
    for address in STATIC:
        assert (
            Client(SERVER_NAME="127.0.0.1", headers={"cookie": "sessionid=anything"}).get(address).status_code == 200
        ), address


def test_no_record_is_shown_that_could_not_be_audited(read_only: fhir_world.World) -> None:
    """Given a database that takes no writes; then no look, because none could be audited, and it says so."""
    found = Client(SERVER_NAME="127.0.0.1").get("/fhir/R4/Patient/vicky", headers=asked(read_only))
    assert found.status_code == 503
    assert "may not write now" in json.loads(found.content)["issue"][0]["diagnostics"]
    assert b"Moss" not in found.content
    assert Client(SERVER_NAME="127.0.0.1").get("/health/ready").json() == {"status": "read-only"}
    assert Client(SERVER_NAME="127.0.0.1").get("/accessibility").status_code == 200


def test_it_comes_back_by_itself(world: fhir_world.World, database: str) -> None:
    _allow(database, "off")
    assert Client(SERVER_NAME="127.0.0.1").get("/fhir/R4/Patient/vicky", headers=asked(world)).status_code == 503
    _allow(database, "on")
    assert Client(SERVER_NAME="127.0.0.1").get("/fhir/R4/Patient/vicky", headers=asked(world)).status_code == 200
