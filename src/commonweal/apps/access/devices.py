"""Where an account is signed in: listed to its owner, ended one by one or all at once."""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone

from commonweal.apps.access import audit
from commonweal.apps.access.actors import actor_for
from commonweal.apps.access.limits import limit
from commonweal.apps.access.models import User
from commonweal.domain.access.vocabulary import Purpose

_KNOWN = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Device:
    """One place an account is signed in. ``used_at``: to the minute; ``here``: it is the one that asks.

    ``how``: by what it was signed in: ``password``, ``password and app``, ``passkey``, or a service's name.
    """

    id: int
    browser: str
    how: str
    address: str
    started_at: datetime
    used_at: datetime
    here: bool


def browser_of(agent: str) -> str:
    """A browser and system in words, from what the browser says of itself."""
    name = next((word for mark, word in _KNOWN if mark in agent), "A browser")
    system = next((word for mark, word in _SYSTEMS if mark in agent), "")
    return f"{name} on {system}" if system else name


def remember(request: HttpRequest, user: User, how: str) -> None:
    """Note where the session that has just begun is, and by what it was signed in."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM access_device d WHERE d.user_id = %s AND NOT EXISTS "
            "(SELECT FROM django_session s WHERE s.session_key = d.session_key AND s.expire_date > %s)",
            [user.pk, timezone.now()],
        )
        cursor.execute(
            "INSERT INTO access_device (session_key, user_id, address, browser, how) VALUES (%s, %s, %s, %s, %s)",
            [
                request.session.session_key,
                user.pk,
                str(request.META.get("REMOTE_ADDR", ""))[:45],
                browser_of(request.headers.get("User-Agent", "")),
                how,
            ],
        )


def devices(user: User, session_key: str) -> list[Device]:
    """Where ``user`` is signed in now, the newest first; ``session_key`` is the asking session's."""
    now = timezone.now()
    idle = limit("session_idle", now.date())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.id, d.browser, d.how, d.address, d.started_at, least(s.expire_date - %s::interval, %s), "
            "d.session_key = %s FROM access_device d JOIN django_session s ON s.session_key = d.session_key "
            "WHERE d.user_id = %s AND s.expire_date > %s ORDER BY d.id DESC",
            [f"{idle.total_seconds()} seconds", now, session_key, user.pk, now],
        )
        return [Device(*row) for row in cursor.fetchall()]


def end(user: User, device_id: int | None = None) -> int:
    """Sign ``user`` out of one place, or of every place. How many sessions ended. Audited."""
    actor = actor_for(user)
    with transaction.atomic():
        ended = end_sessions(user.pk, device_id)
        target = "everywhere" if device_id is None else "one place"
        entry = audit.Entry(
            actor.key, actor.role, actor.organisation, Purpose.OPERATIONS, "sign_out", target, "", uuid4()
        )
        audit.write(entry, "allowed")
    return ended


def end_sessions(user_id: int, device_id: int | None = None) -> int:
    """Delete the sessions of an account, or the one of a device of it. How many. In the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH gone AS (DELETE FROM access_device WHERE user_id = %s AND (%s::bigint IS NULL OR id = %s) "
            "RETURNING session_key) DELETE FROM django_session s USING gone WHERE s.session_key = gone.session_key",
            [user_id, device_id, device_id],
        )
        return int(cursor.rowcount)
