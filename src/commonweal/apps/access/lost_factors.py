"""A second factor that is lost: one administrator asks for it to be cleared, having seen who it is; another agrees.

Then the account has none, its sessions end, and its owner adds a new one at the next sign-in, by the password. Neither
administrator may be the owner; the database refuses one who agrees with themselves.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from commonweal.apps.access.accounts import managing
from commonweal.apps.access.devices import end_sessions
from commonweal.apps.access.factors import clear
from commonweal.apps.access.models import User
from commonweal.domain.access.scope import Actor
from commonweal.domain.errors import CommonwealError

MOST = 100


class LossRefused(CommonwealError):
    """A lost second factor cannot be asked about or settled like this; the message says why."""


@dataclass(frozen=True, slots=True)
class Loss:
    """One loss: whose, who asked and how they know the person; ``outcome``: ``cleared``, ``refused``, ``withdrawn``."""

    id: int
    username: str
    name: str
    organisation: str
    asked_by: str
    asked_at: datetime
    words: str
    settled_by: str
    settled_at: datetime | None
    outcome: str


_LOSSES = (
    "SELECT l.id, u.username, u.name, u.organisation, l.asked_by, l.asked_at, l.words, coalesce(l.settled_by, ''), "
    "l.settled_at, coalesce(l.outcome, '') FROM access_lost_factor l JOIN access_user u ON u.id = l.user_id "
    "ORDER BY l.outcome IS NOT NULL, l.id DESC LIMIT %s"
)


def losses(actor: Actor) -> tuple[list[Loss], list[Loss]]:
    """Those that wait, and those settled, the newest first. Raises ``Refused``."""
    with managing(actor, "factor.losses"), connection.cursor() as cursor:
        cursor.execute(_LOSSES, [MOST])
        found = [Loss(*row) for row in cursor.fetchall()]
    return [one for one in found if not one.outcome], [one for one in found if one.outcome]


def ask(actor: Actor, username: str, words: str) -> None:
    """Ask for ``username``'s second factors to be cleared; ``words``: how it was seen that it is they who ask.

    Raises:
        Refused: the actor is no administrator.
        LossRefused: no such account, the actor's own, one that waits already, or nothing is said.
    """
    said = " ".join(words.split())[:1000]
    with managing(actor, "factor.lost", f"user:{username.strip()[:150]}"):
        user = User.objects.filter(username=username.strip(), is_active=True).first()
        if user is None:
            raise LossRefused("There is no account of this name.")
        if actor.key == f"user:{user.username}":
            raise LossRefused("Ask another administrator about your own second step.")
        if len(said) < 10:
            raise LossRefused("Say how you know that it is they who ask, in ten characters or more.")
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO access_lost_factor (user_id, asked_by, words) VALUES (%s, %s, %s) "
                "ON CONFLICT (user_id) WHERE outcome IS NULL DO NOTHING",
                [user.pk, actor.key, said],
            )
            if not cursor.rowcount:
                raise LossRefused("This account waits for a second administrator already.")


def settle(actor: Actor, loss_id: int, outcome: str) -> None:
    """Agree (``cleared``), do not (``refused``), or take back one's own asking (``withdrawn``).

    Raises:
        Refused: the actor is no administrator.
        LossRefused: it is settled, or not the actor's to settle so.
    """
    with managing(actor, f"factor.{outcome}", f"loss {loss_id}"), connection.cursor() as cursor:
        cursor.execute(
            "SELECT l.user_id, l.asked_by, u.username FROM access_lost_factor l JOIN access_user u ON u.id = l.user_id "
            "WHERE l.id = %s AND l.outcome IS NULL FOR UPDATE OF l",
            [loss_id],
        )
        row = cursor.fetchone()
        if row is None:
            raise LossRefused("This has been settled.")
        user_id, asked_by, username = row
        if actor.key == f"user:{username}" or (asked_by == actor.key) != (outcome == "withdrawn"):
            raise LossRefused("A second administrator must settle this: not the one who asked, nor the owner.")
        cursor.execute(
            "UPDATE access_lost_factor SET settled_by = %s, settled_at = clock_timestamp(), outcome = %s WHERE id = %s",
            [actor.key, outcome, loss_id],
        )
        if outcome == "cleared":
            clear(user_id)
            end_sessions(user_id)
