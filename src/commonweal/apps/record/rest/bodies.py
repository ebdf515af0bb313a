"""What a client sends: bounded before it is read, parsed once, valid or refused. https://hl7.org/fhir/R4/http.html#general"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
from django.http import HttpRequest

from commonweal.apps.record.conformance.checking import Incoming
from commonweal.apps.record.rest.answers import Issue
from commonweal.apps.record.rest.handling import Problem, problem
from commonweal.fhir.compartment import is_of_nobody, person_reference
from commonweal.fhir.definitions import resource_types
from commonweal.fhir.errors import Invalid, excerpt
from commonweal.fhir.parse import MAX_BYTES, parse_line, twice
from commonweal.fhir.validate import validate

MAX_BUNDLE = 10 * 1024 * 1024
MAX_REFERENCES = 5_000  # in one resource
JSON = ("application/fhir+json", "application/json", "text/json")
PATCH = ("application/json-patch+json",)
_MOST_PASSED_OVER = 64 * 1024 * 1024  # of a body that is refused for its length
_STEP = 64 * 1024
_UNNAMED = "unnamed/"  # no id of FHIR holds a slash

_TOO_LARGE = frozenset(("line-too-long", "patch-too-large"))
_CODES = {  # our rules as http://hl7.org/fhir/issue-type
    "required": "required",
    "unknown-element": "structure",
    "object-expected": "structure",
    "array-expected": "structure",
    "resource-expected": "structure",
    "choice-more-than-one": "structure",
    "json-malformed": "structure",
    "json-truncated": "incomplete",
    "line-too-long": "too-long",
    "patch-too-large": "too-costly",
    "patch-test-failed": "conflict",
    "nesting-too-deep": "too-costly",
    "code-not-in-value-set": "code-invalid",
    "code-outside-extensible": "code-invalid",
    "profile-min": "required",
    "profile-max": "structure",
    "profile-not-loaded": "not-found",
    "extension-context": "extension",
    "modifier-extension-unknown": "extension",
    "not-checked": "informational",
}
_INVARIANT = re.compile(r"(?:invariant-.+|[a-z]{2,4}-\d+)")


def read(request: HttpRequest, types: tuple[str, ...] = JSON, most: int = MAX_BYTES) -> bytes:
    """The request's body, at most ``most`` bytes, never more of it in memory.

    Raises:
        Problem: 415 for another media type, 413 for a longer body, 400 for none.
    """
    stated = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if stated not in types:
        raise problem(415, "not-supported", f"Send Content-Type: {types[0]}")
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isascii() or not length.isdigit() or int(length) > most:
        raise too_large(most, unread=not _passed_over(request, length))
    body: bytes | None = getattr(request, "commonweal_body", None)  # there when it is all done once more
    if body is None:
        body = request.read(most + 1)
        request.commonweal_body = body  # type: ignore[attr-defined]  # a request is read once
    if len(body) > most:
        raise too_large(most)
    if not body.strip():
        raise problem(400, "incomplete", "The body is empty")
    return body


def text(request: HttpRequest) -> str:
    """The text of a resource. Raises Problem as :func:`read` does, and 400 for bytes that are not UTF-8."""
    return decoded(read(request))


def decoded(raw: bytes) -> str:
    """``raw`` as text, without a byte-order mark. Raises Problem 400."""
    try:
        return raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as bad:
        raise problem(400, "structure", f"Byte {bad.start + 1} is not UTF-8") from None


def _passed_over(request: HttpRequest, length: str) -> bool:
    """Whether a body of that length was read to its end and forgotten: most clients read no answer before they sent
    all. What is longer than anybody may mean is left.
    """
    if not length.isascii() or not length.isdigit() or int(length) > _MOST_PASSED_OVER:
        return False
    while request.read(_STEP):
        pass
    return True


def too_large(most: int, unread: bool = False) -> Problem:
    """413, saying how much is taken."""
    text = f"Over {most} bytes; send less at a time, and attachments apart"
    return Problem(413, Issue("error", "too-long", text), unread=unread)


def parsed(raw: bytes, most: int = MAX_BYTES) -> dict[str, Any]:
    """One JSON object of at most ``most`` bytes, no member of which is there twice. Raises Problem 400 or 413."""
    try:
        value = parse_line(raw, most)
    except Invalid as bad:
        raise invalid(bad) from None
    if name := twice(raw, value):
        message = f"{excerpt(name)} is there twice; which one counts would be a guess"
        raise invalid(Invalid(excerpt(name), "duplicate-member", "", message))
    return value


def invalid(bad: Invalid, status: int = 400) -> Problem:
    """What cannot be read or applied, as a problem."""
    status = 413 if bad.rule in _TOO_LARGE else status
    return Problem(status, Issue("error", issue_code(bad.rule), bad.message, bad.field))


def issue_code(rule: str) -> str:
    """A rule of ours as an issue type: http://hl7.org/fhir/issue-type."""
    return _CODES.get(rule) or ("invariant" if _INVARIANT.fullmatch(rule) else "value")


