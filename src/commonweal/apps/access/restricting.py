"""Objections that people raise, and every restriction: raised, decided, set and lifted, each with a reason and audited.

No record is read here. An upheld objection becomes restrictions, which the gate asks about at the next request.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from commonweal.apps.access.agreements import governed
from commonweal.apps.access.opt_outs import OptOut, keep_opt_out
from commonweal.apps.access.session import AccessSession
from commonweal.domain.access.objections import (
    ObjectionError,
    ObjectionState,
    ObjectionStep,
    after,
    may_lift,
    said,
    steps_open,
)
from commonweal.domain.access.scope import Actor, Scope
from commonweal.domain.access.vocabulary import Action, Category, RestrictionReason

MOST = 200


@dataclass(frozen=True, slots=True)
class Objection:
    """What a person objects to: ``category`` (empty: everything) shown to ``against`` (empty: everybody else)."""

    id: int
    person_id: UUID
    compartments: tuple[int, ...]
    category: str
    against: str
    words: str
    told_by: str
    at: datetime
    state: ObjectionState
    decided_by: str
    decided_at: datetime | None
    reason: str

    @property
    def may(self) -> tuple[ObjectionStep, ...]:
        """What an officer may do with it."""
        return steps_open(self.state)


@dataclass(frozen=True, slots=True)
class Restriction:
    """Something withheld now. ``source`` wrote the compartment; ``against``: from whom, empty for everybody else."""

    id: int
    compartment_id: int
    category: str
    reason: str
    source: str
    against: str
    starts_at: datetime
    ends_at: datetime | None
    set_by: str
    words: str


_OBJECTIONS = (
    "SELECT id, person_id, compartments, category, against, words, told_by, at, state, decided_by, decided_at, reason "
    "FROM access_objection"
)
_RESTRICTIONS = (
    "SELECT id, compartment_id, category, reason, controller, against, starts_at, ends_at, set_by, words "
    "FROM access_restriction WHERE starts_at <= %s AND (ends_at IS NULL OR ends_at > %s)"
)


def stated(words: str, field: str) -> str:
    """The reason in one line. Raises ``ObjectionError`` about ``field`` for fewer than ten characters."""
    try:
        return said(words)
    except ObjectionError as fault:
        raise ObjectionError(str(fault), field) from None


def raise_objection(opened: AccessSession, scope: Scope, category: Category | None, against: str, words: str) -> None:
    """The person open in ``opened`` objects; it waits for the controller. Raises ``ObjectionError`` for no words."""
    text = said(words, "Say what troubles you")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO access_objection (person_id, compartments, category, source, against, words, told_by, at) "
            "VALUES (%s, %s, %s, '', %s, %s, %s, %s)",
            [
                scope.person_id,
                sorted(scope.compartments),
                category.value if category else "",
                against,
                text,
                opened.actor.key,
                opened.now,
            ],
        )


def objections_of(scope: Scope) -> list[Objection]:
    """The objections of the person open in the session, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_OBJECTIONS + " WHERE person_id = %s ORDER BY id DESC", [scope.person_id])
        return [_objection(row) for row in cursor.fetchall()]


def objections(actor: Actor) -> list[Objection]:
    """All of those to be decided first, oldest first; then the newest decided. Raises ``Refused``."""
    with governed(actor, Action.KEEP_RESTRICTIONS, "objections"), connection.cursor() as cursor:
        cursor.execute(_OBJECTIONS + " WHERE state = %s ORDER BY id", [ObjectionState.RAISED])
        waiting = [_objection(row) for row in cursor.fetchall()]
        cursor.execute(
            _OBJECTIONS + " WHERE state <> %s ORDER BY decided_at DESC, id DESC LIMIT %s", [ObjectionState.RAISED, MOST]
        )
        return waiting + [_objection(row) for row in cursor.fetchall()]


def objection(actor: Actor, objection_id: int) -> Objection | None:
    """One objection, or None. Raises ``Refused``."""
    with governed(actor, Action.KEEP_RESTRICTIONS, f"objection {objection_id}"):
        return _one(objection_id)


def decide(
    actor: Actor, objection_id: int, step: ObjectionStep, reason: str, compartments: Mapping[int, str]
) -> ObjectionState:
    """Uphold, refuse or withdraw an objection; the person reads the reason. The state after.

    ``compartments``: the person's today, id → source, all of which an upheld objection withholds.

    Raises:
        Refused: the actor keeps no restrictions.
        ObjectionError: no such objection, not from here, or no reason.
    """
    with governed(actor, Action.KEEP_RESTRICTIONS, f"objection {objection_id} {step}") as opened:
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM access_objection WHERE id = %s FOR UPDATE", [objection_id])
        one = _one(objection_id)
        if one is None:
            raise ObjectionError("There is no such objection.")
        state = after(one.state, step, reason)
        rows: list[int] = []
        if state is ObjectionState.UPHELD:
            category = Category(one.category) if one.category else None
            rows = restrict_rows(
                actor, opened.now, compartments, RestrictionReason.OBJECTION, category, one.against, None,
                f"objection {one.id}",
            )  # fmt: skip
        with connection.cursor() as cursor:
            if step is ObjectionStep.WITHDRAW:
                cursor.execute(
                    "UPDATE access_restriction SET ends_at = %s WHERE (ends_at IS NULL OR ends_at > %s) AND id = ANY "
                    "(SELECT unnest(restrictions) FROM access_objection WHERE id = %s)",
                    [opened.now, opened.now, one.id],
                )
            cursor.execute(
                "UPDATE access_objection SET state = %s, decided_by = %s, decided_at = %s, reason = %s, "
                "restrictions = restrictions || %s::bigint[] WHERE id = %s",
                [state.value, actor.key, opened.now, said(reason), rows, one.id],
            )
    return state


