"""$validate: whether a resource could be stored, and what it breaks.

https://hl7.org/fhir/R4/resource-operation-validate.html

Nothing of it is kept. The answer is an OperationOutcome with status 200 whenever the resource could be read: an error
in it is a finding about the resource, not a failure of the request.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from commonweal.apps.record.conformance import checking
from commonweal.apps.record.rest import answers, bodies, parameters
from commonweal.apps.record.rest.answers import Issue
from commonweal.apps.record.rest.handling import fhir, problem, session
from commonweal.apps.record.rest.versions import versions_of
from commonweal.fhir import errors
from commonweal.fhir.definitions import resource_types
from commonweal.fhir.parse import parse_line

_MODES = ("create", "update", "delete", "profile")


@fhir("GET", "POST")
def validate(request: HttpRequest, kind: str, ident: str = "") -> HttpResponse:
    """Type level: the resource sent. Instance level: it, or without a body what is stored under that id.

    ``mode``: create, update, delete or profile; ``profile``: an address it is held to besides those it claims.
    """
    if kind not in resource_types():
        raise problem(404, "not-supported", f"FHIR R4 has no {kind}")
    asked = parameters.arguments(request, ("mode", "profile"))
    mode, profile = parameters.text(asked, "mode"), parameters.text(asked, "profile")
    if mode and mode not in _MODES:
        raise problem(400, "invalid", f"mode is one of {', '.join(_MODES)}")
    if mode == "profile" and not profile:
        raise problem(400, "required", "mode=profile needs the profile to hold the resource to")
    sent = asked.get("resource")
    if sent is None:
        return _stored(request, kind, ident, mode, profile)
    if not isinstance(sent, dict):
        raise problem(400, "structure", "resource is to be a resource")
    with session(request, "fhir.validate", kind) as opened:
        found = [*_placed(sent, kind, ident, mode), *_judged(sent, opened.actor.organisation, profile, mode)]
    return _answer(found)


def _stored(request: HttpRequest, kind: str, ident: str, mode: str, profile: str) -> HttpResponse:
    """What is held under the id, read as any read is: through the gate, and audited."""
    if not ident:
        raise problem(400, "required", "Send the resource to validate")
    current = versions_of(request, "fhir.validate", kind, ident)[0]
    if mode == "delete":
        return _answer([])
    return _answer(_judged(parse_line(current.body), current.source, profile, mode))


def _placed(sent: dict[str, Any], kind: str, ident: str, mode: str) -> list[Issue]:
    """Whether the resource is of the type, and has the id, that the address and the mode speak of."""
    found = []
    if sent.get("resourceType") != kind:
        found.append(
            Issue("error", "invalid", f"The address says {kind} and the resource another type", "resourceType")
        )
    if ident and sent.get("id") not in (None, ident):
        found.append(Issue("error", "invalid", "The address and the resource name different ids", f"{kind}.id"))
    if mode == "update" and not ident and "id" not in sent:
        found.append(Issue("error", "required", "An update needs the id of what it updates", f"{kind}.id"))
    return found


def _judged(resource: dict[str, Any], source: str, profile: str, mode: str) -> list[Issue]:
    """What validation finds; in mode ``profile`` only what the profile says."""
    if mode == "profile":
        judge = checking.validator()
        return [_issue(one) for one in judge.held_to(resource, profile)]
    day = settings.COMMONWEAL_NOW().date()
    checked = checking.check(resource, source, day, [profile] if profile else [])
    issues = [_issue(one) for one in checked.issues]
    if checked.refused and mode in ("create", "update"):
        issues.append(Issue("error", "business-rule", "As it is, this would be refused", str(resource["resourceType"])))
    return issues


def _issue(one: errors.Issue) -> Issue:
    shown = f" ({one.value})" if one.value and one.severity == "error" else ""
    return Issue(one.severity, bodies.issue_code(one.rule), f"{one.rule}: {one.message}{shown}", one.field)


def _answer(issues: list[Issue]) -> HttpResponse:
    said = issues or [Issue("information", "informational", "Nothing is wrong with it")]
    return answers.answer(answers.outcome(said))
