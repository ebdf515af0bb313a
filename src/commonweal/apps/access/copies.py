"""Requests for a copy of one's own record: kept, gathered, decided item by item, released by a second person.

What is gathered is which version of which entry was held when it was asked for, and why somebody must look at it; never
what it says. Everything here is called inside an access session, which is what opens the rows.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from commonweal.apps.access import rights
from commonweal.apps.access.session import AccessSession
from commonweal.domain.access.deadlines import due
from commonweal.domain.access.requests import (
    COPY_STEPS,
    NEEDS_DECISION,
    CopyState,
    CopyStep,
    Decision,
    Ground,
    Mark,
    Party,
    RequestError,
    after_copy_step,
    check_decision,
)
from commonweal.domain.access.scope import Actor
from commonweal.domain.access.vocabulary import Category

MOST_ENDED = 200


@dataclass(frozen=True, slots=True)
class Copy:
    """One request. ``due``: the last day to answer, None while the clock does not run."""

    id: int
    person_id: UUID
    compartments: tuple[int, ...]
    asked_at: datetime
    received_on: date
    how: str
    wants: str
    asked_by: str
    organisation: str
    state: CopyState
    starts_on: date | None
    unclear_on: date | None
    paused_days: int
    extended: bool
    gathered_at: datetime | None
    ended_on: date | None
    reviewers: tuple[str, ...]

    @property
    def due(self) -> date | None:
        """When it is to be answered by."""
        if self.starts_on is None or self.state is CopyState.UNCLEAR:
            return None
        months = rights.months("months", self.received_on)
        months += rights.months("extension", self.received_on) if self.extended else 0
        return due(self.starts_on, months, self.paused_days, rights.bank_holidays())

    def may(self, party: Party) -> tuple[CopyStep, ...]:
        """The steps ``party`` could take now, as far as the state says."""
        return tuple(step for (state, step), (_, who) in COPY_STEPS.items() if state is self.state and party in who)


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a draft. ``needed``: somebody must decide on it before it goes out."""

    id: int
    compartment_id: int
    category: Category
    kind: str
    ident: str
    version: int
    source: str
    marks: tuple[Mark, ...]
    needed: bool
    decision: Decision | None
    ground: str
    words: str
    decided_by: str


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done with a request, by whom and why."""

    at: datetime
    actor: str
    organisation: str
    step: str
    words: str


_COPY = (
    "SELECT id, person_id, compartments, asked_at, received_on, how, wants, asked_by, organisation, state, starts_on, "
    "unclear_on, paused_days, extended, gathered_at, ended_on, reviewers FROM access_copy"
)
_ITEM = (
    "SELECT id, compartment_id, category, kind, ident, version, source, marks, needed, decision, ground, words, "
    "decided_by FROM access_copy_item WHERE copy_id = %s ORDER BY kind, ident"
)


def _copy(row: tuple[Any, ...]) -> Copy:
    values = list(row)
    values[2], values[9], values[16] = tuple(row[2]), CopyState(row[9]), tuple(row[16])
    return Copy(*values)


def ask(
    actor: Actor,
    person_id: UUID,
    compartments: Collection[int],
    *,
    received: date,
    how: str,
    wants: str,
    identified: bool,
    words: str,
) -> int:
    """Keep a request for a copy of the open person's record. Its number.

    ``identified``: who asks is known, so the clock runs from ``received``; ``words`` say how, on paper.

    Raises:
        RequestError: one is being dealt with already.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('copy ' || %s))", [str(person_id)])
        cursor.execute(
            "SELECT count(*) FROM access_copy WHERE ended_on IS NULL AND compartments && %s::bigint[]",
            [list(compartments)],
        )
        if cursor.fetchone()[0]:
            raise RequestError("A copy has been asked for already and is being prepared.", "wants")
        cursor.execute(
            "INSERT INTO access_copy (person_id, compartments, received_on, how, wants, asked_by, organisation, state, "
            "starts_on) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
            [
                person_id,
                sorted(compartments),
                received,
                how,
                " ".join(wants.split())[:1000],
                actor.key,
                actor.organisation,
                CopyState.OPEN if identified else CopyState.ASKED,
                received if identified else None,
            ],
        )
        ident = int(cursor.fetchone()[0])
    _note(ident, actor, "ask", words)
    return ident


@dataclass(frozen=True, slots=True)
class Found:
    """One entry gathered for a draft: which version of what, from where, and why somebody must look at it."""

    compartment_id: int
    category: str
    kind: str
    ident: str
    version: int
    source: str
    marks: tuple[Mark, ...]


def gathered(copy_id: int, items: Iterable[Found], at: datetime) -> int:
    """Note what a draft is made of, once; as the batch role. How many items."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE access_copy SET gathered_at = %s WHERE id = %s AND gathered_at IS NULL", [at, copy_id])
        if not cursor.rowcount:
            return 0
        rows = [
            (
                copy_id,
                one.compartment_id,
                one.category,
                one.kind,
                one.ident,
                one.version,
                one.source,
                [mark.value for mark in one.marks],
                bool(NEEDS_DECISION.intersection(one.marks)),
            )
            for one in items
        ]
        cursor.executemany(
            "INSERT INTO access_copy_item (copy_id, compartment_id, category, kind, ident, version, source, marks, "
            "needed) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            rows,
        )
    return len(rows)


def copy_of(copy_id: int) -> Copy | None:
    """One request, if it may be seen now."""
    with connection.cursor() as cursor:
        cursor.execute(_COPY + " WHERE id = %s", [copy_id])
        row = cursor.fetchone()
    return None if row is None else _copy(row)


def copies_about(compartments: Collection[int]) -> list[Copy]:
    """The requests of the open person, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_COPY + " WHERE compartments && %s::bigint[] ORDER BY id DESC", [list(compartments)])
        return [_copy(row) for row in cursor.fetchall()]


