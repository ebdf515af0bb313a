"""The CapabilityStatement, from the tables the search itself uses. https://hl7.org/fhir/R4/http.html#capabilities"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.urls import get_resolver

from commonweal import __version__
from commonweal.apps.record.rest import answers
from commonweal.apps.record.rest.handling import base, fhir
from commonweal.apps.record.rest.smart import security
from commonweal.fhir.definitions import resource_types
from commonweal.fhir.search_parameters import parameters

PUBLISHED = "2026-11-21"


def searchable(kind: str) -> list[str]:
    """The parameters a client may use on ``kind``."""
    return sorted(parameters(kind))


def statement(address: str) -> dict[str, Any]:
    """What this server does, for ``address`` (its absolute one): its types, their parameters, and every operation
    that the site's own addresses name.
    """
    named = operations()
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": PUBLISHED,
        "kind": "instance",
        "software": {"name": "Commonweal", "version": __version__},
        "implementation": {"description": "Commonweal shared care record", "url": address},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "patchFormat": ["application/json-patch+json"],
        "rest": [
            {
                "mode": "server",
                "documentation": (
                    "Every request says who asks (bearer token) and for what purpose (header Commonweal-Purpose, or "
                    "the role's own), is decided by policy, and is audited. A search names a person: patient, or for "
                    "Patient by identifier, name or birth date. A record is the whole verified person, across sources. "
                    "A partner's system reads, searches and changes what its own organisation wrote, of whomever, and "
                    "nothing else; care staff create, about a person they may open. A privacy officer's AuditEvent is "
                    "this server's own audit, by patient, date and agent."
                ),
                "security": security(address),
                "resource": [_resource(kind, named.get(kind, ())) for kind in sorted(resource_types())],
                "interaction": [{"code": code} for code in ("transaction", "batch", "history-system")],
                **({"operation": [_operation("", name) for name in named[""]]} if "" in named else {}),
            }
        ],
    }


_READ = ("read", "vread", "history-instance", "history-type", "search-type")
_WRITE = ("create", "update", "patch", "delete")


def _resource(kind: str, named: Iterable[str]) -> dict[str, Any]:
    writes = {
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "single",
        "referencePolicy": ["literal", "logical"],
    }
    described: dict[str, Any] = {
        "type": kind,
        "interaction": [{"code": code} for code in (*_READ, *_WRITE)],
        **writes,
        "searchParam": [
            {"name": "_id", "type": "token"},
            {"name": "_lastUpdated", "type": "date"},
            *({"name": name, "type": item.kind} for name, item in sorted(parameters(kind).items())),
        ],
    }
    if named:
        described["operation"] = [_operation(kind, name) for name in named]
    return described


def _operation(kind: str, name: str) -> dict[str, str]:
    """The standard's definition of an operation, or of Bulk Data's: https://hl7.org/fhir/R4/operationslist.html"""
    if name in ("export", "import"):
        level = {"": "", "Patient": "patient-", "Group": "group-"}[kind]
        return {"name": name, "definition": f"http://hl7.org/fhir/uv/bulkdata/OperationDefinition/{level}{name}"}
    owner = "Resource" if name == "validate" else kind
    return {"name": name, "definition": f"http://hl7.org/fhir/OperationDefinition/{owner}-{name}"}


@cache
def operations() -> Mapping[str, tuple[str, ...]]:
    """The operations at the site's own addresses, by type; '' for those of the system."""
    found: dict[str, set[str]] = {}
    for route in _routes(get_resolver().url_patterns):
        at = _OPERATION.search(route)
        if at is not None:
            for kind in resource_types() if "<kind>" in at[1] and "|" not in at[1] else _NAMED.findall(at[1]) or [""]:
                found.setdefault(kind, set()).add(at[2])
    return {kind: tuple(sorted(names)) for kind, names in found.items()}


_OPERATION = re.compile(r"fhir/R4/\^?(.*?)\\?\$([a-z][a-z-]*)")
_NAMED = re.compile(r"\b([A-Z][A-Za-z]{3,})\b(?!\])")


def _routes(patterns: Iterable[Any], before: str = "") -> Iterator[str]:
    """Every address the site answers, as it is written in the tables of addresses."""
    for one in patterns:
        route = before + str(one.pattern)
        if hasattr(one, "url_patterns"):
            yield from _routes(one.url_patterns, route)
        else:
            yield route


@fhir("GET", "HEAD")
def metadata(request: HttpRequest) -> HttpResponse:
    """What this server does; needs no sign-in."""
    return answers.answer(orjson.dumps(statement(base(request))))
