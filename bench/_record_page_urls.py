"""The site's addresses, and beside them two pages: one fixed, with no gate, audit or sign-in; ours without gate.

``/fixed/COMPARTMENTS`` (ids joined by commas) runs on the same server through the same middleware. It runs the
record page's own SQL for the person's rows, prepared, on a connection of its own in the batch role, which row
security lets through; reads each body once; and writes the same facts by hand, a table row a resource and no
template: what, value or dose or reaction, when, until, status, where, who, source, and of the person name, birth,
death, sex, numbers, address and telephone. It is let off what ours adds beyond those rows: it arranges nothing into
sections, spells out no date, leaves codes of organisations and staff as codes, and says nothing of what is missing.

``/ungated/PERSON`` is our own page, drawn by the same code for whoever is signed in, with the scope that the gate gave
once and that is kept: each request reads under row security, asks for no decision and writes no audit.
"""

import threading
from html import escape
from typing import Any
from uuid import UUID

import orjson
import psycopg
from django.conf import settings
from django.db import connection as web_connection
from django.db import transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import include, path, reverse

from commonweal.apps.access import api as access
from commonweal.apps.identity import api as identity
from commonweal.apps.record.page import PERSON_ROWS, choices, chosen, person_page
from commonweal.apps.record.sending import stream

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
    for kind, body, source, feed, category, _ in _connection().execute(PERSON_ROWS, [wanted, CATEGORIES], prepare=True):
        resource = orjson.loads(body)
        facts = _person(resource) if kind == "Patient" else _facts(resource)
        cells = [escape(str(fact)) for fact in (kind, *facts, source, feed, category)]
        lines.append("<tr><td>" + "</td><td>".join(cells) + "</td></tr>")
    lines.append("</tbody></table></main></body></html>")
    return HttpResponse("\n".join(lines))


def _person(patient: dict[str, Any]) -> list[object]:
    """The facts of the banner."""
    numbers = [one.get("value", "") for one in patient.get("identifier", ())]
    names = [" ".join([*one.get("given", ()), one.get("family", "")]) for one in patient.get("name", ())]
    homes = [
        ", ".join([*one.get("line", ()), one.get("city", ""), one.get("postalCode", "")])
        for one in patient.get("address", ())
    ]
    phones = [one.get("value", "") for one in patient.get("telecom", ())]
    dates = [patient.get("birthDate", ""), patient.get("deceasedDateTime", "")]
    return [", ".join(names), *dates, patient.get("gender", ""), *numbers, "; ".join(homes), "; ".join(phones)]


def _facts(resource: dict[str, Any]) -> list[object]:
    """What, value or dose or reaction, when, until, status, where and who, as each type keeps them."""
    concept = _first(resource.get("medicationCodeableConcept") or resource.get("code") or resource.get("type"))
    values = [_value(one) for one in (resource, *resource.get("component", ()))]
    doses = [dose.get("text", "") for dose in resource.get("dosageInstruction", ())]
    reactions = [_words(one) for each in resource.get("reaction", ()) for one in each.get("manifestation", ())]
    period = resource.get("period") or {}
    when = (
        resource.get("onsetDateTime")
        or resource.get("effectiveDateTime")
        or resource.get("authoredOn")
        or resource.get("recordedDate")
        or period.get("start", "")
    )
    place = (resource.get("location") or [{}])[0].get("location", {}).get("display", "")
    who = [one.get("individual", {}).get("display", "") for one in resource.get("participant", ())]
    return [
        _words(concept),
        _words(_first(resource.get("reasonCode"))),
        ", ".join(filter(None, values)),
        "; ".join(doses) or ", ".join(reactions),
        when[:10],
        period.get("end", "")[:10],
        resource.get("status") or (resource.get("clinicalStatus", {}).get("coding") or [{}])[0].get("code", ""),
        place,
        ", ".join(who),
    ]


def _first(concept: Any) -> dict[str, Any]:
    found: dict[str, Any] = (concept[0] if isinstance(concept, list) else concept) or {}
    return found


def _words(concept: dict[str, Any]) -> str:
    coding = (concept.get("coding") or [{}])[0]
    return str(concept.get("text") or coding.get("display") or coding.get("code", ""))


def _value(holder: dict[str, Any]) -> str:
    """``Systolic blood pressure 120 mmHg`` of a component, ``66.2 kg`` of an observation."""
    quantity = holder.get("valueQuantity")
    if not quantity:
        return ""
    named = "" if "resourceType" in holder else _words(holder.get("code", {}))
    return f"{named} {quantity.get('comparator', '')}{quantity.get('value', '')} {quantity.get('unit', '')}".strip()


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


_scopes: dict[UUID, access.Scope] = {}


def ungated(request: HttpRequest, person_id: UUID) -> StreamingHttpResponse:
    """Our page for the scope that the gate gave at the first asking."""
    actor = access.actor_of(request)
    if person_id not in _scopes:
        with access.session(actor, access.default_purpose(actor), "open record") as session:
            _scopes[person_id] = session.open_person(person_id, identity.compartments_of(person_id))
    scope = _scopes[person_id]
    with transaction.atomic(), web_connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('commonweal.compartments', %s, true), set_config('commonweal.categories', %s, true)",
            [",".join(map(str, sorted(scope.compartments))), ",".join(sorted(scope.categories))],
        )
        page = person_page(scope)
    shown = {"page": page, "emergency": False, "emergency_address": reverse("emergency", args=[person_id])}
    shown |= {"documents_address": reverse("person", args=[person_id]) + "/documents/"}
    return stream(request, "record/person.jinja", shown | {"asked": request.GET, "choices": choices, "chosen": chosen})


urlpatterns = [
    path("fixed/<str:compartments>", fixed),
    path("ungated/<uuid:person_id>", ungated),
    path("", include("commonweal.config.urls")),
]
