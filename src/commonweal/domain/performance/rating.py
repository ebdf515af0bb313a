"""Ratings against plan (red, amber, green), where they are heading, and levels of escalation.

Green is a plan met and red one missed: that needs no threshold. How near a miss counts as amber is somebody's dated
decision, and so are the levels of escalation; without them nothing is amber and nothing escalates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from commonweal.domain.measurement.figures import Direction

HUNDRED = Decimal(100)
FEWEST = 4  # points under a line before it is called a forecast


class Rating(StrEnum):
    """How a figure stands to its plan."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    UNRATED = "unrated"


@dataclass(frozen=True, slots=True)
class AmberRule:
    """From ``starts`` a miss of at most ``within`` percent of plan is amber; ``source`` says who decided so."""

    starts: date
    within: Decimal
    source: str
    indicator: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """A level of escalation: reached after ``periods`` misses in a row, each by more than ``missed_by`` percent."""

    level: int
    name: str
    missed_by: Decimal
    periods: int
    starts: date
    source: str


def miss(actual: Decimal, plan: Decimal, direction: str) -> Decimal | None:
    """How far a figure falls short of plan in percent of it, 0 if it does not; None where neither way is good."""
    if direction == Direction.NEITHER:
        return None
    short = plan - actual if direction == Direction.HIGHER else actual - plan
    if short <= 0:
        return Decimal(0)
    return short / abs(plan) * HUNDRED if plan else None


def rate(
    actual: Decimal | None,
    plan: Decimal | None,
    direction: str,
    rules: Sequence[AmberRule],
    day: date,
    indicator: str = "",
) -> Rating:
    """The rating of a figure on a day; a rule for the indicator itself goes before one for all."""
    if actual is None or plan is None:
        return Rating.UNRATED
    by = miss(actual, plan, direction)
    if by is None:
        return Rating.UNRATED
    if by == 0:
        return Rating.GREEN
    started = [one for one in rules if one.starts <= day and one.indicator in {"", indicator}]
    rule = max(started, key=lambda one: (one.indicator != "", one.starts)) if started else None
    return Rating.AMBER if rule is not None and by <= rule.within else Rating.RED


def forecast(values: Sequence[Decimal], ahead: int) -> Decimal | None:
    """Where the least-squares line through equally spaced values is ``ahead`` periods on; None for fewer than four."""
    count = len(values)
    if count < FEWEST:
        return None
    middle = Decimal(count - 1) / 2
    mean = sum(values, Decimal(0)) / count
    spread = sum(((n - middle) ** 2 for n in range(count)), Decimal(0))
    slope = sum(((n - middle) * (value - mean) for n, value in enumerate(values)), Decimal(0)) / spread
    return mean + slope * (count - 1 + ahead - middle)


def escalation(misses: Sequence[Decimal], levels: Sequence[Level], day: date) -> Level | None:
    """The highest level that the newest misses (oldest first, percent of plan) reach on a day."""
    reached = [
        one
        for one in levels
        if one.starts <= day
        and len(misses) >= one.periods
        and all(short > one.missed_by for short in misses[len(misses) - one.periods :])
    ]
    return max(reached, key=lambda one: one.level) if reached else None
