"""The CapabilityStatement, from the tables the search itself uses. https://hl7.org/fhir/R4/http.html#capabilities"""

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse

from commonweal import __version__
from commonweal.apps.record.rest import answers
from commonweal.apps.record.rest.handling import base, fhir
from commonweal.apps.record.searching import DATES, REFERENCES, STRINGS
from commonweal.fhir.search import parameters
from commonweal.fhir.search_parameters import PARAMETERS

PUBLISHED = "2026-11-21"
PERSON = ("patient", "subject")


def personal(kind: str) -> bool:
    """Whether resources of this type are a person's: a Patient, or what is searched by one."""
    return kind == "Patient" or any(name in PERSON for name in parameters(kind))


def _type_of(name: str) -> str:
    if name in PERSON or name in REFERENCES:
        return "reference"
    return "date" if name in DATES else "string" if name in STRINGS else "token"


def searchable(kind: str) -> list[str]:
    """The parameters a client may use on ``kind``: those compiled, but no plain reference to anything but a person."""
    return sorted(name for name in parameters(kind) if name not in REFERENCES)


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
                "resource": [_resource(kind) for kind in sorted(PARAMETERS)],
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
            *({"name": name, "type": _type_of(name)} for name in searchable(kind)),
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
