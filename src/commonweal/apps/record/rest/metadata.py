"""The CapabilityStatement, from the tables the search itself uses. https://hl7.org/fhir/R4/http.html#capabilities"""

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse

from commonweal import __version__
from commonweal.apps.record.rest import answers
from commonweal.apps.record.rest.handling import base, fhir
from commonweal.fhir.compartment import personal
from commonweal.fhir.definitions import resource_types
from commonweal.fhir.search_parameters import parameters

PUBLISHED = "2026-11-21"


def searchable(kind: str) -> list[str]:
    """The parameters a client may use on ``kind``."""
    return sorted(parameters(kind))


def statement(address: str) -> dict[str, Any]:
    """What this server does, for ``address`` (its absolute one)."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": PUBLISHED,
        "kind": "instance",
        "software": {"name": "Commonweal", "version": __version__},
        "implementation": {"description": "Commonweal shared care record, read only", "url": address},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "documentation": (
                    "Every request says who asks (bearer token) and for what purpose (header Commonweal-Purpose, or "
                    "the role's own), is decided by policy, and is audited. A search names a person: patient, or for "
                    "Patient by identifier, name or birth date. A record is the whole verified person, across sources."
                ),
                "security": {
                    "cors": False,
                    "description": "Authorization: Bearer TOKEN, or the session of a signed-in page.",
                },
                "resource": [_resource(kind) for kind in sorted(resource_types())],
            }
        ],
    }


def _resource(kind: str) -> dict[str, Any]:
    codes = ["read", "vread", "history-instance", "search-type"] if personal(kind) else ["read", "search-type"]
    described: dict[str, Any] = {
        "type": kind,
        "interaction": [{"code": code} for code in codes],
        "versioning": "versioned",
        "readHistory": personal(kind),
        "searchParam": [
            {"name": "_id", "type": "token"},
            {"name": "_lastUpdated", "type": "date"},
            *({"name": name, "type": item.kind} for name, item in sorted(parameters(kind).items())),
        ],
    }
    if kind == "Patient":
        described["operation"] = [
            {"name": "everything", "definition": "http://hl7.org/fhir/OperationDefinition/Patient-everything"}
        ]
    return described


@fhir("GET", "HEAD")
def metadata(request: HttpRequest) -> HttpResponse:
    """What this server does; needs no sign-in."""
    return answers.answer(orjson.dumps(statement(base(request))))
