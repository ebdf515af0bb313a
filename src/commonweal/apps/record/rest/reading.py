"""The reads of a batch or transaction: each answered as a request of its own, by the view of its address."""

from urllib.parse import urlsplit

import orjson
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponse, HttpResponseBase
from django.urls import Resolver404, resolve

from commonweal.apps.record.rest.handling import base

_URLS = "commonweal.apps.record.rest.urls"
_KEPT = (
    "HTTP_AUTHORIZATION",
    "HTTP_COMMONWEAL_PURPOSE",
    "HTTP_COMMONWEAL_REASON",
    "HTTP_HOST",
    "SERVER_NAME",
    "SERVER_PORT",
)


def reading(request: HttpRequest, address: str) -> bytes:
    """The entry that answers ``GET address``: status, and the resource or the outcome."""
    response = _answer(request, address)
    body = response.content if isinstance(response, HttpResponse) else b""
    said = {"status": str(response.status_code)}
    for header, name in (("ETag", "etag"),):
        if header in response:
            said[name] = response[header]
    kind = b'"resource":' if response.status_code < 400 else b""
    if not kind:
        return b'{"response":' + orjson.dumps(said)[:-1] + b',"outcome":' + body + b"}}"
    return b"{" + (kind + body.strip() + b"," if body else b"") + b'"response":' + orjson.dumps(said) + b"}"


def _answer(request: HttpRequest, address: str) -> HttpResponseBase:
    parts = urlsplit(address.removeprefix(base(request)))
    inner = HttpRequest()
    inner.method = "GET"
    inner.path = inner.path_info = "/" + parts.path.lstrip("/")
    inner.GET = QueryDict(parts.query)
    inner.META = {name: request.META[name] for name in _KEPT if name in request.META}
    inner.META["QUERY_STRING"] = parts.query
    inner._get_scheme = request._get_scheme  # type: ignore[attr-defined]  # links as the client sees them
    if hasattr(request, "user"):  # none for a bearer token
        inner.user = request.user
    inner.commonweal_actor = getattr(request, "commonweal_actor", None)  # type: ignore[attr-defined]  # if asked for
    try:
        view = resolve(inner.path, urlconf=_URLS)
    except Resolver404:
        view = resolve("/unknown/address", urlconf=_URLS)
    inner.path = "/fhir/R4" + inner.path
    answer: HttpResponseBase = view.func(inner, *view.args, **view.kwargs)
    return answer
