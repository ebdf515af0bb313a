"""An app asks a signed-in person to act in their name: what it asks, about whom, yes or no; or is opened from a record.

SMART App Launch 2.2.0, standalone: https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#launch-app-standalone-launch
and from a record (EHR launch): https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#launch-app-ehr-launch
Nobody is sent to an address the app was not registered with, letter for letter (RFC 9700, section 2.1).
"""

import re
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from commonweal.apps.access import api as access
from commonweal.apps.identity import api as identity
from commonweal.apps.record.rest.handling import base
from commonweal.apps.record.rest.people import found
from commonweal.domain.errors import CommonwealError
from commonweal.domain.identity import nhs_number

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_LAUNCH = "open the app from the record again: this launch is spent, too old, or of another session"
_MOST = 2_000  # characters of what the app sends along


class LaunchRefused(CommonwealError):
    """The app asked for what it cannot have; ``code`` is OAuth's word for it (RFC 6749, section 4.1.2.1)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@never_cache
@require_http_methods(["GET", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """The page that asks. Sent back with ``answer`` (yes or no) the browser goes on to the app."""
    asked = request.GET
    redirect, state = asked.get("redirect_uri", ""), asked.get("state", "")
    app = access.app_of(asked.get("client_id", ""), redirect)
    if app is None:
        return render(request, "record/launch_refused.jinja", status=400)
    actor = access.actor_of(request)
    try:
        scopes = _scopes(app, asked, base(request))
    except LaunchRefused as error:
        return HttpResponseRedirect(_back(redirect, error=error.code, error_description=str(error), state=state))
    launch = asked.get("launch", "") if "launch" in scopes else ""
    if launch and access.app_launches.launched(request, app, launch) is None:
        return HttpResponseRedirect(_back(redirect, error="invalid_request", error_description=_LAUNCH, state=state))
    one_person = bool(launch) or "launch/patient" in scopes
    choosing = one_person and not launch and actor.role is not access.Role.CITIZEN
    number, problem = request.POST.get("number", "").strip(), ""
    if request.method == "POST":
        if request.POST.get("answer") != "yes":
            return _onward(request, app, _back(redirect, error="access_denied", state=state))
        person: UUID | None = None
        try:
            if launch:
                person = _opened(actor, access.app_launches.spent(request, app, launch))
            elif one_person:
                person = _person(actor, number) if choosing else actor.person_id
            code = access.allow_app(
                request,
                app,
                scopes,
                redirect,
                asked["code_challenge"],
                person,
                str(person or ""),
            )
        except LaunchRefused as error:
            if launch:
                told = {"error": error.code, "error_description": str(error)}
                return _onward(request, app, _back(redirect, **told, state=state))
            problem = str(error)
        else:
            return _onward(request, app, _back(redirect, code=code, state=state, iss=base(request)))
    context = {
        "app": app,
        "does": list(dict.fromkeys(map(access.scope_in_words, scopes))),
        "choosing": choosing,
        "only": one_person,
        "number": number,
        "problem": problem,
        "place": urlsplit(redirect).hostname,
    }
    return render(request, "record/launch.jinja", context, status=400 if problem else 200)


def _scopes(app: access.ClientApp, asked: Mapping[str, str], address: str) -> tuple[str, ...]:
    """What may be asked of the person. Raises ``LaunchRefused``."""
    if asked.get("response_type") != "code":
        raise LaunchRefused("unsupported_response_type", "response_type is code")
    if asked.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(asked.get("code_challenge", "")):
        raise LaunchRefused("invalid_request", "send a code_challenge made by S256 (PKCE)")
    if not 8 <= len(asked.get("state", "")) <= _MOST:
        raise LaunchRefused("invalid_request", "send a state of eight characters or more that cannot be guessed")
    if asked.get("aud", "").rstrip("/") != address:
        raise LaunchRefused("invalid_request", f"aud is the FHIR server you will call: {address}")
    scopes = access.scopes_granted(asked.get("scope", "")[:_MOST].split(), app.scopes)
    if not any("." in scope for scope in scopes):
        raise LaunchRefused("invalid_scope", f"ask for scopes within: {' '.join(app.scopes)}")
    if any(scope.startswith("patient/") for scope in scopes) and not _names_one(scopes, asked):
        raise LaunchRefused("invalid_scope", "ask for launch/patient with patient/ scopes, or for launch with a launch")
    return scopes


def _names_one(scopes: tuple[str, ...], asked: Mapping[str, str]) -> bool:
    return "launch/patient" in scopes or ("launch" in scopes and bool(asked.get("launch")))


def _opened(actor: access.Actor, person: UUID | None) -> UUID:
    """The person an app was opened on, if the actor may open them still. Raises ``LaunchRefused``."""
    if person is None:
        raise LaunchRefused("invalid_request", _LAUNCH)
    try:
        with access.session(actor, access.default_purpose(actor), "app.choose") as opened:
            opened.open_person(person, identity.compartments_of(person))
    except access.Refused as error:
        raise LaunchRefused("access_denied", error.message) from error
    return person


@require_http_methods(["GET", "POST"])
def open_in(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """The apps that can be opened on a person's record; sent back with ``app``, the browser goes on to it."""
    actor = access.actor_of(request)
    with access.session(actor, access.default_purpose(actor), "app.launch", request.POST.get("app", "")[:60]) as opened:
        opened.open_person(person_id, identity.compartments_of(person_id))
        known = access.app_launches.launchable()
        wanted = next((one for one in known if one.client == request.POST.get("app")), None)
        address = access.app_launches.mint(request, wanted.client, person_id, base(request)) if wanted else None
    if wanted is not None and address is not None:
        return _onward(request, wanted, address)
    page = {"person_id": person_id, "apps": known}
    return render(request, "record/open_in.jinja", page, status=400 if request.method == "POST" else 200)


def _person(actor: access.Actor, number: str) -> UUID:
    """The one person of this NHS number, if the actor may open them. Raises ``LaunchRefused``."""
    plain = "".join(number.split())
    people = found([("identifier", plain)])[0] if nhs_number.valid(plain) else {}
    try:
        with access.session(actor, access.default_purpose(actor), "app.choose") as opened:
            opened.require("search_people")
            for person, compartments in people.items():
                if len(people) == 1:
                    opened.open_person(person, compartments)
                    return person
    except access.Refused as error:
        raise LaunchRefused("access_denied", error.message) from error
    raise LaunchRefused("access_denied", "Enter the NHS number of one person whose record you may open")


def _back(redirect: str, **said: str) -> str:
    """The app's address with what it is told added to its own query."""
    told = urlencode({name: value for name, value in said.items() if value})
    return f"{redirect}{'&' if urlsplit(redirect).query else '?'}{told}"


def _onward(request: HttpRequest, app: access.ClientApp | access.app_launches.Launchable, address: str) -> HttpResponse:
    """A page that leads on by itself: the content policy lets no form of this site end at another's."""
    response = render(request, "record/launch_onward.jinja", {"app": app, "address": address})
    response["Refresh"] = f"0;url={address}"
    return response
