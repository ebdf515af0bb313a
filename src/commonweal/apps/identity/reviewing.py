"""Clerical review: the queue, a pair side by side, decisions and their undoing, and what they say of the links.

Everything about a person is read inside an access session that opened that very pair (``AccessSession.open_pair``).
A decision changes no link by itself: the next identify run follows it, and follows its undoing.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from commonweal.apps.access import api as access
from commonweal.apps.identity import selectors
from commonweal.apps.identity.models import Decision
from commonweal.domain.errors import CommonwealError
from commonweal.domain.identity import review

Pair = tuple[int, int]


class ReviewRefused(CommonwealError):
    """A decision on two records that cannot stand, such as joining two NHS numbers; the message says why."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pair of the queue as its list shows it: nothing of anybody."""

    first: int
    second: int
    weight: float | None
    reason: str
    since: datetime
    sample: bool
    state: str


@dataclass(frozen=True, slots=True)
class Decided:
    """One person's word on a pair."""

    id: int
    first: int
    second: int
    verdict: str
    reviewer: str
    at: datetime
    note: str
    undone_at: datetime | None
    undone_reason: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two records side by side. ``fields`` is the log2 odds each compared field adds, strongest for first."""

    one: selectors.Known
    other: selectors.Known
    weight: float | None
    reason: str
    kind: str
    fields: list[tuple[str, float]]
    risks: list[str]
    needed: int
    state: str
    decisions: list[Decided]


def queue() -> list[Waiting]:
    """What waits for a decision: disputes and second looks first, then the likeliest; settled pairs are not in it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT first, second, weight, reason, since, kind FROM identity_review_queue()")
        rows = cursor.fetchall()
    standing = _states()
    found = [
        Waiting(first, second, weight, reason, since, kind == "sample", standing.get((first, second), review.OPEN))
        for first, second, weight, reason, since, kind in rows
    ]
    order = {review.DISPUTED: 0, review.WAITING: 1, review.OPEN: 2}
    return sorted(
        (one for one in found if one.state in order),
        key=lambda one: (
            order[one.state],
            one.sample,
            -(one.weight if one.weight is not None else 99.0),
            one.first,
            one.second,
        ),
    )


def latest(limit: int = 20) -> list[Decided]:
    """The newest decisions, undone ones included."""
    return [_decided(row) for row in Decision.objects.order_by("-id")[:limit]]


def compare(session: access.AccessSession, first: int, second: int) -> Comparison | None:
    """The pair opened for ``session``, audited; None where no such pair is or was in review.

    Raises access.Refused for a role that reviews no identities.
    """
    session.require(access.Action.REVIEW_IDENTITY)
    with connection.cursor() as cursor:
        cursor.execute("SELECT weight, reason, kind, fields::text FROM identity_review_pair(%s, %s)", [first, second])
        row = cursor.fetchone()
    decisions = [_decided(one) for one in Decision.objects.filter(first=first, second=second).order_by("id")]
    if row is None and not decisions:
        return None
    session.open_pair(_people(first, second))
    known = selectors.demographics_of([first, second])
    if len(known) < 2:
        return None
    weight, reason, kind, fields = row or (None, "decided before", "doubt", None)
    day = session.now.date()
    risks = review.risks(_seen(known[first]), _seen(known[second]), reason, day)
    return Comparison(
        known[first],
        known[second],
        weight,
        reason,
        kind,
        _fields(fields),
        risks,
        review.needed(risks, day),
        _states([(first, second)]).get((first, second), review.OPEN),
        decisions,
    )


