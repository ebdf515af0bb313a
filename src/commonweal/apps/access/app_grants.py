"""What somebody lets an app do in their name: one grant, its code, and the tokens that hang on it.

RFC 6749, section 4.1, with PKCE (RFC 7636, only S256); codes and refresh tokens are good once, and one that is shown
again ends the grant, since somebody else has it (RFC 9700, sections 2.1.1 and 4.14).
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from commonweal.apps.access import app_tokens, audit, client_apps
from commonweal.apps.access.actors import actor_for, signed_in, token_digest
from commonweal.apps.access.app_tokens import Given, TokenRefused
from commonweal.apps.access.client_apps import ClientApp
from commonweal.apps.access.limits import limit
from commonweal.apps.access.models import User
from commonweal.domain.access import smart
from commonweal.domain.access.vocabulary import Purpose

SPENT = "This code or token has been used, or stands no longer. Ask for a new one."


@dataclass(frozen=True, slots=True)
class Grant:
    """An app that goes on in somebody's name, as its owner sees it."""

    id: int
    app: str
    granted_at: datetime
    ends_at: datetime
    does: tuple[str, ...]


def allow(
    request: HttpRequest,
    app: ClientApp,
    scopes: tuple[str, ...],
    redirect: str,
    challenge: str,
    person_id: UUID | None = None,
    patient: str = "",
) -> str:
    """Note that whoever is signed in lets ``app`` do ``scopes``; the code the app is sent back with. Audited.

    ``person_id``: it is let open this person only, whom it is told of as ``patient``.

    Raises:
        SignInRequired: nobody is signed in by a page.
    """
    user, session_key = signed_in(request), request.session.session_key or ""
    today = timezone.localdate()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO access_app_grant (app_id, user_id, session_key, scopes, person_id, patient, ends_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id",
            [
                app.id,
                user.pk,
                session_key,
                list(scopes),
                person_id,
                patient,
                timezone.now() + limit("app_grant", today),
            ],
        )
        grant = int(cursor.fetchone()[0])
        code = app_tokens.give(app, user.pk, "code", scopes, limit("app_code", today), grant, redirect, challenge)
        _audit(user, "app.allow", f"{app.client}: {' '.join(scopes)}"[:500])
    return code.token


def for_code(app: ClientApp, code: str, redirect: str, verifier: str) -> tuple[Given, str, str]:
    """(access token, refresh token or '', patient or '') for a code. Raises ``TokenRefused``."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    with transaction.atomic():
        grant, scopes, kept, challenge = _spend(app, "code", code)
        if grant and kept == redirect and constant_time_compare(digest, challenge):
            return _tokens(app, grant, scopes)
        _end(grant)  # the code is spent whatever was wrong, and so is what hangs on it
    raise TokenRefused("invalid_grant", SPENT)


def for_refresh(app: ClientApp, refresh: str) -> tuple[Given, str, str]:
    """The same, for a refresh token, which is spent. Raises ``TokenRefused``."""
    with transaction.atomic():
        grant, scopes, _, _ = _spend(app, "refresh", refresh)
        if grant:
            return _tokens(app, grant, scopes)
    raise TokenRefused("invalid_grant", SPENT)


_SPEND = """
SELECT t.id, t.grant_id, t.scopes, t.redirect, t.challenge,
    t.spent_at IS NULL AND t.expires_at > %s AND g.ended_at IS NULL AND g.ends_at > %s AND u.is_active
FROM access_app_token t JOIN access_app_grant g ON g.id = t.grant_id JOIN access_user u ON u.id = t.user_id
WHERE t.digest = %s AND t.kind = %s AND t.app_id = %s FOR UPDATE OF t
"""


def _spend(app: ClientApp, kind: str, secret: str) -> tuple[int, tuple[str, ...], str, str]:
    """(grant, scopes, redirect, challenge) of a code or refresh token, now spent; (0, …) if it does not stand."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(_SPEND, [now, now, token_digest(secret), kind, app.id])
        row = cursor.fetchone()
        if row is None:
            return 0, (), "", ""
        if not row[5]:
            _end(row[1])  # shown again: somebody else has it too
            return 0, (), "", ""
        cursor.execute("UPDATE access_app_token SET spent_at = %s WHERE id = %s", [now, row[0]])
        return row[1], tuple(row[2]), row[3], row[4]


def _tokens(app: ClientApp, grant: int, scopes: tuple[str, ...]) -> tuple[Given, str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT user_id, patient, ends_at FROM access_app_grant WHERE id = %s", [grant])
        user_id, patient, ends = cursor.fetchone()
    given = app_tokens.give(app, user_id, "access", scopes, limit("app_token", timezone.localdate()), grant)
    refresh = ""
    if "online_access" in scopes:
        refresh = app_tokens.give(app, user_id, "refresh", scopes, ends - timezone.now(), grant).token
    return given, refresh, patient


def _end(grant: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_app_grant SET ended_at = %s WHERE id = %s AND ended_at IS NULL", [timezone.now(), grant]
        )


def grants(user: User) -> list[Grant]:
    """What goes on in the account's name now, the newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT g.id, a.name, g.granted_at, g.ends_at, g.scopes FROM access_app_grant g "
            "JOIN access_app a ON a.id = g.app_id WHERE g.user_id = %s AND g.ended_at IS NULL AND g.ends_at > %s "
            "AND a.closed_at IS NULL ORDER BY g.id DESC",
            [user.pk, timezone.now()],
        )
        return [
            Grant(ident, name, granted, ends, tuple(dict.fromkeys(map(smart.in_words, scopes))))
            for ident, name, granted, ends, scopes in cursor.fetchall()
        ]


def end(user: User, grant_id: int | None = None, session_key: str = "") -> int:
    """End one of the account's grants, those of one session, or all. How many. Audited."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_app_grant SET ended_at = %s WHERE user_id = %s AND ended_at IS NULL "
            "AND (%s::bigint IS NULL OR id = %s) AND (%s = '' OR session_key = %s)",
            [timezone.now(), user.pk, grant_id, grant_id, session_key, session_key],
        )
        ended = int(cursor.rowcount)
        if ended:
            _audit(user, "app.end", f"{ended}")
    return ended


def app_of(client: str, redirect: str) -> ClientApp | None:
    """The app that may be sent back to exactly ``redirect``; None: nothing may be sent there."""
    app = client_apps.find(client)
    return app if app is not None and app.user_id is None and redirect in app.redirects else None


def _audit(user: User, action: str, target: str) -> None:
    actor = actor_for(user)
    entry = audit.Entry(actor.key, actor.role, actor.organisation, Purpose.OPERATIONS, action, target, "", uuid4())
    audit.write(entry, "allowed")
