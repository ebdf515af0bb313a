"""Relationships that wait to be confirmed: the policy, what waits, and what an officer decides about it.

No record is read here. The database decides which assertions wait (identity's 0010 and 0013); a decision counts at the
next request. PDS and the person's own practice confirm too: ``identity.claims``.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction

from commonweal.apps.access import audit
from commonweal.apps.access.agreements import governed, two_officers
from commonweal.domain.access.confirmation import ConfirmationError, Policy, State, Way, read
from commonweal.domain.access.objections import ObjectionError
from commonweal.domain.access.objections import said as plain
from commonweal.domain.access.scope import Actor
from commonweal.domain.access.vocabulary import Action, Purpose, Role

__all__ = [
    "ConfirmationError",
    "State",
    "Waiting",
    "counts",
    "decide",
    "in_force",
    "listed",
    "load",
    "said",
]

MOST, MOST_DONE = 200, 50
_COLUMNS = (
    "SELECT id, organisation, source, person_id, kinds, feeds, since, opens_at, rule, ways, state, how, decided_by, "
    "decided_at, words FROM access_waiting"
)
_WAITS = " WHERE state = 'waiting' AND (opens_at IS NULL OR opens_at > %s) AND (%s::bigint IS NULL OR id > %s)"
_DONE = (
    " WHERE (state IN ('confirmed', 'refused') OR (state = 'waiting' AND opens_at <= %s)) AND (%s::bigint IS NULL OR "
    "(coalesce(decided_at, opens_at), id) < (SELECT coalesce(b.decided_at, b.opens_at), b.id FROM access_waiting b "
    "WHERE b.id = %s)) ORDER BY coalesce(decided_at, opens_at) DESC, id DESC LIMIT %s"
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One organisation's first assertion that it looks after a person, and what became of it.

    ``kinds`` and ``feeds``: of what, and by which feed of ``source``; ``opens_at``: when it stands by itself; ``ways``:
    what confirms it; ``how``: what did.
    """

    id: int
    organisation: str
    source: str
    person_id: UUID
    kinds: tuple[str, ...]
    feeds: tuple[str, ...]
    since: datetime
    opens_at: datetime | None
    rule: str
    ways: tuple[Way, ...]
    state: State
    how: str
    decided_by: str
    decided_at: datetime | None
    words: str


def said(words: str) -> str:
    """The reason in one line. Raises ``ConfirmationError`` for fewer than ten characters."""
    try:
        return plain(words)
    except ObjectionError as fault:
        raise ConfirmationError(str(fault)) from None


def in_force(on: date) -> tuple[date, str, list[dict[str, object]]] | None:
    """The policy in force on a day: since when, its name, its rules as data; None before the first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT from_on, name, rules::text FROM access_confirmation WHERE from_on <= %s "
            "ORDER BY from_on DESC LIMIT 1",
            [on],
        )
        row = cursor.fetchone()
    return (row[0], row[1], json.loads(row[2])) if row else None


def counts() -> dict[str, int]:
    """How many relationships wait now, and how many were confirmed and refused; as the batch role."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE state = 'waiting' AND (opens_at IS NULL OR opens_at > %s)), "
            "count(*) FILTER (WHERE state = 'confirmed'), count(*) FILTER (WHERE state = 'refused') "
            "FROM access_waiting",
            [settings.COMMONWEAL_NOW()],
        )
        waiting, confirmed, refused = cursor.fetchone()
    return {"waiting": waiting, "confirmed": confirmed, "refused": refused}


def listed(
    actor: Actor, after: int | None = None, before: int | None = None
) -> tuple[list[Waiting], int | None, list[Waiting], int | None]:
    """What waits, oldest first, ``MOST`` at a time, and the ``after`` of the next page or None; what was decided.

    That newest first, ``MOST_DONE`` at a time, and the ``before`` of the next page or None. ``after``: only what waits
    of a higher number; ``before``: only what was decided before the one of this number. Raises ``Refused``.
    """
    with governed(actor, Action.CONFIRM_RELATIONSHIPS, "relationships") as opened, connection.cursor() as cursor:
        cursor.execute(_COLUMNS + _WAITS + " ORDER BY id LIMIT %s", [opened.now, after, after, MOST + 1])
        found = [_row(row) for row in cursor.fetchall()]
        cursor.execute(_COLUMNS + _DONE, [opened.now, before, before, MOST_DONE + 1])
        done = [_row(row) for row in cursor.fetchall()]
    later = found[MOST - 1].id if len(found) > MOST else None
    earlier = done[MOST_DONE - 1].id if len(done) > MOST_DONE else None
    return found[:MOST], later, done[:MOST_DONE], earlier


def decide(actor: Actor, number: int, confirmed: bool, words: str) -> None:
    """An officer confirms or refuses a relationship, whatever was decided before.

    Raises:
        Refused: the actor confirms no relationships.
        ConfirmationError: no such relationship, it is decided so already, or no reason.
    """
    reason = said(words)
    verdict = State.CONFIRMED if confirmed else State.REFUSED
    with (
        governed(actor, Action.CONFIRM_RELATIONSHIPS, f"{verdict} relationship {number}", reason) as opened,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT person_id FROM access_waiting WHERE id = %s", [number])
        row = cursor.fetchone()
        if row is not None:
            opened.concerns(row[0])
        cursor.execute(
            "SELECT access_settle_as_officer(%s, %s, %s, %s, %s)",
            [number, verdict.value, actor.key, reason, opened.now],
        )
        if not cursor.fetchone()[0]:
            raise ConfirmationError("There is no such relationship to decide about, or it is decided so already.")


def load(text: str, starts: date | None, *, by: str, approved_by: str) -> Policy:
    """Keep a policy of waiting relationships from its day on, or from ``starts``, in the name of two officers.

    As the batch role; each officer is audited. What was asserted before that day stands.

    Raises:
        ConfirmationError: the policy cannot be, or begins before today.
        AgreementError: the two accounts are not two open accounts of officers.
    """
    policy = read(text, starts)
    if policy.starts < settings.COMMONWEAL_NOW().date():
        raise ConfirmationError(f"a policy begins today or later, not on {policy.starts}: give --from", "from")
    two_officers(by, approved_by)
    kinds = sorted({kind for rule in policy.rules if rule.waits for kind in rule.kinds})
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO access_confirmation (from_on, name, kinds, rules, loaded_by) "
                "VALUES (%s, %s, %s, %s::jsonb, %s) ON CONFLICT (from_on) DO UPDATE SET name = excluded.name, "
                "kinds = excluded.kinds, rules = excluded.rules, loaded_by = excluded.loaded_by, "
                "loaded_at = clock_timestamp()",
                [policy.starts, policy.name, kinds, json.dumps(policy.as_data()), f"{by}, {approved_by}"],
            )
        for step, account in (("approve", approved_by), ("propose", by)):
            entry = audit.Entry(
                f"user:{account}", Role.PRIVACY_OFFICER.value, "", Purpose.INFORMATION_GOVERNANCE,
                "confirm relationships", f"{step} policy from {policy.starts}", "", uuid4(),
            )  # fmt: skip
            audit.write(entry, "allowed")
    return policy


def _row(row: tuple[object, ...]) -> Waiting:
    values = list(row)
    for place, kind in ((4, str), (5, str), (9, Way)):
        values[place] = tuple(map(kind, values[place]))  # type: ignore[call-overload]  # lists of text, by the columns
    values[10] = State(str(values[10]))
    return Waiting(*values)  # type: ignore[arg-type]  # the columns of the query, in this order
