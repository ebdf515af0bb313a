"""What partners' systems ask most, answered from the bare parts of a request: reads by id, pages of one code, creates.

Each is one statement (``record_read_own``, ``record_page_own``, ``record_add_own``), and what Django does to make a
request and a response of so little takes longer than they do. The gate, its confirmation, validation, row security and
the audit are those of the long way, by the same functions. Whatever a request has besides (conditions, a purpose of
its own, another actor than a system whose token is remembered, a fault to be told of) is for the views:
https://hl7.org/fhir/R4/http.html#read, #search, #create and #transaction
"""

import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import uuid4

from django.http import HttpResponse, QueryDict

from commonweal.apps.access import api as access
from commonweal.apps.record import own_entries
from commonweal.apps.record.rest import answers, bodies, bundles, creates, writes
from commonweal.apps.record.rest.handling import LONG_WAY, Gone, NotFound, Problem, accepts_json, refused
from commonweal.apps.record.rest.search import at_once, parsed
from commonweal.apps.record.rest.writer import Ask
from commonweal.fhir.parse import MAX_BYTES

_ADDRESS = re.compile(r"/fhir/R4/([A-Z][A-Za-z]{1,63})(?:/([A-Za-z0-9\-.]{1,64}))?")
_BASE = "/fhir/R4/"
_MORE = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_COMMONWEAL_PURPOSE", "HTTP_PREFER")
_MORE_SENT = ("HTTP_IF_NONE_EXIST", "HTTP_COMMONWEAL_PURPOSE", "HTTP_CONTENT_ENCODING", "HTTP_TRANSFER_ENCODING")
_HEADERS = {"Content-Type": answers.FHIR_JSON, "Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer in its parts."""

    status: int
    headers: dict[str, str]
    body: bytes


def answered(environ: MutableMapping[str, Any], origin: str) -> Answer | None:
    """The answer to a GET or POST request under PEP 3333; None, with nothing done, where it is for the views.

    ``origin``: scheme and host as the client sees them, the host checked. Errors are OperationOutcomes.
    """
    asker = access.remembered(environ.get("HTTP_AUTHORIZATION", ""))
    if asker is None or asker.actor.role is not access.Role.SERVICE:
        return None
    if not accepts_json(environ.get("HTTP_ACCEPT", "*/*")):
        return None
    given = _sent if environ["REQUEST_METHOD"] == "POST" else _asked
    try:
        return given(environ, asker, f"{origin}/fhir/R4")
    except access.NotAsPresumed:  # nothing was done: the views look the account up as it is now
        return None
    except Exception as error:
        return _in_parts(refused(error))


def _asked(environ: MutableMapping[str, Any], asker: access.Presumed, base: str) -> Answer | None:
    """A read by id, or a page."""
    address = _ADDRESS.fullmatch(environ["PATH_INFO"])
    if address is None or any(name in environ for name in _MORE):
        return None
    kind, ident = address.groups()
    query = environ.get("QUERY_STRING", "")
    if ident is not None and query:
        return None
    found = _read(asker, kind, ident) if ident is not None else _page(asker, kind, query, base)
    if found is None:
        environ[LONG_WAY] = True
    return found


def _sent(environ: MutableMapping[str, Any], asker: access.Presumed, base: str) -> Answer | None:
    """A create, or a transaction of creates. What was read of the body is there again for the views."""
    path = environ["PATH_INFO"]
    address = _ADDRESS.fullmatch(path)
    kind, ident = address.groups() if address else ("", None)
    if ident is not None or not (kind or path == _BASE):
        return None
    if environ.get("QUERY_STRING") or any(name in environ for name in _MORE_SENT):
        return None
    length = environ.get("CONTENT_LENGTH") or "0"
    media = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if media not in bodies.JSON or not length.isascii() or not length.isdigit() or int(length) > MAX_BYTES:
        return None
    raw: bytes = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = BytesIO(raw)
    prefer = environ.get("HTTP_PREFER", "")
    try:
        if kind:
            done = _create(asker, kind, raw, base, prefer)
        else:
            environ[bundles.READ] = said = bundles.read(raw)
            done = _transaction(asker, *said, base, prefer)
    except Problem:  # the views find the same, and say it
        return None
    if done is None and (kind or all(entry.ask for entry in said[1])):  # beside a read, it was not asked
        environ[LONG_WAY] = True
    return done


def _create(asker: access.Presumed, kind: str, raw: bytes, base: str, prefer: str) -> Answer | None:
    ask = Ask("POST", kind, text=bodies.decoded(raw), new_id=str(uuid4()))
    if not creates.may_be([ask]):
        return None
    done = creates.created(asker, access.default_purpose(asker.actor), "fhir.create", kind, [ask])
    return Answer(*writes.parts(base, done[0], writes.stated(prefer, "representation"))) if done else None


def _transaction(
    asker: access.Presumed, kind: str, entries: list[bundles.Entry], base: str, prefer: str
) -> Answer | None:
    wanted = writes.stated(prefer, "minimal")
    found = bundles.at_once(asker, access.default_purpose(asker.actor), kind, entries, base, wanted)
    return None if found is None else Answer(200, _HEADERS, found)


def _read(asker: access.Presumed, kind: str, ident: str) -> Answer | None:
    look = access.single_look(asker, access.default_purpose(asker.actor), "fhir.read", kind)
    found = None if look is None else own_entries.read_at_once(look, kind, ident)
    if found is None:
        return None
    if not found:
        raise NotFound
    if found[0].deleted:
        raise Gone
    stored = found[0]
    told = {"ETag": f'W/"{stored.version}"', "Last-Modified": answers.http_moment(stored.updated)}
    return Answer(200, _HEADERS | told, stored.body)


def _page(asker: access.Presumed, kind: str, query: str, address: str) -> Answer | None:
    pairs = [(name, value) for name, values in QueryDict(query.encode("latin-1")).lists() for value in values]
    if any(name == "_format" for name, _ in pairs):
        return None
    wanted = parsed(kind, pairs, strict=False)
    cursor = next((value for name, value in pairs if name == "_cursor"), "")
    found = at_once(asker, access.default_purpose(asker.actor), wanted, address, cursor)
    return None if found is None else Answer(200, _HEADERS, found)


def _in_parts(response: HttpResponse) -> Answer:
    return Answer(response.status_code, dict(response.headers.items()), response.content)
