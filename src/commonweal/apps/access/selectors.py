"""What access can tell others: whose compartments an organisation is related to, and who looked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection

from commonweal.apps.access.gate import decide
from commonweal.domain.access.agreements import Standing
from commonweal.domain.access.scope import Actor
from commonweal.domain.access.vocabulary import Action, Category, Purpose, RelationshipKind, RestrictionReason


@dataclass(frozen=True, slots=True)
class Look:
    """One access to a person's record, as the person is told of it: no member of staff is named.

    ``question``: what the person has asked about it, with the ``state`` of that and, once decided, the ``answer``.
    ``team``: the account's, if it has one; ``name``: of somebody who acts for the person; ``relationships``: why the
    organisation could look (``RelationshipKind``).
    """

    id: int
    organisation: str
    role: str
    at: datetime
    purpose: str
    action: str
    outcome: str
    emergency_reason: str
    question: str = ""
    state: str = ""
    answer: str = ""
    team: str = ""
    name: str = ""
    relationships: tuple[str, ...] = ()


def organisation_relationships(
    organisation: str, now: datetime | None = None, kinds: Iterable[RelationshipKind] = tuple(RelationshipKind)
) -> set[int]:
    """The compartments ``organisation`` has a current relationship with (emergencies, which are one actor's, apart).

    ``kinds``: only these.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT compartment_id FROM access_related(%s, '', %s, '{}', '{}', '', %s, '{own,none}', '')",
            [organisation, [kind.value for kind in kinds], now or settings.COMMONWEAL_NOW()],
        )
        return {row[0] for row in cursor.fetchall()}


def open_compartments(actor: Actor, purpose: Purpose, category: Category, now: datetime | None = None) -> set[int]:
    """Every compartment whose ``category`` the policies open to ``actor``, found by one SQL query.

    The policies are asked which relationships open the category, which restrictions close it, and how it must stand
    by the sharing agreements; the answers become the query's parameters. A whole person (several compartments) is
    decided by ``AccessSession.open_many``; a worklist starts here and ends there.
    """
    now = now or settings.COMMONWEAL_NOW()

    def asks(kinds: Iterable[str], restriction: str = "", own: bool = False, agreement: str = Standing.OWN) -> bool:
        return decide(now.date(), actor.role, purpose, Action.READ, category, kinds, restriction, own, agreement)

    kinds = [kind.value for kind in RelationshipKind if asks([kind.value])]
    blocking = [reason.value for reason in RestrictionReason if not asks(kinds, reason.value)]
    blocking_own = [reason.value for reason in RestrictionReason if not asks(kinds, reason.value, True)]
    standings = [one.value for one in Standing if asks(kinds, agreement=one)]
    bound = [kinds, blocking, blocking_own, category.value, now, standings, purpose.value]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT compartment_id FROM access_related(%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [actor.organisation, actor.key, *bound],
        )
        return {row[0] for row in cursor.fetchall()}


def looked(compartments: Iterable[int], limit: int = 1000) -> list[Look]:
    """Who looked at the person of ``compartments``, newest first: at most ``limit`` by others and as many of their own.

    Looks for safeguarding are never among them, nor an emergency before the person may be told of it.

    Call it inside a session in which the person is open: outside, or for anybody else's compartments, the
    database answers nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, organisation, role, at, purpose, action, outcome, reason, question, state, answer, team, name, "
            "relationships FROM access_looked(%s::bigint[], %s, %s)",
            [list(compartments), limit, settings.COMMONWEAL_NOW()],
        )
        rows = [[*row[:-1], tuple(row[-1])] for row in cursor.fetchall()]
    return [Look(*row) for row in rows]
