"""Sessions in the database, read by hand: one short query a page, with nothing kept between requests.

A session ends when it has lain idle, and when its day is over however busy it is (``limits.csv``). The row's own
``expire_date`` carries both, and is moved on by use, at most once a minute.

Django's own store, but for reading: building the query through the ORM costs several times the query. A session
deleted or expired, an account closed or a password changed counts from the next request, as with Django's.
"""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import connection
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from commonweal.apps.access.actors import actor_for
from commonweal.apps.access.limits import limit
from commonweal.apps.access.models import User
from commonweal.domain.access.scope import Actor

STARTED = "started"
_EVERY = timedelta(minutes=1)
_SESSION = "SELECT session_data, expire_date FROM django_session WHERE session_key = %s AND expire_date > %s"
_FIELDS = ("id", "password", "last_login", "username", "name", "role", "organisation", "team", "person_id", "is_active")
_ACCOUNT = (
    "SELECT id, password, last_login, username, name, role, organisation, team, person_id, is_active"
    " FROM access_user WHERE id = %s"
)


class SessionStore(db.SessionStore):
    """Named by ``SESSION_ENGINE``."""

    def load(self) -> dict[str, Any]:
        """What the session holds; {} and no key when there is no such session, or it is over."""
        now = timezone.now()
        with connection.cursor() as cursor:
            cursor.execute(_SESSION, [self.session_key, now])
            row = cursor.fetchone()
            held = {} if row is None else self.decode(row[0])
            ends = _ends(held, now)
            if ends <= now:
                self._session_key = None
                return {}
            if ends - row[1] > _EVERY:
                cursor.execute(
                    "UPDATE django_session SET expire_date = %s WHERE session_key = %s", [ends, self.session_key]
                )
        return held

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        """The row to keep, with when the session began and when it ends unless it is used."""
        now = timezone.now()
        data.setdefault(STARTED, now.isoformat())
        row = super().create_model_instance(data)
        row.expire_date = _ends(data, now)
        return row


def _ends(held: dict[str, Any], now: datetime) -> datetime:
    """When a session holding this ends, were it used now; at once if it does not say when it began."""
    if STARTED not in held:
        return now
    today = now.date()
    whole = datetime.fromisoformat(held[STARTED]) + limit("session_whole", today)
    return min(now + limit("session_idle", today), whole)


class Accounts(ModelBackend):
    """Named by ``AUTHENTICATION_BACKENDS``."""

    def get_user(self, user_id: int) -> User | None:
        """The active account a session is of, or None."""
        with connection.cursor() as cursor:
            cursor.execute(_ACCOUNT, [user_id])
            row = cursor.fetchone()
        user = None if row is None else User.from_db("default", _FIELDS, row)
        return user if user is not None and self.user_can_authenticate(user) else None


def watching(session_key: str) -> Actor | None:
    """Who the session is of, None once it is over. A page that only waits for news does not keep its session alive."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(_SESSION, [session_key, now])
        row = cursor.fetchone()
    held = {} if row is None else SessionStore().decode(row[0])
    if _ends(held, now) <= now or not str(held.get(SESSION_KEY, "")).isdecimal():
        return None
    user = Accounts().get_user(int(held[SESSION_KEY]))
    if user is None or not constant_time_compare(held.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()):
        return None
    return actor_for(user)
