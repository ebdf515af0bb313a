"""Who is asking: from a signed-in session, or from a bearer token.

The account of a token is remembered, so that a request need not ask for it before it asks for what it wants. What is
remembered is only presumed: whatever such a request reads or writes is confirmed against the token and the account as
they are now, in the same transaction and before anything is disclosed (``access_confirm``). A token revoked, an
account closed or its role changed counts at the very next request, in every process.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from commonweal.apps.access.models import User
from commonweal.apps.access.prepared import prepared
from commonweal.domain.access import vocabulary
from commonweal.domain.access.scope import Actor
from commonweal.domain.access.vocabulary import Purpose, Role
from commonweal.domain.errors import CommonwealError


class SignInRequired(CommonwealError):
    """Nobody is signed in, or the token is unknown, expired or revoked."""


class NotAsPresumed(SignInRequired):
    """The token no longer stands for the account it stood for; nothing was done. Ask again: it is looked up anew."""


@dataclass(frozen=True, slots=True)
class Presumed:
    """Who asks, as this process remembers it, and the digest of the token to confirm it by ('' when it is known)."""

    actor: Actor
    token: str = ""

    def account(self) -> dict[str, Any]:
        """What ``access_confirm`` holds against the token and its account as they are now."""
        actor = self.actor
        return {
            "token": self.token,
            "moment": timezone.now(),
            "username": actor.key.removeprefix("user:"),
            "name": actor.name,
            "role": actor.role,
            "organisation": actor.organisation,
            "team": actor.team,
            "person_id": actor.person_id,
        }


_REFUTED = "CW001"  # what access_confirm raises
_MOST_REMEMBERED = 4096
_remembered: dict[str, Actor] = {}


def token_digest(token: str) -> str:
    """What is kept of a bearer token: its SHA-256 in hexadecimal (the token itself is 256 random bits)."""
    return hashlib.sha256(token.encode()).hexdigest()


def actor_for(user: User) -> Actor:
    """The actor an account stands for."""
    return Actor(f"user:{user.username}", user.name, Role(user.role), user.organisation, user.team, user.person_id)


def actor_of(request: HttpRequest) -> Actor:
    """The actor behind ``request``: its bearer token if it has one, else its session.

    Raises:
        SignInRequired: nobody is signed in; a bad token is never overlooked in favour of a session.
    """
    known = getattr(request, "commonweal_actor", None)
    if isinstance(known, Actor):
        return known
    header = request.headers.get("Authorization", "")
    if header:
        scheme, _, token = header.partition(" ")
        found = _bearer(token.strip()) or _of_app(token.strip(), request) if scheme.lower() == "bearer" else None
        if found is None:
            raise SignInRequired("The token is unknown, expired or revoked.")
        actor = found
    elif isinstance(user := getattr(request, "user", None), User) and user.is_active:  # none: refused before sign-in
        actor = actor_for(user)
    else:
        raise SignInRequired("Sign in first.")
    request.commonweal_actor = actor  # type: ignore[attr-defined]  # asked once a request
    return actor


def presumed(request: HttpRequest) -> Presumed:
    """The actor behind ``request``, to be confirmed by what it does: see ``access.session``.

    Raises:
        SignInRequired: as :func:`actor_of` does.
    """
    return remembered(request.META.get("HTTP_AUTHORIZATION", "")) or Presumed(actor_of(request))


def remembered(authorization: str) -> Presumed | None:
    """Whose token this header has, to be confirmed by what is done; None where this process has not met it."""
    scheme, _, token = authorization.partition(" ")
    digest = token_digest(token.strip()) if scheme.lower() == "bearer" else ""
    actor = _remembered.get(digest)
    return None if actor is None else Presumed(actor, digest)


def refuted(asker: Presumed, error: BaseException) -> bool:
    """Whether ``error`` says that the token does not stand for that account; it will be looked up anew."""
    if _REFUTED not in [getattr(one, "sqlstate", None) for one in (error, error.__cause__)]:
        return False
    _remembered.pop(asker.token, None)
    return True


_BEARER = """
SELECT u.username, u.name, u.role, u.organisation, u.team, u.person_id
FROM access_token t JOIN access_user u ON u.id = t.user_id
WHERE t.digest = %s AND t.expires_at > %s AND t.revoked_at IS NULL AND u.is_active
"""


def _bearer(token: str) -> Actor | None:
    """The actor of a token in force; by hand, because the ORM takes longer to write the query than to run it."""
    digest = token_digest(token)
    with prepared() as cursor:
        cursor.execute(_BEARER, [digest, timezone.now()])
        row = cursor.fetchone()
    if row is None:
        return None
    actor = Actor(f"user:{row[0]}", row[1], Role(row[2]), *row[3:])
    if len(_remembered) >= _MOST_REMEMBERED:
        _remembered.clear()
    _remembered[digest] = actor
    return actor


def _of_app(token: str, request: HttpRequest) -> Actor | None:
    """The actor of an app's token, which opens nothing but FHIR: never remembered, since what it may do can end."""
    from commonweal.apps.access.app_tokens import bearer

    return bearer(token) if request.path.startswith("/fhir/R4/") else None


def signed_in(request: HttpRequest) -> User:
    """The account signed in by a session. Raises ``SignInRequired`` for a stranger and for a bearer token."""
    if not isinstance(request.user, User):
        raise SignInRequired("Sign in first.")
    return request.user


def default_purpose(actor: Actor) -> Purpose:
    """The purpose ``actor`` works under unless it states another."""
    return vocabulary.default_purpose(actor.role)
