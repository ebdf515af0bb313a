"""The audit as FHIR, for the privacy officer: https://hl7.org/fhir/R4/auditevent.html

To everybody else ``AuditEvent`` is a type like any other: what partners' systems sent. To the privacy officer it is
this platform's own audit, made from its rows as they are asked for and never stored twice. ``patient``, ``date`` and
``agent`` select; the newest come first. Each event names the seal of the chain that holds it (``commonweal verify``).
"""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from django.http import HttpRequest, HttpResponse

from commonweal.apps.access import api as access
from commonweal.apps.record.rest import answers
from commonweal.apps.record.rest.handling import NotFound, base, session
from commonweal.apps.record.rest.people import only, patient_ids, whose
from commonweal.apps.record.rest.query import Query, parse
from commonweal.apps.record.searching import BadSearch
from commonweal.apps.record.searching.values import after, moments
from commonweal.apps.record.stored import Stored

KIND = "AuditEvent"
ACCOUNT = "https://commonweal.example/Id/account"
ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
_PAGE = 100
_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_ACTION = "https://commonweal.example/CodeSystem/audit-action"
_SEAL = "https://commonweal.example/StructureDefinition/audit-seal"
_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_ENTITY = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_OBJECT = "http://terminology.hl7.org/CodeSystem/object-role"
_PURPOSES = {
    access.Purpose.DIRECT_CARE: "TREAT",
    access.Purpose.EMERGENCY: "ETREAT",
    access.Purpose.OWN_RECORD: "PATRQT",
    access.Purpose.POPULATION_HEALTH: "PUBHLTH",
    access.Purpose.PERFORMANCE: "HQUALIMP",
    access.Purpose.OPERATIONS: "HOPERAT",
    access.Purpose.INFORMATION_GOVERNANCE: "HCOMPL",
}
_VERBS = {"create": "C", "update": "U", "patch": "U", "delete": "D", "read": "R", "vread": "R", "history": "R"}
_VERBS |= {"search": "R", "everything": "R", "page": "R"}
# https://hl7.org/fhir/R4/valueset-audit-event-outcome.html : success, and minor and serious failure
_OUTCOMES = {"allowed": "0", "mixed": "0", "refused": "4", "failed": "8"}


def reads_audit(request: HttpRequest, kind: str) -> bool:
    """Whether this asks for the platform's own audit."""
    return kind == KIND and access.presumed(request).actor.role is access.Role.PRIVACY_OFFICER


def search(request: HttpRequest) -> HttpResponse:
    """The events that ``patient``, ``date`` (repeated: all), ``agent`` and ``_id`` select, newest first, in pages.

    Raises ``Refused`` for a purpose that reviews no access, ``BadSearch`` for a value that is none.
    """
    query = parse(request, ["_id", "patient", "date", "agent", "_cursor"])
    since, below = _between(query)
    agent = query.first("agent").removeprefix(f"{ACCOUNT}|")
    most = _PAGE if query.count is None else query.count
    chosen = {"ident": _number("_id", query.first("_id")), "before": _number("_cursor", query.first("_cursor"))}
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
    links = [("self", _link(request, query, query.first("_cursor")))]
    if page and len(rows) > most:
        links.append(("next", _link(request, query, str(page[-1].id))))
    return answers.answer(
        answers.bundle("searchset", base(request), links, [_stored(row) for row in page], query.ignored)
    )


def read(request: HttpRequest, ident: str) -> HttpResponse:
    """One event by its number. Raises ``NotFound``, ``Refused``."""
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
        agents.append({"who": {"identifier": {"system": ODS, "value": row.organisation}}, "requestor": False})
    thing: dict[str, Any] = {"type": {"system": _ENTITY, "code": "2", "display": "System Object"}}
    thing |= {"description": row.target} if row.target else {}
    details = [("request", str(row.request_id)), *([("reason", row.reason)] if row.reason else [])]
    thing["detail"] = [{"type": name, "valueString": value} for name, value in details]
    code, display = ("110110", "Patient Record") if row.subjects else ("110100", "Application Activity")
    said: dict[str, Any] = {"resourceType": KIND, "id": str(row.id)}
    if row.seal is not None:
        said["extension"] = [{"url": _SEAL, "valueInteger": row.seal}]
    return said | {
        "type": {"system": _DCM, "code": code, "display": display},
        "subtype": [{"system": _ACTION, "code": row.action}],
        "action": _VERBS.get(row.action.rpartition(".")[2], "E"),
        "recorded": row.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "outcome": _OUTCOMES[row.outcome],
        "outcomeDesc": row.outcome,
        "purposeOfEvent": [_purpose(row.purpose)],
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


def _purpose(name: str) -> dict[str, Any]:
    known = _PURPOSES.get(access.Purpose(name)) if name in set(access.Purpose) else None
    return {"text": name.replace("_", " "), **({"coding": [{"system": _REASON, "code": known}]} if known else {})}


def _stored(row: access.Audited) -> Stored:
    return Stored(KIND, str(row.id), 1, row.at, orjson.dumps(event(row)), "", "audit", "", row.at)


def _between(query: Query) -> tuple[datetime | None, datetime | None]:
    """From when, and before when, by every ``date`` of the search."""
    since, below = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    for value in (value for name, value in query.params if name == "date"):
        sought = moments("date", value, datetime.now(UTC))
        first, last = datetime.fromisoformat(sought.first), datetime.fromisoformat(after(sought.last))
        if sought.prefix in ("ne", "ap"):
            raise BadSearch(f"date={value}: give eq, ge, gt, le, lt, sa or eb")
        if sought.prefix in ("eq", "ge"):
            since = max(since, first)
        if sought.prefix in ("gt", "sa"):
            since = max(since, last)
        if sought.prefix in ("eq", "le"):
            below = min(below, last)
        if sought.prefix in ("lt", "eb"):
            below = min(below, first)
    return (since if since.year > 1 else None), (below if below.year < 9999 else None)


def _number(name: str, text: str) -> int | None:
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadSearch(f"{name}={text}: give the number of an event")
    return int(text) if text else None


def _link(request: HttpRequest, query: Query, cursor: str) -> str:
    pairs = [(name, value) for name, value in query.params if name != "_cursor"]
    pairs += [("_count", str(query.count))] if query.count is not None else []
    pairs += [("_cursor", cursor)] if cursor else []
    return f"{base(request)}/{KIND}" + (f"?{urlencode(pairs)}" if pairs else "")
