"""Tokens of apps: given for an assertion, a code or a refresh token; only their hashes are kept, and they are short.

A token stands while its app, the account and what the account let it do all stand: each is asked at each request.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
from django.db import connection, transaction
from django.utils import timezone

from commonweal.apps.access import audit, client_apps
from commonweal.apps.access.actors import token_digest
from commonweal.apps.access.client_apps import ClientApp
from commonweal.apps.access.limits import limit
from commonweal.apps.access.models import User
from commonweal.apps.access.signed import LEEWAY, BadToken, NotFetched, claims
from commonweal.domain.access import smart
from commonweal.domain.access.scope import Actor
from commonweal.domain.access.vocabulary import Purpose, Role
from commonweal.domain.errors import CommonwealError

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("RS384", "ES384")  # what SMART asks every server to take
LONGEST_ASSERTION = timedelta(minutes=5)


class TokenRefused(CommonwealError):
    """No token is given; ``code`` is OAuth's word for why (RFC 6749, section 5.2)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Given:
    """A token, shown once: ``seconds`` it lives, the scopes it has."""

    token: str
    seconds: int
    scopes: tuple[str, ...]


def authenticated(assertion: str, endpoint: str) -> ClientApp:
    """The app that signed ``assertion`` for ``endpoint``, once.

    https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html#signature-verification

    Raises:
        TokenRefused: forged, expired, too long, for another address, or shown before.
    """
    try:
        said = jwt.decode(assertion[:16_000], options={"verify_signature": False})  # only to find whose keys to ask
        app = client_apps.find(str(said.get("iss", "")))
        if app is None or app.keys is None:
            raise TokenRefused("invalid_client", "No app with keys has this client id.")
        said = claims(
            assertion,
            app.keys,
            algorithms=ALGORITHMS,
            issuer=app.client,
            audience=endpoint,
            require=("sub", "jti"),
        )
    except (jwt.PyJWTError, BadToken, NotFetched) as error:
        raise TokenRefused("invalid_client", f"The assertion does not stand. {error}") from error
    now = timezone.now()
    ends = float(said["exp"]) - now.timestamp()
    if said["sub"] != app.client or not isinstance(said["jti"], str) or not 0 < len(said["jti"]) <= 300:
        raise TokenRefused("invalid_client", "The assertion must have the client id as sub, and a jti.")
    if ends > LONGEST_ASSERTION.total_seconds() + LEEWAY:
        raise TokenRefused("invalid_client", "An assertion expires within five minutes.")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM access_app_assertion WHERE app_id = %s AND until < %s", [app.id, now])
        cursor.execute(
            "INSERT INTO access_app_assertion (app_id, digest, until) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [app.id, token_digest(said["jti"]), now + timedelta(seconds=max(ends, 0) + 2 * LEEWAY)],
        )
        if not cursor.rowcount:
            raise TokenRefused("invalid_client", "This assertion has been used: sign another, with a new jti.")
    return app


def for_system(app: ClientApp, asked: str) -> Given:
    """A token for a system app: what it asks for, within what it was registered for. Raises ``TokenRefused``."""
    user = None if app.user_id is None else User.objects.filter(pk=app.user_id, is_active=True).first()
    if user is None:
        raise TokenRefused("unauthorized_client", "This app stands for people, not for a system.")
    scopes = smart.granted(asked.split(), app.scopes)
    if not scopes:
        raise TokenRefused("invalid_scope", f"Ask for scopes within: {' '.join(app.scopes)}")
    with transaction.atomic():
        given = give(app, user.pk, "access", scopes, limit("app_token", timezone.localdate()))
        _audit(f"user:{user.username}", user.role, user.organisation, app.client, " ".join(scopes))
    return given


def give(
    app: ClientApp, user_id: int, kind: str, scopes: tuple[str, ...], lives: timedelta, grant_id: int | None = None,
    redirect: str = "", challenge: str = "",
) -> Given:  # fmt: skip
    """A new secret of ``kind`` (access, refresh, code), in the caller's transaction; what is past is swept away."""
    secret = secrets.token_urlsafe(32)
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM access_app_token WHERE expires_at < %s", [now - timedelta(days=1)])
        cursor.execute(
            "INSERT INTO access_app_token (kind, digest, app_id, user_id, grant_id, scopes, redirect, challenge, "
            "expires_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [kind, token_digest(secret), app.id, user_id, grant_id, list(scopes), redirect, challenge, now + lives],
        )
    return Given(secret, int(lives.total_seconds()), scopes)


_BEARER = """
SELECT u.username, u.name, u.role, u.organisation, u.team, u.person_id, a.client, t.scopes, g.person_id
FROM access_app_token t JOIN access_user u ON u.id = t.user_id JOIN access_app a ON a.id = t.app_id
LEFT JOIN access_app_grant g ON g.id = t.grant_id
WHERE t.digest = %s AND t.kind = 'access' AND t.expires_at > %s AND t.spent_at IS NULL AND u.is_active
  AND a.closed_at IS NULL AND (t.grant_id IS NULL OR (g.ended_at IS NULL AND g.ends_at > %s))
"""


def bearer(token: str) -> Actor | None:
    """The account an app's token stands for, with what the app was let do; None if it does not stand now."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(_BEARER, [token_digest(token), now, now])
        row = cursor.fetchone()
    if row is None:
        return None
    username, name, role, organisation, team, person_id, client, scopes, only = row
    app = smart.App(client, tuple(scopes), only)
    return Actor(f"user:{username}", name, Role(role), organisation, team, person_id, app)


def revoke(token: str) -> None:
    """End a token; a refresh token ends all of what was granted with it (RFC 7009). Unknown ones are passed over."""
    now = timezone.now()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_app_token SET spent_at = %s WHERE digest = %s RETURNING kind, grant_id",
            [now, token_digest(token)],
        )
        row: tuple[str, Any] | None = cursor.fetchone()
        if row is not None and row[0] == "refresh":
            cursor.execute("UPDATE access_app_grant SET ended_at = %s WHERE id = %s", [now, row[1]])


def _audit(key: str, role: str, organisation: str, client: str, scopes: str, person: UUID | None = None) -> None:
    target = f"{client}: {scopes}"[:500] + (" for one person" if person else "")
    audit.write(audit.Entry(key, role, organisation, Purpose.OPERATIONS, "app.token", target, "", uuid4()), "allowed")
