"""Signing in: the password, the second factor, the limit on guesses of either, and the audit of all.

Whoever has a second factor, or must have one, is not signed in by a right password: the session then holds only whose
password it was, for a few minutes (``half``), which opens nothing but the pages that finish. A right password forgives
no wrong codes: only having signed in does, or codes could be guessed between passwords.
"""

import hashlib
from datetime import datetime
from enum import StrEnum
from uuid import uuid4

from django.contrib.auth import authenticate, login
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme

from commonweal.apps.access import audit, factors
from commonweal.apps.access.devices import remember
from commonweal.apps.access.limits import limit
from commonweal.apps.access.models import SignIn, User
from commonweal.apps.access.sessions import STARTED
from commonweal.domain.errors import CommonwealError

WINDOW = limit("sign_in_window", timezone.now().date())
MOST_BY_USERNAME = 5
MOST_BY_ADDRESS = 50
LIMITED = "limited"
PROVED = "proved"  # in a session: when its owner last showed who they are
_HALF = "half"
_BACKEND = "commonweal.apps.access.sessions.Accounts"


class TooManyAttempts(CommonwealError):
    """This account, or this address, has failed too often: wait a quarter of an hour."""


class WrongPassword(CommonwealError):
    """No active account has this user name and password."""


class WrongFactor(CommonwealError):
    """Neither a code that stands now nor a passkey of the account."""


class Next(StrEnum):
    """What is left to do after the password."""

    NOTHING = "nothing"
    FACTOR = "factor"
    ENROL = "enrol"


def _digest(username: str) -> str:
    return hashlib.sha256(username.strip().casefold().encode()).hexdigest()


def check(request: HttpRequest, username: str, password: str) -> tuple[User, Next]:
    """The account with this user name and password, and what it must do yet.

    Raises:
        TooManyAttempts: five failures for the user name since its last success, or fifty from the address,
            within fifteen minutes. The password is then not looked at.
        WrongPassword: otherwise, when they do not match.
    """
    digest, address = _guarded(request, username)
    user = authenticate(request, username=username.strip(), password=password)
    if not isinstance(user, User):
        _record(digest, address, None, "wrong password")
        raise WrongPassword
    left = left_to_do(user)
    if left is not Next.NOTHING:
        with transaction.atomic():
            _audit(_who(user), "sign_in.password", f"then {left}", "", "allowed")
    return user, left


def left_to_do(user: User) -> Next:
    """What an account must do after it has shown one factor."""
    return Next.FACTOR if factors.factors(user) else Next.ENROL if factors.required(user) else Next.NOTHING


def check_code(request: HttpRequest, user: User, typed: str) -> str:
    """Which second factor ``typed`` was of, ``app`` or ``recovery``; it is used up.

    Raises:
        TooManyAttempts: as for passwords, and counted with them.
        WrongFactor: it is none.
    """
    digest, address = _guarded(request, user.username)
    kind = factors.use_code(user, typed)
    if not kind:
        _record(digest, address, None, "wrong code")
        raise WrongFactor
    return kind


def guard(request: HttpRequest, username: str) -> None:
    """Raise ``TooManyAttempts`` as for passwords, before what is not a password is looked at."""
    _guarded(request, username)


def failed(request: HttpRequest, username: str, reason: str) -> None:
    """Count and audit a failure that was not of a password."""
    _record(_digest(username), _address(request), None, reason)


def onward(request: HttpRequest) -> str:
    """Where to go after signing in: the page asked for if it is on this site, else the home page."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else "/"


def hold(request: HttpRequest, user: User, next_page: str) -> None:
    """Keep, in a session with a key of its own, that this was the account's password."""
    request.session.flush()
    until = timezone.now() + limit("half_signed_in", timezone.now().date())
    request.session[_HALF] = {
        "user": user.pk,
        "until": until.isoformat(),
        "mark": user.get_session_auth_hash(),
        "next": next_page,
    }


def half(request: HttpRequest) -> tuple[User, str] | None:
    """Whose password this session has shown, and where they were going; None if nobody's, or too long ago.

    A password changed, or an account closed, in between counts at once.
    """
    held = request.session.get(_HALF)
    if not held or datetime.fromisoformat(held["until"]) < timezone.now():
        return None
    user = User.objects.filter(pk=held["user"], is_active=True).first()
    if user is None or not constant_time_compare(held["mark"], user.get_session_auth_hash()):
        return None
    return user, held["next"]


def forget_half(request: HttpRequest) -> None:
    """Begin again: whoever's password this session has shown, it has not."""
    if _HALF in request.session:
        del request.session[_HALF]


def complete(request: HttpRequest, user: User, how: str) -> None:
    """Sign ``user`` in: a session with a new key, on the list of devices, audited. ``how``: by what, in words."""
    request.session.pop(_HALF, None)
    login(request, user, _BACKEND)
    now = timezone.now().isoformat()
    request.session[STARTED] = request.session[PROVED] = now
    request.session.save()
    remember(request, user, how)
    _record(_digest(user.username), _address(request), user, "", how)


def lately(request: HttpRequest) -> bool:
    """Whether the owner of this session showed who they are recently enough to change how they sign in."""
    proved = request.session.get(PROVED)
    now = timezone.now()
    return proved is not None and now - datetime.fromisoformat(proved) < limit("factor_change", now.date())


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


def _guarded(request: HttpRequest, username: str) -> tuple[str, str]:
    """(digest, address) unless either has failed too often: then ``TooManyAttempts``, audited."""
    digest, address = _digest(username), _address(request)
    if _limited(digest, address):
        _record(digest, address, None, LIMITED)
        raise TooManyAttempts
    return digest, address


def _limited(digest: str, address: str) -> bool:
    recent = SignIn.objects.filter(at__gt=timezone.now() - WINDOW)
    by_name = recent.filter(username_digest=digest)
    success = by_name.filter(succeeded=True).order_by("-at").values_list("at", flat=True).first()
    failures = by_name.filter(succeeded=False)
    if success:
        failures = failures.filter(at__gt=success)
    return (
        failures.count() >= MOST_BY_USERNAME
        or recent.filter(address=address, succeeded=False).count() >= MOST_BY_ADDRESS
    )


def _record(digest: str, address: str, user: User | None, reason: str, how: str = "") -> None:
    """Keep the attempt for the limit, and audit it; a failed name appears only as a short hash.

    A limited attempt is audited and not counted: else everybody who tries while a hospital's one address is
    limited would prolong it, and nobody there could open a record all day.
    """
    who = _who(user) if user else (f"unknown:{digest[:16]}", "", "")
    with transaction.atomic():
        if reason != LIMITED:
            SignIn.objects.create(
                username_digest=digest, address=address, at=timezone.now(), succeeded=user is not None
            )
        _audit(who, "sign_in", how, reason, "allowed" if user else "refused")


def _who(user: User) -> tuple[str, str, str]:
    return f"user:{user.username}", user.role, user.organisation


def _audit(who: tuple[str, str, str], action: str, target: str, reason: str, outcome: str) -> None:
    key, role, organisation = who
    audit.write(audit.Entry(key, role, organisation, "", action, target, reason, uuid4()), outcome)
