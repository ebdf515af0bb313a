"""schemathesis, the fuzzer others wrote, against the API as its own OpenAPI document describes it.

A partner's system with a valid token, one whose token has expired or been revoked, one who made a token up, and
another organisation's system ask the same. The types are those whose rules differ: people, what is about them,
what is about nobody, definitions.
"""

import json
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.integration.fhir_world import Ask, World, asking, make

pytestmark = pytest.mark.usefixtures("database")
TYPES = ("Patient", "Observation", "Organization")
WHO = ("r01", "p01", "expired", "revoked", "made_up")


@pytest.fixture(scope="module")
def world(database: str) -> World:
    known = make()
    with connection.cursor() as cursor:
        for name, change in (("expired", "expires_at = now() - interval '1 day'"), ("revoked", "revoked_at = now()")):
            known.tokens[name] = _token()
            digest = "encode(sha256(convert_to(%s, 'UTF8')), 'hex')"
            cursor.execute("UPDATE access_token SET " + change + " WHERE digest = " + digest, [known.tokens[name]])
            assert cursor.rowcount == 1
    known.tokens["made_up"] = "a" * 43
    return known


def _token() -> str:
    from commonweal.apps.access import api as access

    return str(access.create_token("r01", 1))


@pytest.fixture(scope="module")
def ask(world: World) -> Ask:
    connection.close()
    connection.settings_dict["USER"] = "commonweal_app"
    return asking(world)


@pytest.fixture(scope="module")
def described(ask: Ask) -> dict[str, Any]:
    said = ask(None, "GET", "openapi.json")
    assert said.status_code == 200
    document: dict[str, Any] = json.loads(said.content)
    return document


def test_the_document_names_every_type_and_only_the_parameters_there_are(described: dict[str, Any]) -> None:
    from commonweal.apps.record.rest.metadata import searchable
    from commonweal.fhir.definitions import resource_types

    assert set(described["components"]["schemas"]) == resource_types()
    asked = described["paths"]["/Observation"]["get"]["parameters"]
    names = {one["name"] for one in asked}
    assert names >= set(searchable("Observation"))
    assert {name for name in names - set(searchable("Observation")) if not name.startswith("_")} == set()


def test_nothing_the_document_allows_makes_a_fault(ask: Ask, described: dict[str, Any]) -> None:
    import schemathesis

    wanted = {path: item for path, item in described["paths"].items() if path.split("/")[1] in ("", "_history", *TYPES)}
    schemas = {name: described["components"]["schemas"][name] for name in (*TYPES, "Bundle", "OperationOutcome")}
    components = described["components"] | {"schemas": schemas}
    schema = schemathesis.openapi.from_dict(described | {"paths": wanted, "components": components})
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 25
    for operation in operations:
        _fuzz(ask, operation)


def _fuzz(ask: Ask, operation: Any) -> None:
    @settings(
        max_examples=3, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(), who=st.sampled_from(WHO))
    def one(case: Any, who: str) -> None:
        from urllib.parse import urlencode

        query = urlencode(case.query or {}, doseq=True, errors="replace")
        path = case.formatted_path.lstrip("/") + (f"?{query}" if query else "")
        body = None if type(case.body).__name__ == "NotSet" else case.body
        response = ask(who, case.method, path, body, case.media_type or "application/fhir+json")
        assert response.status_code < 500, (who, case.method, path, body, response.content[:300])
        if who in ("expired", "revoked", "made_up") and response.status_code not in (400, 404, 405, 413, 415):
            assert response.status_code == 401, (who, case.method, path, response.content[:300])

    one()
