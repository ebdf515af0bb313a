"""What bulk exports and imports share over HTTP: the asynchronous pattern.

https://hl7.org/fhir/R4/async.html: 202 with Content-Location, polled until 200, DELETE to cancel. A request, its
state and its files are there for the account that asked and for nobody else.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import orjson
from django.core.exceptions import RequestDataTooBig
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import http_date

from commonweal.apps.access import api as access
from commonweal.apps.exchange.bulk import files, requests
from commonweal.apps.record import api as record

RETRY_SECONDS = 2  # between polls: most exports of a practice take no longer
FILE_TYPES = ("application/fhir+ndjson", "application/ndjson")


def lenient(request: HttpRequest) -> bool:
    """Whether the client would rather have what is not served ignored."""
    return "handling=lenient" in request.headers.get("Prefer", "").replace(" ", "")


def require_async(request: HttpRequest) -> None:
    """Raise ``BadSearch`` unless the client asks for the asynchronous pattern, the only one there is."""
    if "respond-async" not in request.headers.get("Prefer", ""):
        raise record.BadSearch("Send Prefer: respond-async; the answer says where to look for progress")


def too_many(actor: access.Actor) -> HttpResponse | None:
    """429 if the organisation should wait for its earlier requests first."""
    if requests.under_way(actor) < requests.MOST_AT_ONCE:
        return None
    text = f"{requests.MOST_AT_ONCE} requests of your organisation wait or run; ask again when one has ended"
    response = record.refusal(429, "throttled", text)
    response["Retry-After"] = "60"
    return response


def parameters(request: HttpRequest) -> list[dict[str, Any]]:
    """The parameters of the Parameters resource in the body. Raises ``BadSearch``."""
    try:
        resource = orjson.loads(request.body)
    except (ValueError, RequestDataTooBig):
        resource = None
    found = resource.get("parameter", []) if isinstance(resource, dict) else None
    if not isinstance(resource, dict) or resource.get("resourceType") != "Parameters" or not isinstance(found, list):
        raise record.BadSearch("Send a Parameters resource as application/fhir+json")
    if not all(isinstance(one, dict) for one in found):
        raise record.BadSearch("Parameters.parameter: each is an object with a name")
    return found


def accepted(request: HttpRequest, operation: str, ident: UUID) -> HttpResponse:
    """202: the work will be done; Content-Location says where it is told of."""
    text = "Accepted; ask at Content-Location for progress"
    response = record.answer(record.outcome([record.Issue("information", "informational", text)]), 202)
    response["Content-Location"] = f"{record.base(request)}/{operation}/{ident}"
    return response


def _own(request: HttpRequest, action: str, kind: str, ident: str, target: str = "") -> requests.Asked:
    """The request ``ident`` if it is the asker's own and not forgotten; else it is not there."""
    with record.fhir_session(request, action, target or ident) as opened:
        opened.open_source()
        try:
            asked = requests.own(opened.actor, kind, UUID(ident))
        except ValueError:
            asked = None
        if asked is None or asked.state == "cancelled":
            raise record.NotFound
        if request.method == "DELETE":
            requests.cancel(asked)
        return asked


def status(
    request: HttpRequest, kind: str, ident: str, manifest: Callable[[HttpRequest, requests.Asked], bytes]
) -> HttpResponse:
    """What a poll is answered with: 202 with X-Progress, 200 with the manifest, 500 with the reason, or 410."""
    asked = _own(request, "bulk.cancel" if request.method == "DELETE" else "bulk.status", kind, ident)
    if request.method == "DELETE":
        if not asked.open:
            files.remove(asked.id)
        text = "Cancelled" if asked.open else "Removed"
        return record.answer(record.outcome([record.Issue("information", "informational", text)]), 202)
    if asked.open:
        response = HttpResponse(status=202)
        response["X-Progress"] = asked.progress or "waiting for its turn"
        response["Retry-After"] = str(RETRY_SECONDS)
        return response
    if asked.expired:
        return record.refusal(410, "deleted", f"The files of this {kind} have expired; ask again")
    if asked.state == "failed":
        return record.refusal(500, "exception", asked.message)
    response = HttpResponse(manifest(request, asked), content_type="application/json")
    if asked.expires_at is not None:
        response["Expires"] = http_date(asked.expires_at.timestamp())
    return response


def file_view(kind: str) -> Callable[[HttpRequest, str, str], HttpResponseBase]:
    """The view of one file of a completed request: streamed, never all in memory."""

    @record.fhir("GET", gives=FILE_TYPES)
    def file(request: HttpRequest, ident: str, name: str) -> HttpResponseBase:
        asked = _own(request, "bulk.download", kind, ident, f"{ident} {name}")
        if asked.expired:
            return record.refusal(410, "deleted", f"The files of this {kind} have expired; ask again")
        path = files.find(asked.id, name) if asked.state == "completed" else None
        if path is None:
            raise record.NotFound
        return FileResponse(path.open("rb"), content_type=FILE_TYPES[0])

    return file
