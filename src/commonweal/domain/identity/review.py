"""Clerical review: which pairs need two people, when a pair is settled, and what decisions say of the links.

When two must look is data (``review_rules.json``, by date). A pair is settled when enough different people say
the same, and more of them than say the other; a decision that was undone never counts.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

from commonweal.domain.identity.scoring import Share, share

SAME = "same"
DIFFERENT = "different"
OPEN = "open"
WAITING = "waiting"  # for a second person
DISPUTED = "disputed"


class Seen(NamedTuple):
    """What one record says, as far as the rules ask. ``number`` is a usable NHS number or empty."""

    number: str
    born: date | None
    sex: str
    died: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a day: how many people decide, and the sentence for each thing that makes a pair high-risk."""

    reviewers: int
    high_risk_reviewers: int
    child_under: int
    high_risk: dict[str, str]


class Said(NamedTuple):
    """One person's decision on a pair; ``needed`` is how many people the rules asked for then."""

    reviewer: str
    verdict: str
    needed: int


@cache
def rules(on: date) -> Rules:
    """The rules in force on a day. ValueError before the first."""
    found = None
    for rule in json.loads(Path(__file__).with_name("review_rules.json").read_text("utf-8"))["rules"]:
        if date.fromisoformat(rule["from"]) <= on:
            found = Rules(rule["reviewers"], rule["high_risk_reviewers"], rule["child_under"], rule["high_risk"])
    if found is None:
        raise ValueError("no review rules are in force on that day")
    return found


def risks(one: Seen, other: Seen, reason: str, on: date) -> list[str]:
    """Why a pair needs two people, in sentences; none if one is enough. ``reason`` is why it is in the queue."""
    known = rules(on)
    births = [born for born in (one.born, other.born) if born]
    holds = {
        "birth_date": len(births) == 2 and one.born != other.born,
        "sex": one.sex != other.sex and {one.sex, other.sex} <= {"male", "female"},
        "child": any(_age(born, on) < known.child_under for born in births),
        "died": one.died or other.died,
        "no_number": not one.number and not other.number,
        "merge": reason.startswith("merged by their source"),
    }
    return [sentence for name, sentence in known.high_risk.items() if holds[name]]


def needed(found: Sequence[str], on: date) -> int:
    """How many different people must agree, given the pair's ``risks``."""
    known = rules(on)
    return known.high_risk_reviewers if found else known.reviewers


def state(said: Iterable[Said]) -> str:
    """Where a pair stands, by the decisions that were not undone, oldest first: a person's last one counts."""
    latest = {one.reviewer: one for one in said}
    if not latest:
        return OPEN
    wanted = max(one.needed for one in latest.values())
    votes = {verdict: sum(one.verdict == verdict for one in latest.values()) for verdict in (SAME, DIFFERENT)}
    best, other = sorted(votes, key=lambda verdict: -votes[verdict])
    if votes[best] == votes[other]:
        return DISPUTED
    return best if votes[best] >= wanted else WAITING


@dataclass(frozen=True, slots=True)
class Quality:
    """What reviewed pairs say of the probable links: precision of a sample, and recall estimated from the queue.

    ``recall_low`` and ``recall_high`` put the limits of both shares together, which makes them wide.
    """

    precision: Share
    missed: Share
    recall: float
    recall_low: float
    recall_high: float


def quality(right: int, sampled: int, missed: int, doubted: int, links: int, queue: int) -> Quality:
    """Measured quality of ``links`` probable links.

    ``right`` of ``sampled`` linked pairs were confirmed; ``missed`` of ``doubted`` reviewed pairs that were not
    linked turned out to be one person's; ``queue`` such pairs wait or were decided.
    """
    good, lost = share(right, sampled), share(missed, doubted)

    def recall(precision: float, rate: float) -> float:
        found = links * precision
        return found / (found + queue * rate) if found + queue * rate else 0.0

    return Quality(
        good,
        lost,
        recall(good.value, lost.value if doubted else 0.0),
        recall(good.low, lost.high),
        recall(good.high, lost.low),
    )


def _age(born: date, on: date) -> int:
    """Whole years on a day."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
