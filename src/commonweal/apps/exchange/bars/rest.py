"""The receiver's addresses of the standard, at ``fhir/bars/``: messages in; slots, referrals and bookings read.

API specification 1.4.0, https://digital.nhs.uk/developer/api-catalogue/booking-and-referral-fhir; errors as Core
1.2.2 has them (``feeds/bars/errors.csv``). A sender is an organisation's system with a token; it sees its own
organisation's referrals and bookings, whatever state their receiver has brought them to, and the free slots of all.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from commonweal.apps.access import api as access
from commonweal.apps.exchange.bars import receiving, services, slots, storing
from commonweal.apps.exchange.bars.limits import limit
from commonweal.apps.exchange.bars.refusing import refusal
from commonweal.apps.record import api as record
from commonweal.feeds.bars import headers, parameters, reading, tables, writing
from commonweal.feeds.bars.headers import SERVICE_ID, Headers
from commonweal.feeds.bars.tables import BarsRefused
from commonweal.fhir import systems

_JSON = ("application/fhir+json", "application/json", "application/*", "*/*")
_KIND = {"ServiceRequest": "referral", "Appointment": "booking"}
View = Callable[..., HttpResponse]


def bars(method: str) -> Callable[[View], View]:
    """Turn what goes wrong into the standard's OperationOutcome; send both ids back at all times."""

    def decorate(view: View) -> View:
        @csrf_exempt  # a request is honoured only with a bearer token, which no other site can send
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                if request.method != method:
                    raise BarsRefused("method")
                accepted = [one.partition(";")[0].strip() for one in request.headers.get("Accept", "*/*").split(",")]
                if not any(one in _JSON for one in accepted):
                    raise BarsRefused("not-acceptable")
                if "HTTP_AUTHORIZATION" not in request.META:
                    raise BarsRefused("unauthorised")
                try:
                    response = view(request, *args, **kwargs)
                except access.NotAsPresumed:  # nothing was done: once more, with the account as it is now
                    response = view(request, *args, **kwargs)
            except Exception as error:  # whatever it is, the sender is told in the standard's form
                refused = refusal(error)
                response = record.answer(writing.outcome(refused), refused.fault.status)
            for name, value in headers.mirrored(request.headers).items():
                response[name] = value
            return response

        return checked

    return decorate


@bars("POST")
def process_message(request: HttpRequest) -> HttpResponse:
    """``$process-message``: one referral, booking, change of either, or answer. Synchronous, as the standard has it."""
    asked = headers.read(request.headers)
    stated = request.META.get("CONTENT_LENGTH") or "0"
    if not stated.isdigit() or int(stated) > reading.MOST:
        raise BarsRefused("body-malformed", f"send at most {reading.MOST} bytes, with Content-Length")
    body = request.read(reading.MOST + 1)
    with record.fhir_session(request, "bars.receive", f"message {asked.request}") as opened:
        return record.answer(receiving.receive(opened, asked, body))


@bars("GET")
def read(request: HttpRequest, kind: str, ident: str) -> HttpResponse:
    """One referral or booking of the sender's own organisation, with the status it has come to."""
    asked = headers.read(request.headers)
    try:
        wanted = UUID(ident)
    except ValueError:
        raise BarsRefused("parameter-invalid", "the id is a UUID") from None
    with record.fhir_session(request, "bars.read", f"{kind}/{wanted}") as opened:
        scope = _scope(opened, asked)
        row = storing.one(wanted)
        if row is None or row.kind != _KIND[kind] or row.way != "in" or row.sender != scope.source:
            raise BarsRefused("not-found")
        return record.answer(orjson.dumps(_shown(opened, scope, row)))


@bars("GET")
def search(request: HttpRequest, kind: str) -> HttpResponse:
    """The referrals or bookings of one patient, of the sender's own organisation: ``patient:identifier``."""
    asked = headers.read(request.headers)
    said = request.GET.get("patient:identifier") or request.GET.get("patient.identifier")
    if not said:
        raise BarsRefused("parameter-missing", "patient:identifier")
    system, bar, number = said.partition("|")
    if not bar or system != systems.NHS_NUMBER or not number:
        raise BarsRefused("parameter-invalid", f"patient:identifier={systems.NHS_NUMBER}| and the number")
    with record.fhir_session(request, "bars.search", kind) as opened:
        scope = _scope(opened, asked)
        mine = record.search(scope, "Patient", {"identifier": f"{system}|{number}"}).matches
        found = []
        for patient in mine:
            for one in record.search(scope, kind, {"patient": patient.id, "_count": "200"}).matches:
                rows = storing.rows("WHERE resource_id = %s AND sender = %s AND way = 'in'", [one.id, scope.source])
                found += [_shown(opened, scope, row) for row in rows]
        return record.answer(_searchset(request, found))


