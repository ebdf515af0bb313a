"""The door: what can be answered from the bare parts of a request is, and all else goes on to Django.

It stands before Django, whose making of a request and a response costs more than some answers do. It checks the host
as Django does, sets the headers that every answer carries, and lets go of a database connection that broke or grew old.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from http.client import responses
from io import BytesIO
from typing import Any, Protocol

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.http.request import split_domain_port, validate_host

from commonweal.apps.access import api as access
from commonweal.web.middleware import Programs

_METHODS = ("GET", "POST")
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Answer(Protocol):
    """An HTTP answer in its parts."""

    @property
    def status(self) -> int:
        """The status code."""

    @property
    def headers(self) -> dict[str, str]:
        """Headers of its own; they stand against those of every answer."""

    @property
    def body(self) -> bytes:
        """The whole body."""


Answered = Callable[[dict[str, Any], str], Answer | None]


class Door:
    """A WSGI application that answers what ``answered`` does, and passes everything else to ``inner``."""

    def __init__(self, inner: Application, answered: Answered, under: str) -> None:
        self._inner = inner
        self._answered = answered
        self._under = under
        # Where a proxy's word counts for the scheme or host, or requests are sent elsewhere, Django alone decides.
        self._open = not (
            settings.USE_X_FORWARDED_HOST
            or settings.USE_X_FORWARDED_PORT
            or settings.SECURE_PROXY_SSL_HEADER
            or settings.SECURE_SSL_REDIRECT
            or settings.FORCE_SCRIPT_NAME
        )

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """As PEP 3333 says."""
        found = self._found(environ)
        if found is None:
            return self._inner(environ, start_response)
        headers = _always(environ["wsgi.url_scheme"]) | found.headers
        headers["Content-Length"] = str(len(found.body))
        start_response(f"{found.status} {responses[found.status]}", [*headers.items()])
        return (found.body,)

    def _found(self, environ: dict[str, Any]) -> Answer | None:
        if not self._open or environ["REQUEST_METHOD"] not in _METHODS or "HTTP_AUTHORIZATION" not in environ:
            return None
        if not environ["PATH_INFO"].startswith(self._under) or environ.get("SCRIPT_NAME"):
            return None
        host = environ.get("HTTP_HOST", "")
        if not _ours(host):
            return None
        access.own_database().close_if_unusable_or_obsolete()  # as Django does at the start of a request
        return self._answered(environ, f"{environ['wsgi.url_scheme']}://{host}")


@lru_cache(maxsize=64)
def _ours(host: str) -> bool:
    """Whether the site answers for ``host``, as ``HttpRequest.get_host`` decides."""
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


@lru_cache(maxsize=4)
def _always(scheme: str) -> dict[str, str]:
    """The headers of every answer to a program."""
    request = WSGIRequest({"REQUEST_METHOD": "GET", "wsgi.url_scheme": scheme, "wsgi.input": BytesIO()})
    response = HttpResponse()
    return dict(Programs(lambda _: response).process_response(request, response).headers.items())
