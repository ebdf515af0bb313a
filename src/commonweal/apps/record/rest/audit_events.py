"""The audit as FHIR, for the privacy officer: https://hl7.org/fhir/R4/auditevent.html

To everybody else ``AuditEvent`` is a type like any other: what partners' systems sent. To citizens it is who looked
at their own record (``own_audit``), to the privacy officer this platform's own audit, made from its rows as they are
asked for and never stored twice. ``patient``, ``date`` and ``agent`` select; the newest come first. Each event names
the seal of the chain that holds it (``commonweal verify``).
"""

from datetime import UTC
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse

from commonweal.apps.access import api as access
from commonweal.apps.record.rest import answers, own_audit
from commonweal.apps.record.rest.audit_words import (
    ACTION,
    DCM,
    KIND,
    OUTCOMES,
    between,
    link,
    number,
    purpose,
    verb,
)
from commonweal.apps.record.rest.handling import NotFound, base, session
from commonweal.apps.record.rest.people import only, patient_ids, whose
from commonweal.apps.record.rest.query import parse
from commonweal.apps.record.stored import Stored
from commonweal.fhir import systems

ACCOUNT = "https://commonweal.example/Id/account"
_PAGE = 100
_SEAL = "https://commonweal.example/StructureDefinition/audit-seal"
_ENTITY = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_OBJECT = "http://terminology.hl7.org/CodeSystem/object-role"


def reads_audit(request: HttpRequest, kind: str) -> bool:
    """Whether this asks for the platform's own audit."""
    return kind == KIND and access.presumed(request).actor.role in (access.Role.PRIVACY_OFFICER, access.Role.CITIZEN)


def search(request: HttpRequest) -> HttpResponse:
    """The events that ``patient``, ``date`` (repeated: all), ``agent`` and ``_id`` select, newest first, in pages.

    Raises ``Refused`` for a purpose that reviews no access, ``BadSearch`` for a value that is none.
    """
    if access.presumed(request).actor.role is access.Role.CITIZEN:
        return own_audit.search(request)
    query = parse(request, ["_id", "patient", "date", "agent", "_cursor"])
    since, below = between(query)
    agent = query.first("agent").removeprefix(f"{ACCOUNT}|")
    most = _PAGE if query.count is None else query.count
    chosen = {"ident": number("_id", query.first("_id")), "before": number("_cursor", query.first("_cursor"))}
    names = "&".join(dict.fromkeys(name for name, _ in query.params))
    with session(request, "fhir.search", f"{KIND}?{names}") as opened:
        about = None
        if patient := query.first("patient"):
            person_id, compartments = only(whose("Patient", patient_ids(patient)[:1]))
            about = list(compartments)
            opened.review(person_id)
        else:
            opened.review()
        actor = (agent if ":" in agent else f"user:{agent}") if agent else None
        rows = access.audited(opened, about=about, since=since, below=below, actor=actor, most=most + 1, **chosen)
    page = rows[:most]
    links = [("self", link(request, query, query.first("_cursor")))]
    if page and len(rows) > most:
        links.append(("next", link(request, query, str(page[-1].id))))
    return answers.answer(
        answers.bundle("searchset", base(request), links, [_stored(row) for row in page], query.ignored)
    )


def read(request: HttpRequest, ident: str) -> HttpResponse:
    """One event by its number. Raises ``NotFound``, ``Refused``."""
    if access.presumed(request).actor.role is access.Role.CITIZEN:
        return own_audit.read(request, ident)
    with session(request, "fhir.read", KIND) as opened:
        opened.review()
        number = int(ident) if ident.isascii() and ident.isdigit() and len(ident) < 19 else -1
        rows = access.audited(opened, ident=number, most=1)
    if not rows:
        raise NotFound
    return answers.resource(_stored(rows[0]))


def event(row: access.Audited) -> dict[str, Any]:
    """One audit row as an AuditEvent."""
    agents: list[dict[str, Any]] = [
        {
            "role": [{"text": row.role.replace("_", " ")}],
            "who": {"identifier": {"system": ACCOUNT, "value": row.actor}},
            "requestor": True,
        }
    ]
    if row.organisation:
        agents.append({"who": {"identifier": {"system": systems.ODS, "value": row.organisation}}, "requestor": False})
    thing: dict[str, Any] = {"type": {"system": _ENTITY, "code": "2", "display": "System Object"}}
    thing |= {"description": row.target} if row.target else {}
    details = [("request", str(row.request_id)), *([("reason", row.reason)] if row.reason else [])]
    thing["detail"] = [{"type": name, "valueString": value} for name, value in details]
    code, display = ("110110", "Patient Record") if row.subjects else ("110100", "Application Activity")
    said: dict[str, Any] = {"resourceType": KIND, "id": str(row.id)}
    if row.seal is not None:
        said["extension"] = [{"url": _SEAL, "valueInteger": row.seal}]
    return said | {
        "type": {"system": DCM, "code": code, "display": display},
        "subtype": [{"system": ACTION, "code": row.action}],
        "action": verb(row.action),
        "recorded": row.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "outcome": OUTCOMES[row.outcome],
        "outcomeDesc": row.outcome,
        "purposeOfEvent": [purpose(row.purpose)],
        "agent": agents,
        "source": {"observer": {"display": "Commonweal"}},
        "entity": [
            *(
                {
                    "what": {"reference": f"Patient/{person}"},
                    "type": {"system": _ENTITY, "code": "1", "display": "Person"},
                    "role": {"system": _OBJECT, "code": "1", "display": "Patient"},
                    "detail": [{"type": "outcome", "valueString": outcome}],
                }
                for person, outcome in row.subjects
            ),
            thing,
        ],
    }


def _stored(row: access.Audited) -> Stored:
    return Stored(KIND, str(row.id), 1, row.at, orjson.dumps(event(row)), "", "audit", "", row.at)
