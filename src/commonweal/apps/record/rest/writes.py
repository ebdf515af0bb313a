"""What the four writes share: the session they run in, and the answer. https://hl7.org/fhir/R4/http.html#ops"""

import re

from django.http import HttpRequest, HttpResponse

from commonweal.apps.record import writing
from commonweal.apps.record.rest import answers, creates
from commonweal.apps.record.rest.answers import Issue
from commonweal.apps.record.rest.handling import LONG_WAY, asking, base, session
from commonweal.apps.record.rest.writer import Ask, Writer, Written

_RETURN = re.compile(r"\breturn\s*=\s*\"?(minimal|representation|OperationOutcome)\b")
_SAID = {"created": "Created", "updated": "Updated", "unchanged": "It was so already", "deleted": "Deleted"}


def perform(request: HttpRequest, name: str, ask: Ask) -> HttpResponse:
    """Do one write in a session of its own, and answer it. ``name`` is the interaction's, for the audit."""
    if LONG_WAY not in request.META and creates.may_be([ask]):
        done = creates.created(*asking(request), f"fhir.{name}", ask.kind, [ask])
        if done is not None:
            return answered(request, done[0])
    with session(request, f"fhir.{name}", ask.kind, writing.pipelined([ask.kind])) as opened:
        written = Writer(opened).write([ask])[0]
    return answered(request, written)


def preferred(request: HttpRequest, otherwise: str = "representation") -> str:
    """What the client wants back: ``minimal``, ``representation`` or ``OperationOutcome``.

    https://hl7.org/fhir/R4/http.html#return
    """
    return stated(request.META.get("HTTP_PREFER", ""), otherwise)


def stated(preference: str, otherwise: str) -> str:
    """What a Prefer header says that the client wants back."""
    found = _RETURN.search(preference)
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


def parts(address: str, written: Written, preferred: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer to a single write; ``address``: the base of the API."""
    stored = written.done.stored
    code = status(written)
    body = b""
    if preferred == "OperationOutcome":
        code, body = 200 if code == 204 else code, outcome(written)
    elif preferred == "representation" and not stored.deleted:
        body = stored.body
    told = {"Content-Type": answers.FHIR_JSON, "Cache-Control": "no-store"}
    if stored.id:
        told |= {"ETag": f'W/"{stored.version}"', "Last-Modified": answers.http_moment(stored.updated)}
    if not stored.deleted:
        told["Location"] = location(address, written)
    return code, told, body


def answered(request: HttpRequest, written: Written) -> HttpResponse:
    """The answer to a single write."""
    wanted = preferred(request, "minimal" if written.done.stored.deleted else "representation")
    code, told, body = parts(base(request), written, wanted)
    return HttpResponse(body, status=code, headers=told)


def query_of(request: HttpRequest) -> str:
    """The condition of a conditional interaction: the address's query, as sent."""
    return str(request.META.get("QUERY_STRING", ""))
