"""Sending in many resources at once: NDJSON as the body, or uploads named in a Parameters resource.

The form follows the Bulk Import proposal, https://github.com/smart-on-fhir/bulk-import/blob/master/import.md, but for
one thing: this server fetches nothing from elsewhere, so what ``input.url`` names has been uploaded here before.
"""

from typing import Any
from uuid import UUID, uuid4

import orjson
from django.http import HttpRequest, HttpResponse

from commonweal.apps.access import api as access
from commonweal.apps.exchange.bulk import requests, rest_asking, tasks, uploads
from commonweal.apps.exchange.errors import BadUpload
from commonweal.apps.record import api as record

FEED = "api"  # the default: what comes by this interface; gp where a practice's system sends the practice's own feed
FEEDS = (FEED, "gp")
MOST_FILES = 100
_NDJSON = ("application/fhir+ndjson", "application/ndjson", "application/x-ndjson")


@record.fhir("POST")
def import_(request: HttpRequest) -> HttpResponse:
    """Start an import: of the body, or of the uploads its Parameters name."""
    with record.fhir_session(request, "bulk.upload", "import") as opened:
        opened.open_source()
        rest_asking.require_async(request)
        wait = rest_asking.too_many(opened.actor)
        actor = opened.actor
    if wait is not None:
        return wait
    said: dict[str, Any] = {"feed": request.GET.get("feed", FEED)}
    said["same_numbering"] = _yes("sameNumbering", request.GET.get("sameNumbering", "false"))
    if _media_type(request) in _NDJSON:
        said["files"] = [_received(request, actor)]  # outside any transaction: an upload may take minutes
    else:
        _take(request, actor, said)
    if said["feed"] not in FEEDS:
        raise record.BadSearch(f"feed={said['feed']}: {' or '.join(FEEDS)}")
    ident = uuid4()
    with record.fhir_session(request, "bulk.ask", "import") as opened:
        opened.open_source()
        requests.make("import", ident, opened.actor, opened.purpose, request.build_absolute_uri(), said)
        tasks.take_in.defer(request=str(ident))
    return rest_asking.accepted(request, "$import", ident)


@record.fhir("POST")
def upload(request: HttpRequest) -> HttpResponse:
    """Keep a file for an import to come. 201; Location is what ``input.url`` names it by."""
    with record.fhir_session(request, "bulk.upload", "import") as opened:
        opened.open_source()
        actor = opened.actor
    if _media_type(request) not in _NDJSON:
        return record.refusal(415, "not-supported", f"Send NDJSON as {_NDJSON[0]}")
    kept = _received(request, actor)
    text = f"Kept for an import to come: {kept['size']} bytes, SHA-256 {kept['sha256']}"
    response = record.answer(record.outcome([record.Issue("information", "informational", text)]), 201)
    response["Location"] = kept["address"]
    return response


def _received(request: HttpRequest, actor: access.Actor) -> dict[str, Any]:
    """The request's body, kept."""
    length = request.headers.get("Content-Length", "")
    try:
        kept = uploads.receive(
            actor.key, request, int(length) if length.isdigit() else 0, request.headers.get("Content-Encoding", "")
        )
    except BadUpload as bad:
        raise record.BadSearch(str(bad)) from None
    address = f"{record.base(request)}/$import/uploads/{kept.id}"
    return {"upload": str(kept.id), "sha256": kept.sha256, "size": kept.size, "address": address}


def _take(request: HttpRequest, actor: access.Actor, said: dict[str, Any]) -> None:
    """Read a Parameters resource into ``said``."""
    said["files"] = []
    for one in rest_asking.parameters(request):
        name = one.get("name")
        if name == "inputFormat":
            if next(_values(one), "").partition(";")[0] not in _NDJSON:
                raise record.BadSearch(f"inputFormat: {_NDJSON[0]}")
        elif name == "feed":
            said["feed"] = next(_values(one), "")
        elif name == "sameNumbering":
            said["same_numbering"] = one.get("valueBoolean") is True
        elif name == "input":
            said["files"].append(_uploaded(one, actor))
        elif name != "inputSource":  # who sends is who is signed in, whatever the request says
            raise record.BadSearch(f"{name}: no such parameter; inputFormat, inputSource, input, feed, sameNumbering")
    if not 0 < len(said["files"]) <= MOST_FILES:
        raise record.BadSearch(f"input: name between 1 and {MOST_FILES} uploads")


def _uploaded(one: dict[str, Any], actor: access.Actor) -> dict[str, Any]:
    parts = one.get("part")
    named = {part.get("name"): part for part in parts if isinstance(part, dict)} if isinstance(parts, list) else {}
    address = next(_values(named.get("url", {})), "")
    try:
        ident = UUID(address.rpartition("/$import/uploads/")[2])
        kept = uploads.known(actor.key, ident)
    except (ValueError, FileNotFoundError):
        text = f"input.url {address[:200]}: upload the file first, and name the Location of the answer"
        raise record.BadSearch(text) from None
    return {"upload": str(ident), "sha256": kept.sha256, "size": kept.size, "address": address}


def _values(one: dict[str, Any]) -> Any:
    return (value for name, value in one.items() if name.startswith("value") and isinstance(value, str))


def _yes(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise record.BadSearch(f"{name}={text}: true or false")
    return text == "true"


def _media_type(request: HttpRequest) -> str:
    return (request.content_type or "").lower()


@record.fhir("GET", "DELETE")
def import_status(request: HttpRequest, ident: str) -> HttpResponse:
    """How far an import is, or what came of it; DELETE stops it where it is."""
    return rest_asking.status(request, "import", ident, _manifest)


def _manifest(request: HttpRequest, asked: requests.Asked) -> bytes:
    """What became of each file: lines read = accepted + duplicate + quarantined; ``error`` says which and why."""
    base = f"{record.base(request)}/$import/{asked.id}"
    at = asked.transaction_time
    return orjson.dumps(
        {
            "transactionTime": at.isoformat(timespec="milliseconds") if at else None,
            "request": asked.address,
            "requiresAccessToken": True,
            "output": [],
            "error": [
                {"type": one["type"], "url": f"{base}/{one['name']}", "count": one["count"]}
                for one in asked.manifest.get("error", ())
            ],
            "input": asked.manifest.get("files", []),
        }
    )


import_file = rest_asking.file_view("import")
