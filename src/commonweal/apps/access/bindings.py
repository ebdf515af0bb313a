"""Which account a service's subject signs in to: bound and unbound by an operator, audited, one account each."""

from uuid import uuid4

from django.db import IntegrityError, connection, transaction

from commonweal.apps.access import audit
from commonweal.apps.access.devices import end_sessions
from commonweal.apps.access.models import User
from commonweal.apps.access.providers import providers
from commonweal.domain.access.vocabulary import Purpose


def bind(username: str, provider: str, subject: str, *, by: str) -> None:
    """Let ``subject`` of the service ``provider`` sign in to an account. ``by``: the key of the actor who says so.

    Raises:
        ValueError: no such account or service, no subject, or one that is somebody's already.
    """
    user = User.objects.filter(username=username, is_active=True).first()
    known = providers().get(provider)
    if user is None:
        raise ValueError(f"there is no active account {username!r}")
    if known is None:
        raise ValueError(f"sign-in.yaml names no service {provider!r}")
    if not subject or len(subject) > 255:
        raise ValueError("say the service's own subject (sub) of the person")
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO access_binding (user_id, issuer, subject, bound_by) VALUES (%s, %s, %s, %s)",
                [user.pk, known.issuer, subject, by],
            )
            _audit("binding.add", f"user:{username} {provider}", by)
    except IntegrityError:
        raise ValueError("this subject, or this account at this service, is bound already: unbind it first") from None


def unbind(username: str, provider: str, *, by: str) -> None:
    """Take an account's binding to a service away, and end its sessions. Raises ValueError where there is none."""
    known = providers().get(provider)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM access_binding b USING access_user u WHERE u.id = b.user_id AND u.username = %s "
            "AND b.issuer = %s RETURNING u.id",
            [username, known.issuer if known else provider],
        )
        row = cursor.fetchone()
        if row is None:
            raise ValueError(f"{username!r} is not bound to {provider!r}")
        end_sessions(row[0])
        _audit("binding.remove", f"user:{username} {provider}", by)


def bound(issuer: str, subject: str) -> User | None:
    """The active account a subject is bound to."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT user_id FROM access_binding WHERE issuer = %s AND subject = %s", [issuer, subject])
        row = cursor.fetchone()
    return None if row is None else User.objects.filter(pk=row[0], is_active=True).first()


def _audit(action: str, target: str, by: str) -> None:
    audit.write(audit.Entry(by, "", "", Purpose.OPERATIONS, action, target, "", uuid4()), "allowed")