def copies_to_review() -> list[Copy]:
    """Every request not yet ended, the oldest first, then the newest ended; inside a session that reviews access."""
    with connection.cursor() as cursor:
        cursor.execute(_COPY + " WHERE ended_on IS NULL ORDER BY starts_on, id")
        still = [_copy(row) for row in cursor.fetchall()]
        cursor.execute(_COPY + " WHERE ended_on IS NOT NULL ORDER BY ended_on DESC, id DESC LIMIT %s", [MOST_ENDED])
        return still + [_copy(row) for row in cursor.fetchall()]


def waiting(opened: AccessSession) -> dict[int, UUID]:
    """The requests not ended of people the asker's organisation has a relationship with, and whose they are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, person_id FROM access_copies_waiting(%s, %s)", [opened.actor.organisation, opened.now]
        )
        return dict(cursor.fetchall())


def items_of(copy_id: int) -> list[Item]:
    """The items of a draft that may be seen now."""
    with connection.cursor() as cursor:
        cursor.execute(_ITEM, [copy_id])
        return [_item(row) for row in cursor.fetchall()]


def _item(row: tuple[Any, ...]) -> Item:
    values = list(row)
    values[2], values[7] = Category(row[2]), tuple(map(Mark, row[7]))
    values[9] = Decision(row[9]) if row[9] else None
    return Item(*values)


def left(copy_id: int) -> dict[str, int]:
    """How many items wait for a decision, by source: those the asker cannot see too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT source, many FROM access_copy_left(%s)", [copy_id])
        return dict(cursor.fetchall())


def steps_of(copy_id: int) -> list[Step]:
    """What has been done with a request, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT at, actor, organisation, step, words FROM access_copy_step WHERE copy_id = %s ORDER BY id",
            [copy_id],
        )
        return [Step(*row) for row in cursor.fetchall()]


def decide(
    actor: Actor, copy_id: int, idents: Collection[int], decision: Decision, ground: Ground | None, words: str
) -> int:
    """Decide on items of a draft in the open record. How many.

    Raises:
        RequestError: none was chosen, no ground or reason is given, or a health professional must decide.
    """
    said = " ".join(words.split())[:1000]
    chosen = [one for one in items_of(copy_id) if one.id in set(idents)]
    if not chosen:
        raise RequestError("Choose at least one item.", "item")
    for one in chosen:
        check_decision(actor.role, one.category, decision, ground, said)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_copy_item SET decision = %s, ground = %s, words = %s, decided_by = %s, "
            "decided_at = clock_timestamp() WHERE copy_id = %s AND id = ANY (%s)",
            [
                decision,
                ground if ground and decision is not Decision.WHOLE else "",
                said,
                actor.key,
                copy_id,
                [one.id for one in chosen],
            ],
        )
        decided = int(cursor.rowcount)
        if decided:
            cursor.execute(
                "UPDATE access_copy SET reviewers = array_append(reviewers, %s) "
                "WHERE id = %s AND NOT %s = ANY (reviewers)",
                [actor.key, copy_id, actor.key],
            )
    if not decided:
        raise RequestError("This draft is no longer being reviewed.", "item")
    _note(copy_id, actor, f"decide {decision}", f"{decided} items. {said}"[:1000])
    return decided


def take_step(opened: AccessSession, copy_id: int, step: CopyStep, party: Party, words: str) -> CopyState:
    """Move a request on, as ``party``; the session decides whether it can be seen. The new state.

    Raises:
        RequestError: there is no such request, or the step is not allowed: see ``after_copy_step``.
    """
    actor, today = opened.actor, opened.now.date()
    said = " ".join(words.split())[:1000]
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM access_copy WHERE id = %s FOR UPDATE", [copy_id])
        before = copy_of(copy_id)
        if before is None:
            raise RequestError("There is no such request.", "step")
        state = after_copy_step(
            before.state,
            step,
            party=party,
            by=actor.key,
            words=said,
            undecided=sum(left(copy_id).values()),
            reviewers=before.reviewers,
            extended=before.extended,
            gathered=before.gathered_at is not None,
        )
        changed: Mapping[str, Any] = {
            "starts": today if step is CopyStep.IDENTIFY else before.starts_on,
            "unclear": today if step is CopyStep.CLARIFY else before.unclear_on,
            "paused": before.paused_days
            + ((today - before.unclear_on).days if step is CopyStep.ANSWER and before.unclear_on else 0),
            "ended": today if state in (CopyState.RELEASED, CopyState.REFUSED, CopyState.WITHDRAWN) else None,
            "reviewers": sorted({*before.reviewers, *([actor.key] if step is CopyStep.FINISH else [])}),
        }
        cursor.execute(
            "UPDATE access_copy SET state = %s, starts_on = %s, unclear_on = %s, paused_days = %s, extended = %s, "
            "ended_on = %s, reviewers = %s WHERE id = %s",
            [
                state,
                changed["starts"],
                changed["unclear"],
                changed["paused"],
                before.extended or step is CopyStep.EXTEND,
                changed["ended"],
                changed["reviewers"],
                copy_id,
            ],
        )
    _note(copy_id, actor, step, said)
    return state


def _note(copy_id: int, actor: Actor, step: str, words: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO access_copy_step (copy_id, actor, organisation, step, words) VALUES (%s, %s, %s, %s, %s)",
            [copy_id, actor.key, actor.organisation, step, words],
        )
