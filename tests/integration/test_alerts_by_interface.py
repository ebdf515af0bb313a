"""What a hospital's own system writes through the FHIR interface raises alerts like its messages do."""

import json
from datetime import timedelta
from typing import Any

import pytest

from commonweal.domain.access.vocabulary import Role
from tests.alert_world import BORN, COUNCIL, NOW, nhs_number
from tests.integration.test_alerts import HOUR, as_web, clean, told, work, world

__all__ = ["clean", "world"]  # fixtures
pytestmark = pytest.mark.usefixtures("database")
HOSPITAL = "RYY"
NHS = "https://fhir.nhs.uk/Id/nhs-number"


@pytest.fixture(scope="module")
def ask(world: Any) -> Any:
    """A request of the hospital's system, as the role that serves people: (method, path, body) → status."""
    from django.test import Client

    from commonweal.apps.access import api as access
    from commonweal.apps.identity import api as identity
    from commonweal.apps.places.models import OrganisationRow

    OrganisationRow.objects.create(ods_code=HOSPITAL, valid_from=BORN, name="Hospital", kind="acute")
    access.create_system("ryy", HOSPITAL)
    access.create_user("council", "a long enough word", Role.SERVICE, COUNCIL, "council's system")
    tokens = {name: access.create_token(name, 1) for name in ("ryy", "council")}
    client = Client(SERVER_NAME="127.0.0.1")

    def request(method: str, path: str, body: Any = None, who: str = "ryy") -> int:
        data = json.dumps(body) if body is not None else b""
        headers = {"Authorization": f"Bearer {tokens[who]}"}
        return int(
            as_web(
                lambda: client.generic(
                    method, "/fhir/R4/" + path, data, content_type="application/fhir+json", headers=headers
                )
            ).status_code
        )

    assert request("PUT", "Patient/p1", patient()) == 201
    identity.identify(changed=True)
    work()
    return request


def patient(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient", "id": "p1", "identifier": [{"system": NHS, "value": nhs_number(1)}],
        "name": [{"family": "Ashworth1", "given": ["Vicky"]}], "birthDate": BORN.isoformat(), "gender": "female",
    } | more  # fmt: skip


def stay(status: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Encounter", "id": "e1", "status": status,
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "subject": {"reference": "Patient/p1"}, "period": {"start": (NOW - 5 * HOUR).isoformat()},
    } | more  # fmt: skip


def test_an_encounter_written_and_finished_and_taken_back(ask: Any) -> None:
    assert ask("PUT", "Encounter/e1", stay("in-progress")) == 201
    work()
    assert told("admitted") == {"north.a", "north.b"}
    ended = {"start": (NOW - 5 * HOUR).isoformat(), "end": (NOW - HOUR).isoformat()}
    assert ask("PUT", "Encounter/e1", stay("finished", period=ended)) == 200
    work()
    assert (told("admitted"), told("discharged")) == (set(), {"north.a", "north.b"})
    assert ask("DELETE", "Encounter/e1") in (200, 204)
    work()
    assert told() == set()


def test_a_death_in_a_transaction_reaches_the_practice_too(ask: Any) -> None:
    entry = {
        "resource": patient(deceasedDateTime=(NOW - HOUR).isoformat()),
        "request": {"method": "PUT", "url": "Patient/p1"},
    }
    assert ask("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}) == 200
    work()
    assert told("died") == {"north.a", "north.b", "gp"}
    assert ask("PUT", "Patient/p1", patient()) == 200
    work()
    assert told("died") == set()


def test_an_observation_alerts_nobody_and_waits_in_no_outbox(ask: Any) -> None:
    from django.db import connection

    seen = {"resourceType": "Observation", "status": "final", "code": {"text": "Weight"}}
    assert ask("POST", "Observation", seen | {"subject": {"reference": "Patient/p1"}}) == 201
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM exchange_change")
        assert cursor.fetchone() == (0,)


def test_who_works_with_a_person_may_be_written_too(ask: Any, world: Any) -> None:
    from tests.integration.test_alerts import heard

    team = {
        "resourceType": "CareTeam", "id": "t1", "status": "active", "subject": {"reference": "Patient/c1"},
        "period": {"start": (NOW - timedelta(days=9)).date().isoformat()}, "name": "North A",
        "participant": [
            {"member": {"identifier": {"system": "https://commonweal.example/Id/worker", "value": "north.a"}}}
        ],
    }  # fmt: skip
    assert ask("PUT", "Patient/c1", patient(id="c1"), "council") == 201
    assert ask("PUT", "CareTeam/t1", team, "council") == 201
    from commonweal.apps.identity import api as identity

    identity.identify(changed=True)
    work()
    heard(world, (1, "A01", NOW - HOUR))
    assert told() == {"north.a"}
    assert ask("DELETE", "CareTeam/t1", None, "council") in (200, 204)
    work()
    heard(world, (1, "A01", NOW - 2 * HOUR, {"visit": "again"}))
    assert "north.b" in told()
