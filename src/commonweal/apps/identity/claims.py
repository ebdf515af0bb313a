"""Relationships that wait to be confirmed, where confirming takes knowing whose a record is: by PDS, by a practice.

When one waits is decided in the database (migrations 0010, 0013); what an officer decides is ``access.confirming``'s.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from commonweal.apps.access import api as access


@dataclass(frozen=True, slots=True)
class Claim:
    """That an organisation looks after a person, as the person's practice is asked about it.

    ``kinds``: ``registered``, ``under_care``, ``referred``; ``state``: ``waiting``, ``confirmed`` or ``refused``.
    """

    id: int
    organisation: str
    kinds: tuple[str, ...]
    since: datetime
    state: str
    decided_at: datetime | None


def confirm_traced() -> int:
    """Confirm the relationships that PDS's answers bear out; how many. As the batch role, each audited."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT identity_confirm_traced(%s)", [settings.COMMONWEAL_NOW()])
        return int(cursor.fetchone()[0])


def claims(scope: access.Scope) -> list[Claim]:
    """What other organisations say of the person open in ``scope``, for the practice that has them on its list.

    Empty for anybody else: the database holds to it.
    """
    if access.RelationshipKind.REGISTERED not in scope.relationships:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, organisation, kinds, since, state, decided_at FROM identity_claims(%s, %s, %s)",
            [scope.person_id, scope.actor.organisation, settings.COMMONWEAL_NOW()],
        )
        return [Claim(row[0], row[1], tuple(row[2]), *row[3:]) for row in cursor.fetchall()]


def settle_claim(scope: access.Scope, claim_id: int, confirmed: bool, words: str) -> None:
    """The practice says that another organisation does, or does not, look after the person open in ``scope``.

    Raises:
        ConfirmationError: no such claim waits for this practice, or no reason is given.
    """
    said = access.confirming.said(words)
    verdict = access.confirming.State.CONFIRMED if confirmed else access.confirming.State.REFUSED
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT identity_settle_claim(%s, %s, %s, %s, %s, %s, %s)",
            [
                claim_id,
                scope.person_id,
                scope.actor.organisation,
                verdict.value,
                scope.actor.key,
                said,
                settings.COMMONWEAL_NOW(),
            ],
        )
        if not cursor.fetchone()[0]:
            raise access.confirming.ConfirmationError("This does not wait for your practice any more.")
