"""Signing in: the password, the limit on guesses, and the audit of both."""

import hashlib
from uuid import uuid4

from django.contrib.auth import authenticate
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from commonweal.apps.access import audit
from commonweal.apps.access.limits import limit
from commonweal.apps.access.models import SignIn, User
from commonweal.domain.errors import CommonwealError

WINDOW = limit("sign_in_window", timezone.now().date())
MOST_BY_USERNAME = 5
MOST_BY_ADDRESS = 50
LIMITED = "limited"


class TooManyAttempts(CommonwealError):
    """This account, or this address, has failed too often: wait a quarter of an hour."""


class WrongPassword(CommonwealError):
    """No active account has this user name and password."""


def _digest(username: str) -> str:
    return hashlib.sha256(username.strip().casefold().encode()).hexdigest()


def check(request: HttpRequest, username: str, password: str) -> User:
    """The account with this user name and password.

    Raises:
        TooManyAttempts: five failures for the user name since its last success, or fifty from the address,
            within fifteen minutes. The password is then not looked at.
        WrongPassword: otherwise, when they do not match.
    """
    address = str(request.META.get("REMOTE_ADDR", ""))[:45]
    digest = _digest(username)
    if _limited(digest, address):
        _record(digest, address, None, LIMITED)
        raise TooManyAttempts
    user = authenticate(request, username=username.strip(), password=password)
    if not isinstance(user, User):
        _record(digest, address, None, "wrong password")
        raise WrongPassword
    _record(digest, address, user, "")
    return user


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


def _record(digest: str, address: str, user: User | None, reason: str) -> None:
    """Keep the attempt for the limit, and audit it; a failed name appears only as a short hash.

    A limited attempt is audited and not counted: else everybody who tries while a hospital's one address is
    limited would prolong it, and nobody there could open a record all day.
    """
    key, role, organisation = (
        (f"user:{user.username}", user.role, user.organisation) if user else (f"unknown:{digest[:16]}", "", "")
    )
    with transaction.atomic():
        if reason != LIMITED:
            SignIn.objects.create(
                username_digest=digest, address=address, at=timezone.now(), succeeded=user is not None
            )
        audit.write(
            audit.Entry(key, role, organisation, "", "sign_in", "", reason, uuid4()), "allowed" if user else "refused"
        )
