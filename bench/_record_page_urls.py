"""The site's addresses, and beside them one fixed page: the record's query with no gate, audit or sign-in.

``/fixed/COMPARTMENTS`` (ids joined by commas) runs on the same server through the same middleware. It reads the
rows the record page reads, in the batch role that row security lets through, and writes the same facts (what,
detail, when, status, where, who, source) by hand, one table row each, with no template.
"""

import threading
from html import escape
from typing import Any

import orjson
import psycopg
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from commonweal.apps.record.page import _PERSON

CATEGORIES = ["demographics", "clinical", "medication", "mental_health", "social_care"]
HEAD = (
    '<!DOCTYPE html><html lang="en-GB"><head><meta charset="utf-8"><title>Record</title>'
    '<link rel="stylesheet" href="/styles/nhsuk.css"></head><body><main><h1>Record</h1><table><tbody>'
)
_here = threading.local()


def fixed(request: HttpRequest, compartments: str) -> HttpResponse:
    """The hand-written page."""
    wanted = [int(one) for one in compartments.split(",")]
    lines = [HEAD]
    for kind, body, source, feed, category, _ in _connection().execute(_PERSON, [wanted, CATEGORIES], prepare=True):
        facts = [kind, *_facts(orjson.loads(body)), source, feed, category]
        lines.append("<tr><td>" + "</td><td>".join(escape(str(fact)) for fact in facts) + "</td></tr>")
    lines.append("</tbody></table></main></body></html>")
    return HttpResponse("\n".join(lines))


def _facts(resource: dict[str, Any]) -> list[object]:
    """What, detail, when, until, status, where and who, as each type keeps them."""
    concept = resource.get("medicationCodeableConcept") or resource.get("code") or resource.get("type") or {}
    if isinstance(concept, list):
        concept = concept[0]
    coding = (concept.get("coding") or [{}])[0]
    quantity = resource.get("valueQuantity") or {}
    doses = [dose.get("text", "") for dose in resource.get("dosageInstruction", ())]
    period = resource.get("period") or {}
    when = (
        resource.get("onsetDateTime")
        or resource.get("effectiveDateTime")
        or resource.get("authoredOn")
        or period.get("start", "")
    )
    place = (resource.get("location") or [{}])[0].get("location", {}).get("display", "")
    who = [one.get("individual", {}).get("display", "") for one in resource.get("participant", ())]
    status = resource.get("status") or (resource.get("clinicalStatus", {}).get("coding") or [{}])[0].get("code", "")
    names = [" ".join([*one.get("given", ()), one.get("family", "")]) for one in resource.get("name", ())]
    return [
        concept.get("text") or coding.get("display") or coding.get("code", ""),
        f"{quantity.get('value', '')} {quantity.get('unit', '')}",
        "; ".join(doses),
        when[:10],
        period.get("end", "")[:10],
        status,
        place,
        ", ".join(who),
        ", ".join(names),
    ]


def _connection() -> psycopg.Connection[Any]:
    """One connection a thread, in the batch role."""
    if not hasattr(_here, "connection"):
        default = settings.DATABASES["default"]
        _here.connection = psycopg.connect(
            host=default["HOST"],
            port=default["PORT"] or None,
            dbname=default["NAME"],
            user="commonweal_batch",
            password=default["PASSWORD"],
            autocommit=True,
        )
    connection: psycopg.Connection[Any] = _here.connection
    return connection


urlpatterns = [path("fixed/<str:compartments>", fixed), path("", include("commonweal.config.urls"))]
