"""Pages of the second factor: asked for at sign-in, enrolled, changed by its owner."""

from typing import Any

import segno
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from commonweal.apps.access import enrolment, factors, passkeys, sign_in
from commonweal.apps.access.actors import SignInRequired, signed_in
from commonweal.apps.access.factors import FactorRefused
from commonweal.apps.access.models import User
from commonweal.apps.access.passkeys import WrongPasskey
from commonweal.apps.access.sign_in import TooManyAttempts, WrongFactor
from commonweal.domain.access import one_time

ISSUER = "Commonweal"
MANAGE = "/account/second-factor"
TOO_MANY = "Too many attempts. Wait 15 minutes and try again"
_OFFERED = "factor_offered"


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def second(request: HttpRequest) -> HttpResponse:
    """The second step of signing in: a code of the app, a recovery code, or a passkey."""
    held = sign_in.half(request)
    if held is None:
        return HttpResponseRedirect("/sign-in")
    user, onward = held
    status, problem = 200, ""
    if request.method == "POST":
        try:
            kind = sign_in.check_code(request, user, request.POST.get("code", "")[:60])
        except TooManyAttempts:
            status, problem = 429, TOO_MANY
        except WrongFactor:
            status, problem = 400, "Enter the six digits your app shows now, or a recovery code you have not used"
        else:
            sign_in.complete(request, user, "password and app" if kind == "app" else "password and recovery code")
            return HttpResponseRedirect(onward if kind == "app" else MANAGE)
    kinds = {one.kind for one in factors.factors(user)}
    return render(request, "access/second.jinja", {"problem": problem, "kinds": kinds}, status=status)


@never_cache
@require_POST
def passkey_challenge(request: HttpRequest) -> HttpResponse:
    """What the browser is to sign, as JSON: by a passkey of the half-signed-in account, or by any."""
    held = sign_in.half(request)
    known = None if held is None else factors.passkey_data(held[0])
    return JsonResponse(passkeys.challenge(request, known))


@never_cache
@require_POST
def passkey(request: HttpRequest) -> HttpResponse:
    """Sign in by a passkey: as the second step, or alone by one that has verified its holder."""
    held = sign_in.half(request)
    try:
        text = request.POST.get("passkey", "")
        known = factors.passkey(passkeys.credential_named(text))
        if known is None or (held is not None and known[1] != held[0]):
            raise WrongPasskey("This passkey is not known here.")
        factor_id, user, data = known
        sign_in.guard(request, user.username)
        count = passkeys.answered(request, text, data, alone=held is None)
        if not factors.use_passkey(factor_id, count):
            raise WrongPasskey("This passkey may have been copied. Tell your administrator.")
    except TooManyAttempts:
        return _again(request, held is not None, TOO_MANY, 429)
    except WrongPasskey as error:
        sign_in.failed(request, held[0].username if held else "", "wrong passkey")
        return _again(request, held is not None, str(error), 400)
    onward = held[1] if held else sign_in.onward(request)
    sign_in.complete(request, user, "password and passkey" if held else "passkey")
    return HttpResponseRedirect(onward)


def _again(request: HttpRequest, second_step: bool, problem: str, status: int) -> HttpResponse:
    if second_step:
        return render(request, "access/second.jinja", {"problem": problem, "kinds": {"app", "passkey"}}, status=status)
    context = {"problem": problem, "errors": {}, "next": sign_in.onward(request)}
    return render(request, "access/sign_in.jinja", context, status=status)


@never_cache
@require_GET
def manage(request: HttpRequest) -> HttpResponse:
    """What the account has: its app, passkeys, how many recovery codes."""
    return _manage(request)


def _manage(request: HttpRequest, problem: str = "") -> HttpResponse:
    user = signed_in(request)
    context = {
        "factors": factors.factors(user),
        "recovery_left": factors.recovery_left(user),
        "required": factors.required(user),
        "lately": sign_in.lately(request),
        "problem": problem,
    }
    return render(request, "access/factors.jinja", context, status=400 if problem else 200)


