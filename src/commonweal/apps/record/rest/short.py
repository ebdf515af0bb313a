"""What partners' systems ask most, answered from the bare parts of a request: a read by id, and a page of one code.

Both are one statement (``record_read_own``, ``record_page_own``), and what Django does to make a request and a response
of so little takes longer than they do. The gate, its confirmation, row security and the audit are those of the long
way, by the same functions. Whatever a request has besides (conditions, a purpose of its own, another actor than a
system whose token is remembered) is for the views: https://hl7.org/fhir/R4/http.html#read and #search
"""

import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, QueryDict
from django.utils.http import http_date

from commonweal.apps.access import api as access
from commonweal.apps.record import own_entries
from commonweal.apps.record.rest import answers
from commonweal.apps.record.rest.handling import LONG_WAY, Gone, NotFound, accepts_json, refused
from commonweal.apps.record.rest.search import at_once, parsed

_ADDRESS = re.compile(r"/fhir/R4/([A-Z][A-Za-z]{1,63})(?:/([A-Za-z0-9\-.]{1,64}))?")
_MORE = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_COMMONWEAL_PURPOSE", "HTTP_PREFER")
_HEADERS = {"Content-Type": answers.FHIR_JSON, "Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer in its parts."""

    status: int
    headers: dict[str, str]
    body: bytes


def answered(environ: MutableMapping[str, Any], origin: str) -> Answer | None:
    """The answer to a GET request under PEP 3333; None, with nothing done, where it is for the views.

    ``origin``: scheme and host as the client sees them, the host checked. Errors are OperationOutcomes.
    """
    address = _ADDRESS.fullmatch(environ["PATH_INFO"])
    if address is None or any(name in environ for name in _MORE):
        return None
    asker = access.remembered(environ.get("HTTP_AUTHORIZATION", ""))
    if asker is None or asker.actor.role is not access.Role.SERVICE:
        return None
    if not accepts_json(environ.get("HTTP_ACCEPT", "*/*")):
        return None
    kind, ident = address.groups()
    query = environ.get("QUERY_STRING", "")
    if ident is not None and query:
        return None
    try:
        found = _read(asker, kind, ident) if ident is not None else _page(asker, kind, query, f"{origin}/fhir/R4")
    except access.NotAsPresumed:  # nothing was done: the views look the account up as it is now
        return None
    except Exception as error:
        return _in_parts(refused(error))
    if found is None:
        environ[LONG_WAY] = True
    return found


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
    told = {"ETag": f'W/"{stored.version}"', "Last-Modified": http_date(stored.updated.timestamp())}
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
