"""What every interaction shares: the session it runs in, and errors as OperationOutcomes with the right status.

https://hl7.org/fhir/R4/http.html#Status-Codes
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from commonweal.apps.access import api as access
from commonweal.apps.record.rest import answers
from commonweal.apps.record.searching import BadSearch
from commonweal.domain.errors import CommonwealError

log = logging.getLogger(__name__)

PURPOSE = "Commonweal-Purpose"
_JSON = ("json", "application/json", "application/fhir+json", "text/json")
_ACCEPTED = ("application/fhir+json", "application/json", "application/*", "*/*")

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


class NotFound(CommonwealError):
    """Nothing to show: not there, or not to be seen to be there."""


class Gone(CommonwealError):
    """Its source has withdrawn it."""


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
            if not _takes_json(request, gives):
                return answers.refusal(406, "not-supported", "This server speaks application/fhir+json only")
            try:
                return view(request, *args, **kwargs)
            except access.SignInRequired:
                response = answers.refusal(401, "login", "Send Authorization: Bearer and a token that has not expired")
                response["WWW-Authenticate"] = 'Bearer realm="Commonweal FHIR R4"'
                return response
            except access.Refused as refused:
                if refused.kind is access.RefusedKind.ABSENT:
                    return _absent()
                return answers.refusal(403, "forbidden", refused.message)
            except NotFound:
                return _absent()
            except Gone:
                return answers.refusal(410, "deleted", "Its source has withdrawn this resource")
            except BadSearch as bad:
                return answers.refusal(400, "invalid", str(bad))
            except Exception:
                log.exception("a FHIR request failed")
                return answers.refusal(500, "exception", "Something went wrong here; try again, then tell support")

        return checked

    return decorate


def _absent() -> HttpResponse:
    """One answer for what does not exist and what the asker may not know of."""
    return answers.refusal(404, "not-found", "No such resource")


def _takes_json(request: HttpRequest, also: tuple[str, ...] = ()) -> bool:
    wanted = request.GET.get("_format")
    if wanted is not None:
        return wanted.replace(" ", "+").partition(";")[0] in _JSON
    accepted = request.headers.get("Accept", "*/*").split(",")
    return any(item.partition(";")[0].strip() in (*_ACCEPTED, *also) for item in accepted)


def base(request: HttpRequest) -> str:
    """The absolute address of the API, without a slash at its end."""
    return request.build_absolute_uri("/fhir/R4")


def session(request: HttpRequest, action: str, target: str) -> access.AccessSession:
    """A session for the request's actor and purpose; the purpose is the header's, else the role's own.

    Raises ``BadSearch`` for a purpose nobody has; the gate judges the others.
    """
    if request.method not in ("GET", "HEAD") and "Authorization" not in request.headers:
        raise access.SignInRequired
    actor = access.actor_of(request)
    stated = request.headers.get(PURPOSE)
    try:
        purpose = access.Purpose(stated) if stated else access.default_purpose(actor)
    except ValueError:
        raise BadSearch(f"{PURPOSE}: {', '.join(access.Purpose)}") from None
    return access.session(actor, purpose, action, target)


@fhir("GET", "HEAD")
def unknown(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Any other address under the base."""
    access.actor_of(request)
    return answers.refusal(404, "not-supported", "No such resource type or operation; see metadata")
