"""Sessions in the database, read by hand: one short query a page, with nothing kept between requests.

Django's own store, but for reading: building the query through the ORM costs several times the query. A session
deleted or expired, an account closed or a password changed counts from the next request, as with Django's.
"""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends import db
from django.db import connection
from django.utils import timezone

from commonweal.apps.access.models import User

_SESSION = "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > %s"
_FIELDS = ("id", "password", "last_login", "username", "name", "role", "organisation", "team", "person_id", "is_active")
_ACCOUNT = (
    "SELECT id, password, last_login, username, name, role, organisation, team, person_id, is_active"
    " FROM access_user WHERE id = %s"
)


class SessionStore(db.SessionStore):
    """Named by ``SESSION_ENGINE``."""

    def load(self) -> dict[str, Any]:
        """What the session holds; {} and no key when there is no such session, or it is over."""
        with connection.cursor() as cursor:
            cursor.execute(_SESSION, [self.session_key, timezone.now()])
            row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return {}
        return self.decode(row[0])


class Accounts(ModelBackend):
    """Named by ``AUTHENTICATION_BACKENDS``."""

    def get_user(self, user_id: int) -> User | None:
        """The active account a session is of, or None."""
        with connection.cursor() as cursor:
            cursor.execute(_ACCOUNT, [user_id])
            row = cursor.fetchone()
        user = None if row is None else User.from_db("default", _FIELDS, row)
        return user if user is not None and self.user_can_authenticate(user) else None