def decide(session: access.AccessSession, first: int, second: int, verdict: str, note: str) -> str:
    """Record the actor's decision on a pair of the queue; return where the pair then stands.

    Raises ReviewRefused where the records have two NHS numbers and the verdict is that they are one person's,
    where the actor has already decided, and where the pair is not in review; access.Refused as ``compare``.
    """
    pair = compare(session, first, second)
    if pair is None:
        raise ReviewRefused("this pair is no longer in review; go back to the list")
    if verdict not in (review.SAME, review.DIFFERENT):
        raise ReviewRefused("say whether the records are one person's or not")
    numbers = {known.nhs_number for known in (pair.one, pair.other) if known.number_usable}
    if verdict == review.SAME and len(numbers) > 1:
        raise ReviewRefused(
            "two records with different NHS numbers are never joined here; ask the sources to check theirs"
        )
    if any(one.reviewer == session.actor.key and one.undone_at is None for one in pair.decisions):
        raise ReviewRefused("you have decided this pair already; undo that first, or leave it to somebody else")
    Decision.objects.create(
        first=first,
        second=second,
        verdict=verdict,
        reviewer=session.actor.key,
        organisation=session.actor.organisation,
        at=session.now,
        note=note,
        needed=pair.needed,
        risks=pair.risks,
        kind=pair.kind,
        weight=pair.weight,
    )
    return _states([(first, second)])[first, second]


def undo(session: access.AccessSession, decision_id: int, reason: str) -> Pair:
    """Take a decision back, with a reason; the next identify run undoes what it did. Returns the pair.

    Raises ReviewRefused without a reason, or where there is no such decision in force.
    """
    session.require(access.Action.REVIEW_IDENTITY)
    if not reason.strip():
        raise ReviewRefused("say why the decision is undone")
    row = Decision.objects.filter(id=decision_id, undone_at=None).first()
    if row is None:
        raise ReviewRefused("that decision is not in force; it may have been undone already")
    Decision.objects.filter(id=decision_id).update(
        undone_at=session.now, undone_by=session.actor.key, undone_reason=reason.strip()
    )
    return row.first, row.second


def settled() -> dict[Pair, str]:
    """Every pair that is settled, and how: ``same`` or ``different``."""
    return {pair: state for pair, state in _states().items() if state in (review.SAME, review.DIFFERENT)}


def measured() -> review.Quality | None:
    """What settled pairs say of the probable links; None before anything was settled."""
    kinds = {(row.first, row.second): row.kind for row in Decision.objects.filter(undone_at=None)}
    found = settled()
    if not found:
        return None
    by_kind = {
        kind: [verdict for pair, verdict in found.items() if kinds.get(pair) == kind] for kind in ("sample", "doubt")
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT links, queue FROM identity_review_counts()")
        links, waiting = cursor.fetchone()
    sampled, doubted = by_kind["sample"], by_kind["doubt"]
    return review.quality(
        sampled.count(review.SAME),
        len(sampled),
        doubted.count(review.SAME),
        len(doubted),
        links,
        waiting + len(doubted),
    )


def _states(pairs: Iterable[Pair] | None = None) -> dict[Pair, str]:
    """Where each decided pair stands."""
    rows = Decision.objects.filter(undone_at=None).order_by("id")
    if pairs is not None:
        wanted = list(pairs)
        rows = rows.filter(first__in=[pair[0] for pair in wanted], second__in=[pair[1] for pair in wanted])
    said: dict[Pair, list[review.Said]] = {}
    for row in rows:
        said.setdefault((row.first, row.second), []).append(review.Said(row.reviewer, row.verdict, row.needed))
    return {pair: review.state(votes) for pair, votes in said.items()}


def _people(first: int, second: int) -> dict[UUID, list[int]]:
    """The two compartments by the person each belongs to, for the audit."""
    found: dict[UUID, list[int]] = {}
    for compartment, person in selectors.people_of([first, second]).items():
        found.setdefault(person, []).append(compartment)
    return found


def _seen(known: selectors.Known) -> review.Seen:
    number = known.nhs_number if known.number_usable else ""
    return review.Seen(number, known.birth_date, known.gender, known.death_date is not None)


def _fields(text: str | None) -> list[tuple[str, float]]:
    """Field weights, the strongest for first and the strongest against last."""
    found: dict[str, float] = json.loads(text) if text else {}
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


def _decided(row: Decision) -> Decided:
    return Decided(
        row.id, row.first, row.second, row.verdict, row.reviewer, row.at, row.note, row.undone_at, row.undone_reason
    )
