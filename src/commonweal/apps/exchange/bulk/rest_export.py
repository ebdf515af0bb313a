"""Asking for a bulk export: of the system, of all people, of a Group.

https://hl7.org/fhir/uv/bulkdata/export.html#bulk-data-kick-off-request
"""

import re
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import uuid4

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.dateparse import parse_datetime

from commonweal.apps.exchange.bulk import requests, rest_asking, tasks
from commonweal.apps.exchange.bulk.groups import GROUPS
from commonweal.apps.record import api as record
from commonweal.fhir import definitions

NDJSON = ("application/fhir+ndjson", "application/ndjson", "ndjson")
_LATER = ("_typeFilter", "includeAssociatedData")  # optional in the standard, and not served
_ELEMENT = re.compile(r"([A-Z][A-Za-z]{1,63}\.)?[a-z][A-Za-z0-9]{0,63}")


@dataclass(slots=True)
class _Said:
    """What an export's request says; ``ignored``: what it said that is not served, under lenient handling."""

    level: str
    group: str = ""
    types: list[str] = field(default_factory=list)
    since: str = ""
    elements: list[str] = field(default_factory=list)
    patients: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


@record.fhir("GET", "POST")
def export_system(request: HttpRequest) -> HttpResponse:
    """Everything the organisation sent, what is about nobody included."""
    return _export(request, _Said("system"))


@record.fhir("GET", "POST")
def export_people(request: HttpRequest) -> HttpResponse:
    """What the organisation sent about people; ``patient`` in a POST narrows it to some."""
    return _export(request, _Said("patient"))


@record.fhir("GET", "POST")
def export_group(request: HttpRequest, group: str) -> HttpResponse:
    """What the organisation sent about the people of one of its Groups."""
    return _export(request, _Said("group", group))


def _export(request: HttpRequest, said: _Said) -> HttpResponse:
    with record.fhir_session(request, "bulk.ask", f"export {said.level}") as opened:
        opened.open_source()
        if said.group and said.group not in GROUPS:
            raise record.NotFound
        lenient = rest_asking.lenient(request)
        rest_asking.require_async(request)
        for name, value in _pairs(request):
            _take(said, name, value, lenient)
        if said.patients and said.level == "system":
            raise record.BadSearch("patient: ask Patient/$export or a Group's $export for some people")
        wait = rest_asking.too_many(opened.actor)
        if wait is not None:
            return wait
        ident = uuid4()
        requests.make("export", ident, opened.actor, opened.purpose, request.build_absolute_uri(), asdict(said))
        tasks.export.defer(request=str(ident))
    return rest_asking.accepted(request, "$export", ident)


def _pairs(request: HttpRequest) -> list[tuple[str, str]]:
    """(name, value) of the address, and of a POSTed Parameters resource."""
    pairs = [(name, value) for name, values in request.GET.lists() for value in values]
    if request.method == "POST" and request.headers.get("Content-Length", "0") != "0":
        for one in rest_asking.parameters(request):
            name, value = one.get("name"), _value(one)
            if not isinstance(name, str) or value is None:
                raise record.BadSearch("Parameters.parameter: each has a name and a value")
            pairs.append((name, value))
    return pairs


def _value(one: dict[str, Any]) -> str | None:
    for name, value in one.items():
        if name.startswith("value") and isinstance(value, str):
            return value
        if name == "valueReference" and isinstance(value, dict) and isinstance(value.get("reference"), str):
            return str(value["reference"])
    return None


def _take(said: _Said, name: str, value: str, lenient: bool) -> None:
    if name == "_outputFormat":
        if value.replace(" ", "+") not in NDJSON:
            raise record.BadSearch(f"_outputFormat={value}: this server writes application/fhir+ndjson only")
    elif name == "_since":
        said.since = _instant(value)
    elif name == "_type":
        said.types += [kind for kind in value.split(",") if _known(said, kind, lenient)]
    elif name == "_elements":
        said.elements += value.split(",")
        if not all(map(_ELEMENT.fullmatch, said.elements)):
            raise record.BadSearch(f"_elements={value}: names of elements, such as id or Patient.birthDate")
    elif name == "patient":
        said.patients += record.patient_ids(value)
    elif name != "_format":
        text = f"{name}: not served here" if name in _LATER else f"{name}: no such parameter"
        if not lenient:
            raise record.BadSearch(f"{text}; leave it out, or send Prefer: handling=lenient to have it ignored")
        said.ignored.append(text)


def _known(said: _Said, kind: str, lenient: bool) -> bool:
    if kind in definitions.resource_types():
        return True
    if not lenient:
        raise record.BadSearch(f"_type={kind}: no resource type of FHIR R4 (case matters)")
    said.ignored.append(f"_type={kind}: no resource type of FHIR R4")
    return False


def _instant(text: str) -> str:
    try:
        moment = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise record.BadSearch(f"_since={text}: give an instant with its zone, such as 2020-10-31T00:00:00Z")
    return moment.isoformat()


@record.fhir("GET", "DELETE")
def export_status(request: HttpRequest, ident: str) -> HttpResponse:
    """How far an export is, or its manifest; DELETE cancels it, or removes its files.

    https://hl7.org/fhir/uv/bulkdata/export.html#bulk-data-status-request
    """
    return rest_asking.status(request, "export", ident, _manifest)


def _manifest(request: HttpRequest, asked: requests.Asked) -> bytes:
    """https://hl7.org/fhir/uv/bulkdata/export.html#response---complete-status"""
    base = f"{record.base(request)}/$export/{asked.id}"
    groups = {
        group: [
            {"type": one["type"], "url": f"{base}/{one['name']}", "count": one["count"]}
            for one in asked.manifest.get(group, ())
        ]
        for group in ("output", "deleted", "error")
    }
    at = asked.transaction_time
    return orjson.dumps(
        {
            "transactionTime": at.isoformat(timespec="milliseconds") if at else None,
            "request": asked.address,
            "requiresAccessToken": True,
            **groups,
        }
    )


export_file = rest_asking.file_view("export")
