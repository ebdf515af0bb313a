"""A small world for tests of the FHIR API: two partners' systems, care staff with and without a relationship."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django.db import connection

NHS = "https://fhir.nhs.uk/Id/nhs-number"
SNOMED = "http://snomed.info/sct"
JSON = "application/fhir+json"


def patient(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "name": [{"family": "Moss", "given": ["Vicky"]}],
        "birthDate": "1980-02-03",
    } | more


def weight(person: str, value: str = "72.50", **more: Any) -> str:
    """An Observation as text, whose decimal a rewriting server would change."""
    said = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": SNOMED, "code": "27113001"}]},
        "subject": {"reference": f"Patient/{person}"},
        "effectiveDateTime": "2020-03-01T09:00:00Z",
    } | more
    return json.dumps(said)[:-1] + f', "valueQuantity" : {{"value":{value},"unit":"k\\u0067"}} }}'


@dataclass
class World:
    """Bearer tokens by user name, and the person everybody speaks of."""

    tokens: dict[str, str]
    vicky: UUID
    compartment: int


def make() -> World:
    """Practice P01 with its system ``p01`` and Vicky on its list; hospital R01 with its system ``r01``."""
    from commonweal.apps.access import api as access
    from commonweal.apps.record import api as record
    from commonweal.feeds.types import Parsed

    said = patient(id="vicky", identifier=[{"system": NHS, "value": "9990000018"}])
    record.write("P01", "gp", [Parsed(1, "Patient", "vicky", "vicky", json.dumps(said).encode(), said, "demographics")])
    compartment = record.compartments([("P01", "vicky")])["P01", "vicky"]
    vicky = uuid4()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO identity_person (person_id, founder, created) VALUES (%s, %s, now())", [vicky, compartment]
        )
        cursor.execute(
            "INSERT INTO identity_membership (compartment_id, person_id, basis, since) VALUES (%s, %s, 'alone', now())",
            [compartment, vicky],
        )
    access.add_relationships(
        [access.Relationship(code, compartment, kind, date(2015, 1, 1)) for code, kind in RELATED], "test"
    )
    tokens = {}
    for username, role, organisation in ACCOUNTS:
        access.create_user(
            username,
            "a long password",
            access.Role(role),
            organisation,
            username,
            person_id=vicky if role == "citizen" else None,
        )
        tokens[username] = access.create_token(username, 1)
    return World(tokens, vicky, compartment)


RELATED = (("P01", "registered"), ("C01", "under_care"), ("Q01", "referred"))
ACCOUNTS = (
    ("p01", "service", "P01"),
    ("r01", "service", "R01"),
    ("gp", "clinician", "P01"),
    ("sw", "social_worker", "C01"),
    ("referred", "clinician", "Q01"),
    ("stranger", "clinician", "P99"),
    ("ana", "analyst", "ICB"),
    ("citizen", "citizen", ""),
)

Ask = Callable[..., Any]


def asking(world: World) -> Ask:
    """A function that sends one request as somebody: ``ask("p01", "PUT", "Patient/x", body, Prefer="...")``."""
    from django.test import Client

    client = Client(SERVER_NAME="127.0.0.1")

    def ask(who: str | None, method: str, path: str = "", body: Any = None, kind: str = JSON, **headers: str) -> Any:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if who:
            sent["Authorization"] = f"Bearer {world.tokens[who]}"
        data = body if isinstance(body, str | bytes) else b"" if body is None else json.dumps(body)
        return client.generic(method, "/fhir/R4/" + path, data, content_type=kind, headers=sent)

    return ask


def outcome(response: Any) -> tuple[int, list[tuple[str, str, str, list[str]]]]:
    """Status and whole OperationOutcome: severity, code, text and expression of each issue."""
    said = json.loads(response.content)
    assert set(said) == {"resourceType", "issue"}
    assert said["resourceType"] == "OperationOutcome"
    for issue in said["issue"]:
        assert issue["details"] == {"text": issue["diagnostics"]}
    return response.status_code, [
        (issue["severity"], issue["code"], issue["diagnostics"], issue.get("expression", [])) for issue in said["issue"]
    ]
