"""The API as an OpenAPI 3.0 document, from the tables the CapabilityStatement is made of. https://spec.openapis.org/oas/v3.0.3

FHIR's own description is the CapabilityStatement (https://hl7.org/fhir/R4/http.html#capabilities); this one is for
tools that know nothing of FHIR. Bodies are described to the depth of a resource's own elements: what is inside is the
standard's to define and ``$validate``'s to judge.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse

from commonweal import __version__
from commonweal.apps.record.rest.answers import FHIR_JSON
from commonweal.apps.record.rest.handling import base, fhir
from commonweal.apps.record.rest.metadata import searchable
from commonweal.apps.record.searching import MAX_COUNT
from commonweal.fhir.definitions import elements, resource_types

_MEDIA = FHIR_JSON.partition(";")[0]
_PATCH = "application/json-patch+json"
_JSON_TYPES = {"boolean": "boolean", "decimal": "number"} | dict.fromkeys(
    ("integer", "positiveInt", "unsignedInt"), "integer"
)
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[A-Za-z0-9.-]{1,64}$"}}
_VERSION = {"name": "version", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}
_RESULT: list[dict[str, Any]] = [
    {"name": "_count", "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum": MAX_COUNT}},
    *(
        {"name": name, "in": "query", "schema": {"type": "string"}}
        for name in ("_id", "_lastUpdated", "_sort", "_include", "_revinclude", "_elements")
    ),
    {"name": "_summary", "in": "query", "schema": {"enum": ["true", "text", "data", "count", "false"]}},
    {"name": "_total", "in": "query", "schema": {"enum": ["none", "estimate", "accurate"]}},
]
_ANSWERS = {
    "2XX": {"description": "Done", "content": {_MEDIA: {"schema": {"type": "object"}}}},
    "3XX": {"description": "The client has it already"},
    "4XX": {
        "description": "An OperationOutcome",
        "content": {_MEDIA: {"schema": {"$ref": "#/components/schemas/OperationOutcome"}}},
    },
}


def document(address: str) -> dict[str, Any]:
    """The document for ``address``, the absolute one of the API."""
    return {"openapi": "3.0.3", "servers": [{"url": address}], **_described()}


@cache
def _described() -> Mapping[str, Any]:
    capabilities = _operation("capabilities", "The CapabilityStatement") | {"security": []}
    paths: dict[str, Any] = {"/metadata": {"get": capabilities}}
    paths["/"] = {"post": _operation("bundle", "A batch or transaction", body="Bundle")}
    paths["/_history"] = {"get": _operation("history-system", "What your organisation wrote", _RESULT[:1])}
    for kind in sorted(resource_types()):
        paths |= _paths(kind)
    return {
        "info": {"title": "Commonweal FHIR R4", "version": __version__},
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {kind: _schema(kind) for kind in sorted(resource_types())},
        },
    }


def _paths(kind: str) -> dict[str, Any]:
    """The addresses of one type."""
    by = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in searchable(kind)]
    among = {"get": _operation(f"search-{kind}", f"Find {kind}", [*by, *_RESULT])}
    one = {"get": _operation(f"read-{kind}", f"The current {kind} of an id", [_ID])}
    among["post"] = _operation(f"create-{kind}", f"Add a {kind}", body=kind)
    one["put"] = _operation(f"update-{kind}", f"Write a {kind} under an id", [_ID], kind)
    one["patch"] = _operation(f"patch-{kind}", f"Change a {kind} by JSON Patch", [_ID]) | {"requestBody": _PATCHED}
    one["delete"] = _operation(f"delete-{kind}", f"Withdraw a {kind}", [_ID])
    return {
        f"/{kind}": among,
        f"/{kind}/{{id}}": one,
        f"/{kind}/{{id}}/_history": {"get": _operation(f"history-{kind}", f"Every version of a {kind}", [_ID])},
        f"/{kind}/{{id}}/_history/{{version}}": {
            "get": _operation(f"vread-{kind}", f"One version of a {kind}", [_ID, _VERSION])
        },
        f"/{kind}/$validate": {"post": _operation(f"validate-{kind}", f"Judge a {kind}", body=kind)},
    }


_PATCHED = {
    "required": True,
    "content": {
        _PATCH: {
            "schema": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["op", "path"],
                    "properties": {
                        "op": {"enum": ["add", "remove", "replace", "move", "copy", "test"]},
                        "path": {"type": "string"},
                        "from": {"type": "string"},
                        "value": {},
                    },
                },
            }
        }
    },
}


def _operation(name: str, says: str, asks: list[dict[str, Any]] | None = None, body: str = "") -> dict[str, Any]:
    operation: dict[str, Any] = {"operationId": name, "summary": says, "responses": _ANSWERS}
    if asks:
        operation["parameters"] = asks
    if body:
        schema = {"$ref": f"#/components/schemas/{body}"}
        operation["requestBody"] = {"required": True, "content": {_MEDIA: {"schema": schema}}}
    return operation


def _schema(kind: str) -> dict[str, Any]:
    """A resource by its own elements; a choice is one of its names."""
    known: dict[str, Any] = {"resourceType": {"enum": [kind]}}
    required = ["resourceType"]
    for name, element in elements(kind).items():
        stem = name.removesuffix("[x]")
        for of in element.types:
            said = _value(of)
            key = stem if stem == name else stem + of[0].upper() + of[1:]
            known[key] = {"type": "array", "items": said} if element.many else said
        if element.required and stem == name:
            required.append(name)
    return {"type": "object", "required": required, "properties": known}


def _value(of: str) -> dict[str, Any]:
    if of in _JSON_TYPES:
        return {"type": _JSON_TYPES[of]}
    return {"type": "string" if of[0].islower() else "object"}


@fhir("GET", "HEAD", gives=("application/vnd.oai.openapi+json", "application/json"))
def openapi(request: HttpRequest) -> HttpResponse:
    """The document; needs no sign-in, as ``metadata`` needs none."""
    return HttpResponse(orjson.dumps(document(base(request))), content_type="application/json")
