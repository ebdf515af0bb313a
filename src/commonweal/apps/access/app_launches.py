"""Apps opened from a record: whose record it is, said once to one app for the session that opened it.

SMART App Launch 2.2.0, "EHR launch": https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#launch-app-ehr-launch
"""

import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from commonweal.apps.access.actors import signed_in, token_digest
from commonweal.apps.access.client_apps import ClientApp
from commonweal.apps.access.limits import limit


@dataclass(frozen=True, slots=True)
class Launchable:
    """An app that can be opened from a record."""

    client: str
    name: str


def launchable() -> list[Launchable]:
    """The apps in force that said where they are opened, by name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT client, name FROM access_app WHERE closed_at IS NULL AND user_id IS NULL AND launch_address <> '' "
            "ORDER BY name, client"
        )
        return [Launchable(*row) for row in cursor.fetchall()]


def mint(request: HttpRequest, client: str, person_id: UUID, issuer: str) -> str | None:
    """The address that opens the app on a person's record, for this session, once; None: there is no such app.

    Called inside the access session in which the person was opened. ``issuer``: the FHIR base the app is to ask.
    Raises ``SignInRequired`` where nobody is signed in by a page.
    """
    user, now = signed_in(request), timezone.now()
    secret = secrets.token_urlsafe(32)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM access_app_launch WHERE until < %s", [now])
        cursor.execute(
            "INSERT INTO access_app_launch (digest, app_id, user_id, session_key, person_id, until) "
            "SELECT %s, id, %s, %s, %s, %s FROM access_app WHERE client = %s AND closed_at IS NULL AND user_id IS NULL "
            "AND launch_address <> '' RETURNING (SELECT launch_address FROM access_app a WHERE a.id = app_id)",
            [
                token_digest(secret),
                user.pk,
                request.session.session_key or "",
                person_id,
                now + limit("app_launch", now.date()),
                client[:60],
            ],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    return f"{row[0]}{'&' if urlsplit(row[0]).query else '?'}{urlencode({'iss': issuer, 'launch': secret})}"


def launched(request: HttpRequest, app: ClientApp, secret: str) -> UUID | None:
    """Whose record ``secret`` was minted for; None unless it was for this app, account and session, and stands."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT person_id FROM access_app_launch WHERE digest = %s AND app_id = %s AND user_id = %s "
            "AND session_key = %s AND until > %s",
            _asked(request, app, secret),
        )
        row: tuple[UUID] | None = cursor.fetchone()
    return None if row is None else row[0]


def spent(request: HttpRequest, app: ClientApp, secret: str) -> UUID | None:
    """The same, once: it stands no longer."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM access_app_launch WHERE digest = %s AND app_id = %s AND user_id = %s "
            "AND session_key = %s AND until > %s RETURNING person_id",
            _asked(request, app, secret),
        )
        row: tuple[UUID] | None = cursor.fetchone()
    return None if row is None else row[0]


def _asked(request: HttpRequest, app: ClientApp, secret: str) -> list[Any]:
    user = signed_in(request)
    return [token_digest(secret), app.id, user.pk, request.session.session_key or "", timezone.now()]
