"""history: versions of a resource, a type or everything, the latest first. https://hl7.org/fhir/R4/http.html#history

A person's resource is opened by its person. The history of a type and of the system is a partner's system's, over
what its own organisation wrote: nobody reads all that is recorded of everybody.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from commonweal.apps.access import api as access
from commonweal.apps.record import own_entries
from commonweal.apps.record.rest import answers
from commonweal.apps.record.rest.handling import base, fhir, problem, session
from commonweal.apps.record.rest.values import instant, whole
from commonweal.apps.record.rest.versions import versions_of
from commonweal.apps.record.searching import BadSearch
from commonweal.apps.record.stored import Stored
from commonweal.fhir.definitions import resource_types

_KNOWN = frozenset(("_since", "_count", "_cursor", "_format", "_pretty"))
DEFAULT_COUNT = 100
MAX_COUNT = 1000
Place = tuple[datetime, int, int]


@fhir("GET", "HEAD")
def history(request: HttpRequest, kind: str, ident: str) -> HttpResponse:
    """Every version of one resource."""
    since, count, place = _asked(request)
    versions = versions_of(request, "fhir.history", kind, ident, history=True)
    wanted = [stored for stored in versions if since is None or stored.updated >= since]
    left = [stored for stored in wanted if place is None or stored.version < place[2]]
    shown = left[:count]
    more = (shown[-1].updated, 0, shown[-1].version) if shown and len(left) > count else None
    return _bundle(request, shown, more, total=len(wanted))


@fhir("GET", "HEAD")
def history_of_all(request: HttpRequest, kind: str | None = None) -> HttpResponse:
    """Versions of one type, or of all, that the asking system's organisation wrote."""
    since, count, place = _asked(request)
    if kind is not None and kind not in resource_types():
        access.actor_of(request)
        raise problem(404, "not-supported", f"This server holds no {kind}; see metadata")
    with session(request, "fhir.history", kind or "") as opened:
        scope = opened.open_source()
        found, more = own_entries.versions_own(scope, kind, since=since, after=place, most=count)
        opened.disclose(own_entries.people_in(compartment for _, compartment in found))
    return _bundle(request, [stored for stored, _ in found], more)


def _asked(request: HttpRequest) -> tuple[datetime | None, int, Place | None]:
    """``_since``, ``_count`` and where to go on. Raises ``BadSearch`` and Problem 400.

    A history has no place to say what was ignored, so what is not understood is refused.
    """
    for name in request.GET:
        if name not in _KNOWN:
            raise BadSearch(f"{name} is not a parameter of a history here; _since and _count are")
    count = request.GET.get("_count")
    size = DEFAULT_COUNT if count is None else min(whole("_count", count), MAX_COUNT)
    return instant("_since", request.GET.get("_since", "")), size, _place(request.GET.get("_cursor", ""))


def _place(text: str) -> Place | None:
    if not text:
        return None
    try:
        moment, rid, version = urlsafe_b64decode(text.encode()).decode().split(" ")
        return datetime.fromisoformat(moment), int(rid), int(version)
    except ValueError:
        raise problem(400, "value", "_cursor: follow a next link instead of making one") from None


def _bundle(
    request: HttpRequest, shown: Sequence[Stored], more: Place | None, total: int | None = None
) -> HttpResponse:
    links = [("self", request.build_absolute_uri())]
    if more is not None:
        cursor = urlsafe_b64encode(f"{more[0].isoformat()} {more[1]} {more[2]}".encode()).decode()
        pairs = [(name, value) for name, value in request.GET.items() if name in ("_since", "_count")]
        links.append(("next", f"{request.build_absolute_uri(request.path)}?{urlencode([*pairs, ('_cursor', cursor)])}"))
    return answers.answer(answers.bundle("history", base(request), links, shown, total=total))
