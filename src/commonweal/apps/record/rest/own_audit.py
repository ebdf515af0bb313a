"""Who looked at one's own record, as FHIR: https://hl7.org/fhir/R4/auditevent.html

A citizen reads under ``AuditEvent`` what their page *Who looked* says: role, organisation, when, what for. No member of
staff is named; looks for safeguarding are not there, nor an emergency before the person may be told of it.
"""

from datetime import UTC
from typing import Any
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse

from commonweal.apps.access import api as access
from commonweal.apps.identity import api as identity
from commonweal.apps.record.rest import answers
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

_MOST = 1000  # looks by others, and as many of their own
_PAGE = 100
_OLDER = f"Only the latest {_MOST} looks by others and {_MOST} of your own are searched; there are older ones"


def search(request: HttpRequest) -> HttpResponse:
    """The looks at the citizen's own record that ``patient`` (their own) and ``date`` select, newest first, in pages.

    Raises ``Refused`` for somebody else's, ``BadSearch`` for a value that is none.
    """
    query = parse(request, ["_id", "patient", "date", "_cursor"])
    since, below = between(query)
    ident, before = number("_id", query.first("_id")), number("_cursor", query.first("_cursor"))
    most = _PAGE if query.count is None else query.count
    person, looks, more = _looks(request, "fhir.search", query.first("patient"))
    found = [
        one
        for one in looks
        if (since is None or one.at >= since)
        and (below is None or one.at < below)
        and (ident is None or one.id == ident)
        and (before is None or one.id < before)
    ]
    found.sort(key=lambda one: one.id, reverse=True)
    page = found[:most]
    links = [("self", link(request, query, query.first("_cursor")))]
    if page and len(found) > most:
        links.append(("next", link(request, query, str(page[-1].id))))
    entries = [_stored(one, person) for one in page]
    issues = [*query.ignored, *([answers.Issue("warning", "incomplete", _OLDER)] if more else [])]
    return answers.answer(answers.bundle("searchset", base(request), links, entries, issues))


def read(request: HttpRequest, ident: str) -> HttpResponse:
    """One look by its number. Raises ``NotFound``, ``Refused``."""
    person, looks, _ = _looks(request, "fhir.read", "")
    found = next((one for one in looks if str(one.id) == ident), None)
    if found is None:
        raise NotFound
    return answers.resource(_stored(found, person))


def _looks(request: HttpRequest, action: str, patient: str) -> tuple[UUID, list[access.Look], bool]:
    """The person, the looks at them, and whether there are older ones."""
    with session(request, action, KIND) as opened:
        own = identity.current_person(opened.actor.person_id) if opened.actor.person_id else None
        if own is None:
            raise access.Refused(access.RefusedKind.ABSENT, "No such person or item.")
        person, compartments = own, identity.compartments_of(own)
        if patient:
            person, compartments = only(whose("Patient", patient_ids(patient)[:1]))
        scope = opened.open_person(person, compartments)
        looks = access.looked(scope.compartments, _MOST + 1)
    themselves = [one for one in looks if one.purpose == access.Purpose.OWN_RECORD]
    others = [one for one in looks if one.purpose != access.Purpose.OWN_RECORD]
    kept = [*others[:_MOST], *themselves[:_MOST]]
    return person, kept, len(kept) < len(looks)


def _stored(look: access.Look, person: UUID) -> Stored:
    return Stored(KIND, str(look.id), 1, look.at, orjson.dumps(_event(look, person)), "", "audit", "", look.at)


def _event(look: access.Look, person: UUID) -> dict[str, Any]:
    asker: dict[str, Any] = {"role": [{"text": look.role.replace("_", " ")}], "requestor": True}
    if look.team:
        asker["role"].append({"text": look.team})
    if look.name:  # of who acts for the person, whom they know
        asker["who"] = {"display": look.name}
    agents = [asker]
    if look.organisation:
        agents.append({"who": {"identifier": {"system": systems.ODS, "value": look.organisation}}, "requestor": False})
    return {
        "resourceType": KIND,
        "id": str(look.id),
        "type": {
            "system": DCM,
            "code": "110110",
            "display": "Patient Record",
        },
        "subtype": [{"system": ACTION, "code": look.action}],
        "action": verb(look.action),
        "recorded": look.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "outcome": OUTCOMES[look.outcome],
        "outcomeDesc": look.outcome,
        "purposeOfEvent": [purpose(look.purpose)],
        "agent": agents,
        "source": {"observer": {"display": "Commonweal"}},
        "entity": [{"what": {"reference": f"Patient/{person}"}}],
    }
