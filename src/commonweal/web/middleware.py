"""What every answer carries, and what becomes of a refusal that reaches the top.

Pages load nothing from anywhere else and run no inline script or style, so a stored value that slipped
past escaping could still do nothing. Answers are never kept by a browser or a proxy: the next person at a
shared ward computer must not find a record behind the back button.
"""

from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.security import SecurityMiddleware
from django.shortcuts import render
from django.urls import resolve

from commonweal.apps.access.api import Refused, RefusedKind, SignInRequired, availability

_SCHEME = "https" if settings.SESSION_COOKIE_SECURE else "http"
# The stream of alerts may be at a port of its own, under the same names.
_STREAMS = "".join(
    f" {_SCHEME}://{host}:{settings.COMMONWEAL_ALERTS_PORT}"
    for host in settings.ALLOWED_HOSTS
    if settings.COMMONWEAL_ALERTS_PORT
)
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        f"connect-src 'self'{_STREAMS}",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
# What a program asks for with a token is no page; should a browser be shown it all the same, it may do nothing with it.
_FOR_PROGRAMS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
_FHIR = "/fhir/"


class Programs(SecurityMiddleware):
    """Django's own security headers, without those that only a page has a use for; and ours for programs.

    Each header is read by whoever asks, and small answers are most of what is asked.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)
        self.referrer_policy = None
        self.cross_origin_opener_policy = None

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """``response`` with the headers its view has not set."""
        for name, value in _FOR_PROGRAMS.items():
            response.headers.setdefault(name, value)
        answered: HttpResponse = super().process_response(request, response)
        return answered


class ByToken:
    """Takes a request for FHIR with a bearer token past what is there for browsers, straight to its view.

    Sessions, sign-in by cookie, the check against requests forged by another site and static files have no part in
    it: the token says who asks, and a bad one is never overlooked in favour of a session. The host is checked as ever.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._secured = Programs(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer ``request`` by its view if it is for FHIR with a token, else by everything that follows."""
        if "HTTP_AUTHORIZATION" not in request.META or not request.path_info.startswith(_FHIR):
            return self.get_response(request)
        if (elsewhere := self._secured.process_request(request)) is not None:
            return elsewhere
        request.get_host()  # raises for one that is not ours
        found = resolve(request.path_info)
        response: HttpResponse = found.func(request, *found.args, **found.kwargs)
        if not response.streaming:
            response.headers.setdefault("Content-Length", str(len(response.content)))
        return self._secured.process_response(request, response)


class SecurityHeaders:
    """Adds the headers above and turns a refusal nobody handled into a page that says what to do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer ``request`` with the headers a view has not already set."""
        response = self.get_response(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Sign-in for a stranger, 404 where a refusal must look like absence, 403 in the gate's own words otherwise.

        503 with ``Retry-After`` while the database is away or may only be read.
        """
        if isinstance(exception, SignInRequired):
            query = urlencode({"next": request.get_full_path()}) if request.method == "GET" else ""
            return HttpResponseRedirect(f"{settings.LOGIN_URL}?{query}" if query else settings.LOGIN_URL)
        if isinstance(exception, Refused) and exception.kind is RefusedKind.ABSENT:
            return render(request, "404.html", status=404)
        if isinstance(exception, Refused):
            return render(request, "403.html", {"refusal": exception}, status=403)
        if away := availability.away(exception):
            response = render(request, "503.html", {"read_only": away == "read-only"}, status=503)
            response.headers["Retry-After"] = availability.RETRY_AFTER
            return response
        return None
