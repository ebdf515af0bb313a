"""What every interaction shares: the session it runs in, and errors as OperationOutcomes with the right status.

https://hl7.org/fhir/R4/http.html#Status-Codes
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import unquote

from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from commonweal.apps.access import api as access
from commonweal.apps.record.forms import SHORTEST
from commonweal.apps.record.rest import answers, limits
from commonweal.apps.record.rest.answers import Issue
from commonweal.apps.record.searching import BadSearch
from commonweal.apps.record.writing import WriteRefused
from commonweal.domain.errors import CommonwealError

log = logging.getLogger(__name__)

PURPOSE = "Commonweal-Purpose"
REASON = "Commonweal-Reason"
_PURPOSE = "HTTP_COMMONWEAL_PURPOSE"
_REASON = "HTTP_COMMONWEAL_REASON"
_JSON = ("json", "application/json", "application/fhir+json", "text/json")
_ACCEPTED = ("application/fhir+json", "application/json", "application/*", "*/*")

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


class NotFound(CommonwealError):
    """Nothing to show: not there, or not to be seen to be there."""


class Gone(CommonwealError):
    """Its source has withdrawn it."""


class Problem(CommonwealError):
    """A request that is answered with ``status`` and these issues; ``unread``: and of which some was left unread."""

    def __init__(self, status: int, *issues: Issue, unread: bool = False) -> None:
        super().__init__("; ".join(issue.diagnostics for issue in issues))
        self.status = status
        self.issues = issues
        self.unread = unread


def problem(status: int, code: str, diagnostics: str, expression: str = "") -> Problem:
    """A problem with one issue, an error."""
    return Problem(status, Issue("error", code, diagnostics, expression))


def fhir(*methods: str, gives: tuple[str, ...] = ()) -> Callable[[View[P]], View[P]]:
    """Turn what goes wrong in a view into an OperationOutcome with the right status.

    ``gives``: media types the view answers with besides FHIR JSON.
    """

    def decorate(view: View[P]) -> View[P]:
        @csrf_exempt  # a POST is honoured only with a bearer token, which no other site can send
        @wraps(view)
        def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.method not in methods:
                response = answers.refusal(405, "not-supported", f"{request.method} is not supported here")
                response["Allow"] = ", ".join(methods)
                return response
            try:
                if not _takes_json(request, gives):
                    return answers.refusal(406, "not-supported", "This server speaks application/fhir+json only")
                try:
                    return view(request, *args, **kwargs)
                except access.NotAsPresumed:  # nothing was done: once more, with the account as it is now
                    return view(request, *args, **kwargs)
            except Exception as error:
                return refused(error)

        return checked

    return decorate


def refused(error: Exception) -> HttpResponse:
    """The answer to a request that ended in ``error``."""
    found = problem_of(error)
    response = answers.answer(answers.outcome(found.issues), found.status)
    if found.status == 503:
        response["Retry-After"] = access.availability.RETRY_AFTER
    if found.unread:  # the next request cannot come after a body that nobody reads
        response["Connection"] = "close"
    if found.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="Commonweal FHIR R4"'
    return response


def problem_of(error: Exception) -> Problem:
    """What an error comes to in an answer. What nobody foresaw is logged, and its detail kept from the asker."""
    match error:
        case Problem():
            return error
        case access.SignInRequired():
            return problem(401, "login", "Send Authorization: Bearer and a token that has not expired")
        case access.Refused() if error.kind is not access.RefusedKind.ABSENT:
            return problem(403, "forbidden", error.message)
        case access.Refused() | NotFound():  # one answer for what is not there and what the asker may not know of
            return problem(404, "not-found", "No such resource")
        case Gone():
            return problem(410, "deleted", "Its source has withdrawn this resource")
        case BadSearch():
            return problem(400, "invalid", str(error))
        case SuspiciousOperation():  # more fields in a search, or more bytes of them, than Django is told to read
            return problem(413, "too-costly", "More parameters than a search may have; ask in several searches")
        case WriteRefused():
            return problem(_REFUSED[error.rule], _CODE.get(error.rule, "conflict"), error.message, error.at)
        case OperationalError() if getattr(error.__cause__, "sqlstate", "") in _AGAIN:
            return problem(503, "transient", "Somebody else was writing the same resources; try again")
    if away := access.availability.away(error):
        message = "cannot reach its records" if away == "down" else "may not write now, so no look could be audited"
        return problem(503, "transient", f"This server {message}; nothing was changed. Try again shortly")
    log.error("a FHIR request failed", exc_info=error)
    return problem(500, "exception", "Something went wrong here; try again, then tell support")


# What the store will not write, as statuses: https://hl7.org/fhir/R4/http.html#update and #concurrency
_REFUSED = {
    "version-differs": 412,
    "exists": 412,
    "not-held": 404,
    "category-not-open": 403,
    "owned-by-another-source": 409,
    "number-in-use": 409,
    "person-of-another-source": 422,
    "person-changed": 422,
}
_CODE = {"not-held": "not-found", "category-not-open": "forbidden", "person-of-another-source": "business-rule"}
_AGAIN = ("40P01", "40001", "55P03", "57014")  # deadlock, serialisation, lock and statement timeouts


def _takes_json(request: HttpRequest, also: tuple[str, ...] = ()) -> bool:
    wanted = request.GET.get("_format") if request.META.get("QUERY_STRING") else None
    if wanted is not None:
        return wanted.replace(" ", "+").partition(";")[0] in _JSON
    return accepts_json(request.META.get("HTTP_ACCEPT", "*/*"), also)


def accepts_json(stated: str, also: tuple[str, ...] = ()) -> bool:
    """Whether an Accept header takes FHIR JSON, or one of the media types ``also``."""
    return any(item.partition(";")[0].strip() in (*_ACCEPTED, *also) for item in stated.split(","))


def base(request: HttpRequest) -> str:
    """The absolute address of the API, without a slash at its end."""
    known: str | None = getattr(request, "commonweal_base", None)
    if known is None:
        known = request.build_absolute_uri("/fhir/R4")
        request.commonweal_base = known  # type: ignore[attr-defined]  # worked out once a request
    return known


# In a request's environment once the one statement for it has said that a session is needed: it is not asked again.
LONG_WAY = "commonweal.long_way"


def asking(request: HttpRequest) -> tuple[access.Presumed, access.Purpose]:
    """Who asks, to be confirmed, and for what: the purpose is the header's, else the role's own.

    Raises ``BadSearch`` for a purpose nobody has; the gate judges the others.
    """
    if request.method not in ("GET", "HEAD") and "HTTP_AUTHORIZATION" not in request.META:
        raise access.SignInRequired
    asker = access.presumed(request)
    stated = request.META.get(_PURPOSE)
    try:
        return asker, access.Purpose(stated) if stated else access.default_purpose(asker.actor)
    except ValueError:
        raise BadSearch(f"{PURPOSE}: {', '.join(access.Purpose)}") from None


def session(request: HttpRequest, action: str, target: str, pipelined: bool = False) -> access.AccessSession:
    """A session for who asks. Raises as :func:`asking` does; ``pipelined``: see ``access.session``.

    A safeguarding enquiry is made for a reason: the page asks for it once, here each request states it.
    Raises ``Refused``, audited, without one.
    """
    asker, purpose = asking(request)
    if asker.actor.app is not None:
        limits.hold(request, asker.actor, purpose, action, target)
        target = f"{target} by app {asker.actor.app.client}"
    reason = _reason(request) if purpose is access.Purpose.SAFEGUARDING else ""
    if purpose is access.Purpose.SAFEGUARDING and len(reason) < SHORTEST:
        with access.session(asker.actor, purpose, action, target, token=asker.token):
            raise access.Refused(
                access.RefusedKind.NOT_PERMITTED,
                f"Say what you are enquiring into: header {REASON}, at least {SHORTEST} characters, percent-encoded",
            )
    return access.session(asker.actor, purpose, action, target, reason, pipelined=pipelined, token=asker.token)


def strictly(request: HttpRequest) -> bool:
    """Whether what is not understood is to be refused: https://hl7.org/fhir/R4/search.html#errors"""
    return "handling=strict" in request.headers.get("Prefer", "").replace(" ", "")


def _reason(request: HttpRequest) -> str:
    """The reason stated for this request, as the page for an enquiry would keep it; U+0000 is left out."""
    stated = unquote(request.META.get(_REASON, "")).replace("\0", "")
    return " ".join(stated.split())[:500]


@fhir("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
def unknown(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Any other address under the base."""
    access.actor_of(request)
    return answers.refusal(404, "not-supported", "No such resource type or operation; see metadata")
