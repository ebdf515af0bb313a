"""FHIR answers as bytes: resources as received, Bundles spliced around them, OperationOutcomes.

https://hl7.org/fhir/R4/http.html  https://hl7.org/fhir/R4/operationoutcome.html
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from django.http import HttpResponse
from django.utils.http import http_date

from commonweal.apps.record.stored import Stored

FHIR_JSON = "application/fhir+json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue of an OperationOutcome; ``code`` from http://hl7.org/fhir/issue-type."""

    severity: str
    code: str
    diagnostics: str
    expression: str = ""


def outcome(issues: Iterable[Issue]) -> bytes:
    """An OperationOutcome resource."""
    body: list[dict[str, Any]] = []
    for issue in issues:
        item: dict[str, Any] = {
            "severity": issue.severity,
            "code": issue.code,
            "details": {"text": issue.diagnostics},
            "diagnostics": issue.diagnostics,
        }
        if issue.expression:
            item["expression"] = [issue.expression]
        body.append(item)
    return orjson.dumps({"resourceType": "OperationOutcome", "issue": body})


def http_moment(moment: datetime) -> str:
    """``moment`` as HTTP writes it, to the second: https://www.rfc-editor.org/rfc/rfc9110#name-last-modified"""
    return _second(int(moment.timestamp()))


@lru_cache(maxsize=1_024)
def _second(since: int) -> str:
    return http_date(since)


def answer(body: bytes, status: int = 200) -> HttpResponse:
    """``body`` as FHIR JSON, never to be kept by anything on the way."""
    response = HttpResponse(body, status=status, content_type=FHIR_JSON)
    response["Cache-Control"] = "no-store"
    return response


def refusal(status: int, code: str, diagnostics: str, expression: str = "") -> HttpResponse:
    """An error with one issue."""
    return answer(outcome([Issue("error", code, diagnostics, expression)]), status)


def resource(stored: Stored) -> HttpResponse:
    """One resource, to the byte as its source sent it; version and time in the headers."""
    response = answer(stored.body)
    response["ETag"] = f'W/"{stored.version}"'
    response["Last-Modified"] = http_moment(stored.updated)
    return response


def not_modified(stored: Stored) -> HttpResponse:
    """That the client has this version: https://hl7.org/fhir/R4/http.html#cread"""
    response = HttpResponse(status=304)
    del response["Content-Type"]
    response["ETag"] = f'W/"{stored.version}"'
    response["Last-Modified"] = http_moment(stored.updated)
    response["Cache-Control"] = "no-store"
    return response


def bundle(
    kind: str,
    base: str,
    links: Sequence[tuple[str, str]],
    matches: Sequence[Stored],
    issues: Sequence[Issue] = (),
    total: int | None = None,
) -> bytes:
    """A Bundle of type ``kind`` (``searchset`` or ``history``) spliced around the bodies as received.

    ``issues`` become one OperationOutcome entry of search mode ``outcome``; ``links`` are (relation, URL).
    """
    head: dict[str, Any] = {"resourceType": "Bundle", "type": kind}
    if total is not None:
        head["total"] = total
    head["link"] = [{"relation": relation, "url": url} for relation, url in links]
    entries = [_entry(kind, base, stored) for stored in matches]
    if issues:
        entries.append(b'{"resource":' + outcome(issues) + b',"search":{"mode":"outcome"}}')
    text = orjson.dumps(head)[:-1]
    if entries:
        text += b',"entry":[' + b",".join(entries) + b"]"
    return text + b"}"


def _entry(kind: str, base: str, stored: Stored) -> bytes:
    address = f"{stored.type}/{stored.id}"
    full = b'{"fullUrl":' + orjson.dumps(f"{base}/{address}")
    if kind == "searchset":
        return full + b',"resource":' + stored.body.strip() + b',"search":{"mode":"match"}}'
    body = b"" if stored.deleted else b',"resource":' + stored.body.strip()
    method = "DELETE" if stored.deleted else "PUT" if stored.version > 1 else "POST"
    status = "204" if stored.deleted else "200" if stored.version > 1 else "201"
    return (
        full
        + body
        + b',"request":'
        + orjson.dumps({"method": method, "url": stored.type if method == "POST" else address})
        + b',"response":'
        + orjson.dumps({"status": status, "etag": f'W/"{stored.version}"', "lastModified": stored.updated.isoformat()})
        + b"}"
    )