def restrictions(actor: Actor, before: int | None = None) -> tuple[list[Restriction], int | None]:
    """What is withheld today, newest first, ``MOST`` at a time; and the ``before`` of the next, None: no more.

    ``before``: only those of a lower number. Raises ``Refused``.
    """
    with governed(actor, Action.KEEP_RESTRICTIONS, "restrictions") as opened, connection.cursor() as cursor:
        cursor.execute(
            _RESTRICTIONS + " AND (%s::bigint IS NULL OR id < %s) ORDER BY id DESC LIMIT %s",
            [opened.now, opened.now, before, before, MOST + 1],
        )
        found = [Restriction(*row) for row in cursor.fetchall()]
    return found[:MOST], found[MOST - 1].id if len(found) > MOST else None


def restrict(
    actor: Actor,
    compartments: Mapping[int, str],
    reason: RestrictionReason,
    category: Category | None,
    until: date | None,
    words: str,
    against: str = "",
) -> int:
    """Withhold a category of a person, or all that the ``compartments`` (id → source) hold; how many rows.

    ``until``: the last day. ``against``: the one organisation it is withheld from; empty for all but the source.

    Raises:
        Refused: the actor keeps no restrictions.
        ObjectionError: nobody has these compartments, no reason is given, or the day is past.
    """
    text = said(words)
    if not compartments:
        raise ObjectionError("There is nobody with this identifier, or that source wrote nothing of them.", "person")
    with governed(actor, Action.KEEP_RESTRICTIONS, f"restrict {reason} {category or 'everything'}") as opened:
        ends = None
        if until is not None:
            last = until + timedelta(days=1)
            ends = datetime(last.year, last.month, last.day, tzinfo=ZoneInfo(settings.TIME_ZONE))
            if ends <= opened.now:
                raise ObjectionError("That day is past: give a later one, or none.", "until")
        return len(restrict_rows(actor, opened.now, compartments, reason, category, against, ends, text))


def lift(actor: Actor, restriction_id: int, words: str) -> None:
    """End a restriction now.

    Raises:
        Refused: the actor keeps no restrictions.
        ObjectionError: none of that number is in force, no reason, or a second officer must.
    """
    text = said(words)
    with (
        governed(actor, Action.KEEP_RESTRICTIONS, f"lift {restriction_id}", text) as opened,
        connection.cursor() as cursor,
    ):
        cursor.execute(_RESTRICTIONS + " AND id = %s FOR UPDATE", [opened.now, opened.now, restriction_id])
        row = cursor.fetchone()
        if row is None:
            raise ObjectionError("No such restriction is in force.")
        one = Restriction(*row)
        may_lift(one.reason, set_by=one.set_by, by=actor.key)
        cursor.execute("UPDATE access_restriction SET ends_at = %s WHERE id = %s", [opened.now, restriction_id])


def record_opt_out(
    actor: Actor, person_id: UUID, compartments: Iterable[int], kind: OptOut, wanted: bool, words: str
) -> int:
    """Record for a person, whose are the ``compartments``, that they opt out, or in again; how many rows changed.

    Raises:
        Refused: the actor keeps no restrictions.
        ObjectionError: nobody has these compartments, or it is not said who told of it.
    """
    text, about = said(words, "Say who told you, and how"), list(compartments)
    if not about:
        raise ObjectionError("There is nobody with this identifier, or no practice wrote anything of them.", "person")
    target = f"opt {'out' if wanted else 'in'} {kind.value}"
    with governed(actor, Action.KEEP_RESTRICTIONS, target, text) as opened:
        opened.concerns(person_id)
        return keep_opt_out(kind, about, wanted, source=text, by=actor.key)


def restrict_rows(
    actor: Actor, now: datetime, compartments: Mapping[int, str], reason: RestrictionReason,
    category: Category | None, against: str, ends: datetime | None, words: str, organisation: str = "",
) -> list[int]:  # fmt: skip
    """Store a restriction on each of ``compartments`` (id → source); their numbers. ``organisation``: set in its care.

    Row security asks whether the actor may: in a session of officers, or of care staff with the person open.
    """
    made = []
    with connection.cursor() as cursor:
        for compartment, source in sorted(compartments.items()):
            cursor.execute(
                "INSERT INTO access_restriction (compartment_id, category, reason, starts_at, ends_at, controller, "
                "set_by, against, words, organisation) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
                [compartment, category.value if category else "", reason.value, now, ends, source, actor.key, against,
                 words, organisation],
            )  # fmt: skip
            made.append(int(cursor.fetchone()[0]))
    return made


def _one(objection_id: int) -> Objection | None:
    with connection.cursor() as cursor:
        cursor.execute(_OBJECTIONS + " WHERE id = %s", [objection_id])
        row = cursor.fetchone()
    return None if row is None else _objection(row)


def _objection(row: tuple[Any, ...]) -> Objection:
    values = list(row)
    values[2], values[8] = tuple(row[2]), ObjectionState(row[8])
    return Objection(*values)