@never_cache
@sensitive_variables("secret")
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Add an authenticator app or a passkey: of a signed-in account, or to finish a first sign-in.

    A first sign-in may have to show a code handed over in person before.
    """
    held = sign_in.half(request)
    if held is not None and not factors.factors(held[0]) and enrolment.wanted(request, held[0]):
        return _enrolment_code(request, held[0])
    user, onward = _may_add(request)
    secret = _offered(request, user)
    problem = ""
    if request.method == "POST":
        try:
            if factors.add_app(user, secret, request.POST.get("code", "")[:20]):
                return _added(request, user, onward, "password and app")
            problem = "Enter the six digits your app shows now for Commonweal"
        except FactorRefused as error:
            problem = str(error)
    return _add_page(request, user, onward, secret, problem)


def _enrolment_code(request: HttpRequest, user: User) -> HttpResponse:
    """Ask for the code the account was given in person; wrong ones count with wrong passwords."""
    status, problem = 200, ""
    if request.method == "POST":
        try:
            sign_in.guard(request, user.username)
            if enrolment.show(request, user, request.POST.get("enrolment", "")):
                return HttpResponseRedirect(request.path)
            sign_in.failed(request, user.username, "wrong enrolment code")
            status, problem = 400, "Enter the code you were given. Ask for a new one if it is more than a week old"
        except TooManyAttempts:
            status, problem = 429, TOO_MANY
    return render(request, "access/enrolment.jinja", {"problem": problem}, status=status)


def _add_page(request: HttpRequest, user: User, onward: str | None, secret: bytes, problem: str) -> HttpResponse:
    address = one_time.app_address(secret, user.username, ISSUER)
    spelt = one_time.spelt(secret)
    context: dict[str, Any] = {
        "problem": problem,
        "enrolling": onward is not None,
        "picture": segno.make(address, error="m").svg_data_uri(scale=5, border=4, light="#fff"),
        "spelt": " ".join(spelt[place : place + 4] for place in range(0, len(spelt), 4)),
        "has_app": any(one.kind == "app" for one in factors.factors(user)),
    }
    return render(request, "access/add_factor.jinja", context, status=400 if problem else 200)


@never_cache
@require_POST
def new_passkey_challenge(request: HttpRequest) -> HttpResponse:
    """What the browser is to make a passkey with, as JSON."""
    user, _ = _may_add(request)
    return JsonResponse(passkeys.registration(request, user, factors.passkey_data(user)))


@never_cache
@require_POST
def add_passkey(request: HttpRequest) -> HttpResponse:
    """Add the passkey the browser has made."""
    user, onward = _may_add(request)
    try:
        credential_id, data, count = passkeys.registered(request, request.POST.get("passkey", ""))
        factors.add_passkey(user, request.POST.get("name", ""), credential_id, data, count)
    except (WrongPasskey, FactorRefused) as error:
        return _add_page(request, user, onward, _offered(request, user), str(error))
    return _added(request, user, onward, "password and passkey")


@never_cache
@require_POST
def recovery(request: HttpRequest) -> HttpResponse:
    """Fresh recovery codes, shown this once."""
    user = signed_in(request)
    if not sign_in.lately(request) or not factors.factors(user):
        return HttpResponseRedirect(MANAGE)
    return _codes(request, factors.new_recovery_codes(user), MANAGE)


@never_cache
@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    """Take one factor away."""
    user = signed_in(request)
    wanted = request.POST.get("factor", "")
    if not sign_in.lately(request) or not wanted.isdecimal():
        return HttpResponseRedirect(MANAGE)
    try:
        factors.remove(user, int(wanted[:18]))
    except FactorRefused as error:
        return _manage(request, str(error))
    return HttpResponseRedirect(MANAGE)


def _may_add(request: HttpRequest) -> tuple[User, str | None]:
    """The account to add a factor to; with where it was going if this finishes its first sign-in.

    A password alone adds a factor only to an account that has none; else a recent whole sign-in does.

    Raises:
        SignInRequired: neither.
    """
    held = sign_in.half(request)
    if held is not None:
        if factors.factors(held[0]):
            raise SignInRequired("Finish signing in first.")
        if enrolment.wanted(request, held[0]):
            raise SignInRequired("Enter the code you were given first.")
        return held
    if not sign_in.lately(request):
        raise SignInRequired("Sign in again to change how you sign in.")
    return signed_in(request), None


def _offered(request: HttpRequest, user: User) -> bytes:
    """The secret this session offers the account's app, until a code of it is shown."""
    kept = request.session.get(_OFFERED)
    if kept:
        try:
            return factors.deciphered(bytes.fromhex(kept), user)
        except FactorRefused:
            pass  # offered to another account in this browser: a new one is made
    secret = factors.new_secret()
    request.session[_OFFERED] = factors.enciphered(secret, user).hex()
    return secret


def _added(request: HttpRequest, user: User, onward: str | None, how: str) -> HttpResponse:
    """Go on: the first factor brings recovery codes, and finishes the sign-in it was asked for in."""
    request.session.pop(_OFFERED, None)
    enrolment.spend(request, user)
    if onward is not None:
        sign_in.complete(request, user, how)
    if factors.recovery_left(user) == 0:
        return _codes(request, factors.new_recovery_codes(user), onward or MANAGE)
    return HttpResponseRedirect(onward or MANAGE)


def _codes(request: HttpRequest, codes: list[str], onward: str) -> HttpResponse:
    return render(request, "access/recovery_codes.jinja", {"codes": codes, "onward": onward})
