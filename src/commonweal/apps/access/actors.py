"""Who is asking: from a signed-in session, or from a bearer token."""

import hashlib

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
        found = _bearer(token.strip()) if scheme.lower() == "bearer" else None
        if found is None:
            raise SignInRequired("The token is unknown, expired or revoked.")
        actor = found
    elif isinstance(user := getattr(request, "user", None), User) and user.is_active:  # none: refused before sign-in
        actor = actor_for(user)
    else:
        raise SignInRequired("Sign in first.")
    request.commonweal_actor = actor  # type: ignore[attr-defined]  # asked once a request
    return actor


_BEARER = """
SELECT u.username, u.name, u.role, u.organisation, u.team, u.person_id
FROM access_token t JOIN access_user u ON u.id = t.user_id
WHERE t.digest = %s AND t.expires_at > %s AND t.revoked_at IS NULL AND u.is_active
"""


def _bearer(token: str) -> Actor | None:
    """The actor of a token in force; by hand, because the ORM takes longer to write the query than to run it."""
    with prepared() as cursor:
        cursor.execute(_BEARER, [token_digest(token), timezone.now()])
        row = cursor.fetchone()
    return None if row is None else Actor(f"user:{row[0]}", row[1], Role(row[2]), *row[3:])


def signed_in(request: HttpRequest) -> User:
    """The account signed in by a session. Raises ``SignInRequired`` for a stranger and for a bearer token."""
    if not isinstance(request.user, User):
        raise SignInRequired("Sign in first.")
    return request.user


def default_purpose(actor: Actor) -> Purpose:
    """The purpose ``actor`` works under unless it states another."""
    return vocabulary.default_purpose(actor.role)
