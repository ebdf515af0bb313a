"""What the four writes share: the session they run in, and the answer. https://hl7.org/fhir/R4/http.html#ops"""

import re

from django.http import HttpRequest, HttpResponse
from django.utils.http import http_date

from commonweal.apps.record import writing
from commonweal.apps.record.rest import answers, creates
from commonweal.apps.record.rest.answers import Issue
from commonweal.apps.record.rest.handling import base, session
from commonweal.apps.record.rest.writer import Ask, Writer, Written

_RETURN = re.compile(r"\breturn\s*=\s*\"?(minimal|representation|OperationOutcome)\b")
_SAID = {"created": "Created", "updated": "Updated", "unchanged": "It was so already", "deleted": "Deleted"}


def perform(request: HttpRequest, name: str, ask: Ask) -> HttpResponse:
    """Do one write in a session of its own, and answer it. ``name`` is the interaction's, for the audit."""
    if creates.may_be([ask]) and (done := creates.created(request, f"fhir.{name}", ask.kind, [ask])):
        return answered(request, done[0])
    with session(request, f"fhir.{name}", ask.kind, writing.pipelined([ask.kind])) as opened:
        written = Writer(opened).write([ask])[0]
    return answered(request, written)


def preferred(request: HttpRequest, otherwise: str = "representation") -> str:
    """What the client wants back: ``minimal``, ``representation`` or ``OperationOutcome``.

    https://hl7.org/fhir/R4/http.html#return
    """
    found = _RETURN.search(request.headers.get("Prefer", ""))
    return found[1] if found else otherwise


def outcome(written: Written) -> bytes:
    """An OperationOutcome that says what was done, and what validation remarked."""
    return answers.outcome([Issue("information", "informational", _SAID[written.done.what]), *written.warnings])


def status(written: Written) -> int:
    """201 for a new resource, 204 for a deletion that nothing is said of, else 200."""
    return 201 if written.done.what == "created" else 204 if written.done.stored.deleted else 200


def location(address: str, written: Written) -> str:
    """Where the version written is, under ``address``, the base of the API."""
    stored = written.done.stored
    return f"{address}/{stored.type}/{stored.id}/_history/{stored.version}"


def answered(request: HttpRequest, written: Written) -> HttpResponse:
    """The answer to a single write."""
    wanted = preferred(request, "minimal" if written.done.stored.deleted else "representation")
    stored = written.done.stored
    code = status(written)
    if wanted == "OperationOutcome":
        response = answers.answer(outcome(written), 200 if code == 204 else code)
    elif wanted == "minimal" or stored.deleted:
        response = answers.answer(b"", code)
    else:
        response = answers.answer(stored.body, code)
    if stored.id:
        response["ETag"] = f'W/"{stored.version}"'
        response["Last-Modified"] = http_date(stored.updated.timestamp())
    if not stored.deleted:
        response["Location"] = location(base(request), written)
    return response


def query_of(request: HttpRequest) -> str:
    """The condition of a conditional interaction: the address's query, as sent."""
    return str(request.META.get("QUERY_STRING", ""))
