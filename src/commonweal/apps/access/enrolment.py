"""The code by which somebody adds their first second factor: handed over in person, once, for days.

A password that was guessed, or read over a shoulder before its owner first signed in, then adds nothing. Which accounts
need one: those a code was made for, and every account of a role that ``second_factor.csv`` says ``in_person`` of.
"""

import secrets
from uuid import uuid4

from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from commonweal.apps.access import audit
from commonweal.apps.access.limits import limit, second_factor
from commonweal.apps.access.models import User
from commonweal.domain.access import one_time
from commonweal.domain.access.vocabulary import Purpose, Role

_SHOWN = "enrolment"


def make(username: str, *, by: str) -> str:
    """A new code for an account without a second factor, shown once; a former one is void. Audited, as the batch role.

    Raises:
        ValueError: no such active account, or it has a second factor.
    """
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise ValueError(f"there is no active account {username!r}")
    code = one_time.recovery_code(secrets.token_bytes(10))
    now = timezone.now()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT FROM access_factor WHERE user_id = %s AND kind <> 'recovery'", [user.pk])
        if cursor.rowcount:
            raise ValueError(f"{username!r} has a second factor: it adds others by that")
        cursor.execute(
            "INSERT INTO access_enrolment (user_id, digest, until, made_by) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (user_id) DO UPDATE SET digest = EXCLUDED.digest, until = EXCLUDED.until, "
            "made_by = EXCLUDED.made_by, made_at = clock_timestamp()",
            [user.pk, one_time.recovery_digest(code), now + limit("enrolment_code", now.date()), by],
        )
        entry = audit.Entry(by, "", "", Purpose.OPERATIONS, "enrolment.code", f"user:{username}", "", uuid4())
        audit.write(entry, "allowed")
    return code


def wanted(request: HttpRequest, user: User) -> bool:
    """Whether this session must show the account's code before it adds a factor. A code past its time is wanted too."""
    if request.session.get(_SHOWN) == user.pk:
        return False
    if second_factor.in_person(Role(user.role), timezone.localdate()):
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM access_enrolment WHERE user_id = %s", [user.pk])
        return bool(cursor.rowcount)


def show(request: HttpRequest, user: User, typed: str) -> bool:
    """Whether ``typed`` is the account's code and stands; the session has then shown it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT digest FROM access_enrolment WHERE user_id = %s AND until > %s", [user.pk, timezone.now()]
        )
        row = cursor.fetchone()
    if row is None or not constant_time_compare(row[0], one_time.recovery_digest(typed[:60])):
        return False
    request.session[_SHOWN] = user.pk
    return True


def spend(request: HttpRequest, user: User) -> None:
    """The code is done with: a factor has been added."""
    request.session.pop(_SHOWN, None)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM access_enrolment WHERE user_id = %s", [user.pk])
