"""A council that is referred to and a practice whose system refers, with one person both may come to know."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

from django.db import connection

from commonweal.feeds.bars.writing import Party

NHS = "https://fhir.nhs.uk/Id/nhs-number"
PRACTICE = Party("P01", "Hill Surgery", "1000000001")
COUNCIL = Party("C01", "Adult Social Care", "2000099999")
VICKY: dict[str, Any] = {
    "resourceType": "Patient",
    "identifier": [{"system": NHS, "value": "9990000018"}],
    "name": [{"use": "official", "family": "Moss", "given": ["Vicky"]}],
    "gender": "female",
    "birthDate": "1980-02-03",
}
STRANGER = {**VICKY, "birthDate": "1981-02-03"}
SLOT: dict[str, Any] = {
    "resourceType": "Slot",
    "id": "5b1d1c0e-6c3e-4a5e-9a3e-2f5b8f2b9a11",
    "status": "free",
    "start": "2020-11-05T09:00:00+00:00",
    "end": "2020-11-05T09:10:00+00:00",
    "schedule": {"reference": "Schedule/bars-schedule"},
}
SCHEDULE: dict[str, Any] = {
    "resourceType": "Schedule",
    "id": "bars-schedule",
    "actor": [{"reference": "HealthcareService/bars-service"}],
}
CARE: dict[str, Any] = {
    "resourceType": "HealthcareService",
    "id": "bars-service",
    "identifier": [{"system": "https://fhir.nhs.uk/Id/dos-service-id", "value": COUNCIL.service}],
    "name": COUNCIL.name,
}


@dataclass
class World:
    """Bearer tokens by user name."""

    tokens: dict[str, str]


def make() -> World:
    """The hospital knows Vicky; the practice's system refers her to the council, whose worker reads referrals."""
    from commonweal.apps.access import api as access
    from commonweal.apps.record import api as record
    from commonweal.feeds.types import Parsed

    said = {**VICKY, "id": "vicky-r01"}
    record.write(
        "R01", "gp", [Parsed(1, "Patient", "vicky-r01", "vicky", json.dumps(said).encode(), said, "demographics")]
    )
    shared = [
        Parsed(n, one["resourceType"], one["id"], None, json.dumps(one).encode(), one, "clinical")
        for n, one in enumerate((SLOT, {**SLOT, "id": "6b1d1c0e-6c3e-4a5e-9a3e-2f5b8f2b9a12"}, SCHEDULE, CARE), 1)
    ]
    record.write("C01", "api", shared)
    compartment = record.compartments([("R01", "vicky")])["R01", "vicky"]
    vicky = uuid4()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO identity_person (person_id, founder, created) VALUES (%s, %s, now())", [vicky, compartment]
        )
        cursor.execute(
            "INSERT INTO identity_membership (compartment_id, person_id, basis, since) VALUES (%s, %s, 'alone', now())",
            [compartment, vicky],
        )
        for party in (PRACTICE, COUNCIL):
            cursor.execute(
                "INSERT INTO exchange_bars_service VALUES (%s, %s, %s, '', '2000-01-01', '9999-12-31')",
                [party.service, party.organisation, party.name],
            )
    access.add_relationships([access.Relationship("P01", compartment, "registered", date(2015, 1, 1))], "test")
    tokens = {}
    for username, role, organisation in (
        ("p01", "service", "P01"),
        ("r01", "service", "R01"),
        ("gp", "clinician", "P01"),
        ("worker", "social_worker", "C01"),
        ("stranger", "social_worker", "C99"),
        ("admin", "administrator", "ICB"),
    ):
        access.create_user(username, "a long password", access.Role(role), organisation, username.capitalize())
        tokens[username] = access.create_token(username, 1)
    return World(tokens)


Transport = Callable[[str, str, Mapping[str, str], bytes], tuple[int, Mapping[str, str], bytes]]


def transport(world: World, who: str = "p01") -> Transport:
    """A transport to this server's own receiver, as somebody."""
    from django.test import Client

    client = Client(SERVER_NAME="127.0.0.1")

    def send(method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        sent = {**headers, **({"Authorization": f"Bearer {world.tokens[who]}"} if who else {})}
        response = client.generic(
            method, "/fhir/bars/" + path, body, content_type="application/fhir+json", headers=sent
        )
        return response.status_code, dict(response.items()), response.content

    return send


def asked(answer: tuple[int, Mapping[str, str], bytes]) -> tuple[str, dict[str, Any]]:
    """An answer in short, and as JSON."""
    from commonweal.feeds.bars.answers import in_short

    said = json.loads(answer[2])
    return in_short(answer[0], said), said