def checked(resource: Mapping[str, Any], kind: str, at: str = "") -> list[Issue]:
    """Warnings of a resource of type ``kind`` that may be stored; ``at`` is where it stands, in a Bundle.

    Raises:
        Problem: 400 for another type, 422 with every error that validation finds, 413 for references past counting.
    """
    stated = resource.get("resourceType")
    if stated != kind:
        raise problem(400, "invalid", f"The address says {kind} and the body another type", _at("resourceType", at, ""))
    if kind not in resource_types():
        raise problem(404, "not-supported", f"FHIR R4 has no {kind}")
    if _references(resource) > MAX_REFERENCES:
        raise problem(413, "too-costly", f"More than {MAX_REFERENCES} references; split the resource")
    issues = [
        Issue(issue.severity, issue_code(issue.rule), f"{issue.rule}: {issue.message}", _at(issue.field, at, kind))
        for issue in validate(resource)
    ]
    if any(issue.severity == "error" for issue in issues):
        raise Problem(422, *issues)
    return issues


def held_to_profiles(incoming: Incoming, resource: Mapping[str, Any], at: str = "") -> list[Issue]:
    """What a valid resource breaks of the profiles it claims or its source is held to, as warnings.

    Raises:
        Problem: 422 when a rule says to refuse what breaks its profile.
    """
    checked = incoming.remarks(resource)
    kind = str(resource["resourceType"])
    issues = [
        Issue(one.severity, issue_code(one.rule), f"{one.rule}: {one.message}", _at(one.field, at, kind))
        for one in checked.issues
    ]
    if checked.refused:
        raise Problem(422, *issues)
    return [replace(one, severity="warning") if one.severity == "error" else one for one in issues]


def whose(resource: Mapping[str, Any]) -> str | None:
    """What its source numbers whom it is about by: the id of a Patient, or None for what is about nobody.

    What should say whose it is and does not (a result without a subject, a Bundle) is kept apart, each under a name
    of its own that no Patient can have: only the organisation that sent it finds it, and it is in nobody's record.
    """
    person = person_reference(resource)
    if person is None and not is_of_nobody(resource):
        return f"{_UNNAMED}{resource['resourceType']}/{resource['id']}"
    return person


def names_nobody(person: str | None) -> bool:
    """Whether :func:`whose` found nobody where somebody should be."""
    return person is not None and person.startswith(_UNNAMED)


def _at(field: str, at: str, kind: str) -> str:
    """``field`` as an expression from the body's root."""
    if not at:
        return field
    return f"{at}.resource" + field.removeprefix(kind) if field.startswith(kind) else f"{at}.resource.{field}"


def _references(resource: Mapping[str, Any]) -> int:
    """How many ``reference`` members there are."""
    return orjson.dumps(resource).count(b'"reference":')  # in a string the first mark would have an escape before it