@bars("GET")
def free_slots(request: HttpRequest) -> HttpResponse:
    """Slots of the service the headers name, from and to a moment; what is booked here is busy at once."""
    asked = headers.read(request.headers)
    statuses, first, last = parameters.of_slots(dict(request.GET.lists()))
    with record.fhir_session(request, "bars.slots", f"service {asked.service}") as opened:
        _scope(opened, asked)
        on = opened.now.date()
        service = services.service(asked.service, on)
        if service is None or service.endpoint:
            raise BarsRefused("service-unknown")
        stated = request.GET.get("Schedule.actor:HealthcareService", asked.service)
        if stated != asked.service:
            raise BarsRefused("parameter-invalid", "Schedule.actor:HealthcareService is the service of the headers")
        if last - first > timedelta(days=limit("slot_range_days", on)):
            raise BarsRefused("range-too-wide", f"at most {limit('slot_range_days', on)} days")
        return record.answer(_searchset(request, slots.held(service, statuses, first, last)))


@bars("GET")
def metadata(request: HttpRequest) -> HttpResponse:
    """What this receiver does."""
    access.actor_of(request)
    resources = [
        {"type": kind, "interaction": [{"code": "read"}, {"code": "search-type"}]}
        for kind in ("ServiceRequest", "Appointment")
    ]
    resources += [{"type": kind, "interaction": [{"code": "search-type"}]} for kind in ("Slot", "MessageDefinition")]
    statement = {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2025-03-24",
        "kind": "instance",
        "software": {"name": "Commonweal", "version": f"BaRS Core {writing.VERSION}"},
        "implementation": {"description": "A receiver and sender of the NHS Booking and Referral Standard"},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "resource": resources,
                "operation": [
                    {
                        "name": "process-message",
                        "definition": "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message",
                    }
                ],
            }
        ],
    }
    return record.answer(orjson.dumps(statement))


@bars("GET")
def message_definitions(request: HttpRequest) -> HttpResponse:
    """What the messages that are taken here hold: the receiver specifies the payload."""
    asked = headers.read(request.headers)
    with record.fhir_session(request, "bars.definitions", f"service {asked.service}") as opened:
        _scope(opened, asked)
        on = opened.now.date()
        if services.service(asked.service, on) is None:
            raise BarsRefused("service-unknown")
        found = [
            {
                "resourceType": "MessageDefinition",
                "url": address,
                "status": "active",
                "date": "2025-03-24",
                "useContext": [
                    {
                        "code": {
                            "system": "http://terminology.hl7.org/CodeSystem/usage-context-type",
                            "code": "workflow",
                        },
                        "valueCodeableConcept": {"coding": [{"system": SERVICE_ID, "code": asked.service}]},
                    }
                ],
                "eventCoding": {"system": reading.EVENTS, "code": event},
                "focus": [
                    {"code": kind, "min": fewest, "max": "*" if most == tables.MANY else str(most)}
                    for kind, (fewest, most) in held.items()
                ],
            }
            for address, event, held in tables.definitions(on)
        ]
    return record.answer(_searchset(request, found))


def _scope(opened: access.AccessSession, asked: Headers) -> access.SourceScope:
    scope = opened.open_source()
    if asked.organisation != scope.source:
        raise BarsRefused("forbidden")
    return scope


def _shown(opened: access.AccessSession, scope: access.SourceScope, row: storing.Row) -> dict[str, Any]:
    """What the sender sent, with the id and status it has here."""
    kind = "ServiceRequest" if row.kind == "referral" else "Appointment"
    held = next(iter(record.search(scope, kind, {"_id": row.resource_id}).matches), None) if row.resource_id else None
    said: dict[str, Any] = orjson.loads(held.body) if held is not None else {"resourceType": kind, "id": str(row.id)}
    status = tables.statuses()[row.kind, row.state].resource
    meta = {"lastUpdated": row.changed_at.isoformat(timespec="milliseconds")}
    if held is not None:
        meta["versionId"] = str(held.version)
        opened.disclose(record.people_in([row.compartment]))
    return {**said, "status": status, "meta": {**said.get("meta", {}), **meta}}


def _searchset(request: HttpRequest, found: list[dict[str, Any]]) -> bytes:
    kind = found[0]["resourceType"] if found else ""
    matches = sum(one["resourceType"] == kind for one in found)
    entries = [
        {"resource": one, "search": {"mode": "match" if one["resourceType"] == kind else "include"}} for one in found
    ]
    address = request.build_absolute_uri(request.path)  # without the query, which may name somebody
    said = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": matches,
        "link": [{"relation": "self", "url": address}],
    }
    return orjson.dumps({**said, "entry": entries} if entries else said)
