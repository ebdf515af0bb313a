"""Staff's and systems' accounts as an administrator sees them, and closing one. Citizens are not among them.

Whose account a citizen's is says who is known here, and an administrator sees no person data; those are closed by an
operator's command, or with the person's removal.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils import timezone

from commonweal.apps.access.session import AccessSession, session
from commonweal.domain.access.objections import ObjectionError, said
from commonweal.domain.access.scope import Actor
from commonweal.domain.access.vocabulary import Action, Purpose, Role
from commonweal.domain.errors import CommonwealError

MOST = 100


class AccountRefused(CommonwealError):
    """An account cannot be closed like this; the message says why. ``field``: which box of the form is wrong."""

    def __init__(self, message: str, field: str = "username") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Account:
    """An account of a member of staff or a system. ``places``: where it is signed in; ``tokens``: that stand now."""

    username: str
    name: str
    role: Role
    organisation: str
    team: str
    open: bool
    last_login: datetime | None
    places: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Closed:
    """What a closed account lost: sessions ended, tokens revoked, apps that acted in its name."""

    sessions: int
    tokens: int
    apps: int


@contextmanager
def managing(actor: Actor, action: str, target: str = "", reason: str = "") -> Iterator[AccessSession]:
    """Raises ``Refused``, audited, for anybody but an administrator."""
    with session(actor, Purpose.OPERATIONS, action, target, reason) as opened:
        opened.require(Action.MANAGE_SIGN_IN)
        yield opened


_ACCOUNTS = """
SELECT u.username, u.name, u.role, u.organisation, u.team, u.is_active, u.last_login,
    (SELECT count(*) FROM access_device d JOIN django_session s ON s.session_key = d.session_key
     WHERE d.user_id = u.id AND s.expire_date > %(now)s),
    (SELECT count(*) FROM access_token t WHERE t.user_id = u.id AND t.revoked_at IS NULL AND t.expires_at > %(now)s)
FROM access_user u
WHERE u.role <> 'citizen' AND u.person_id IS NULL
  AND (%(sought)s = '' OR u.organisation = upper(%(sought)s)
       OR strpos(lower(u.username), lower(%(sought)s)) > 0 OR strpos(lower(u.name), lower(%(sought)s)) > 0)
ORDER BY NOT u.is_active, u.name, u.username LIMIT %(most)s
"""


def accounts(actor: Actor, sought: str = "") -> tuple[list[Account], bool]:
    """Accounts whose name, user name or organisation is ``sought``, open ones first; and whether there are more.

    Raises ``Refused``.
    """
    with managing(actor, "accounts"), connection.cursor() as cursor:
        cursor.execute(_ACCOUNTS, {"now": timezone.now(), "sought": " ".join(sought.split())[:150], "most": MOST + 1})
        found = [Account(row[0], row[1], Role(row[2]), *row[3:]) for row in cursor.fetchall()]
    return found[:MOST], len(found) > MOST


def close(actor: Actor, username: str, words: str) -> Closed:
    """Close an account for good reasons: its sessions end, its tokens and apps stop, at once. Audited.

    Raises:
        Refused: the actor is no administrator.
        AccountRefused: no such open account of staff or a system, the actor's own, or no reason.
    """
    wanted = username.strip()[:150]
    if actor.key == f"user:{wanted}":
        raise AccountRefused("Ask another administrator to close your own account.")
    try:
        reason = said(words)
    except ObjectionError as fault:
        raise AccountRefused(str(fault), "words") from None
    with managing(actor, "account.close", f"user:{wanted}", reason), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('commonweal.accounts', 'on', true)")
        found = end_account(wanted)
        if found is None:
            raise AccountRefused("There is no open account of this user name.")
        return found


def end_account(username: str) -> Closed | None:
    """Close an open account and all it could be used by, in the caller's transaction; None where there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sessions, tokens, apps FROM access_close_account(%s, %s)", [username, timezone.now()])
        row = cursor.fetchone()
    return Closed(*row) if row else None
