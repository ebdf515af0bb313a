"""``alert_rules.yaml`` as it was on a day: who is told of what, how late is too late, and when it escalates."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from commonweal.domain.access.vocabulary import Role
from commonweal.domain.coordination.alerts import Kind
from commonweal.fhir.dates import LONDON

_FILE = Path(__file__).with_name("alert_rules.yaml")
TARGETS = ("team", "duty", "organisation")
OWNERS = ("team", "organisation", "administrators")


@dataclass(frozen=True, slots=True)
class Escalation:
    """After so long unacknowledged, who else is told: one of ``TARGETS``, of a feed one of ``OWNERS``."""

    after: timedelta
    to: str


@dataclass(frozen=True, slots=True)
class KindRule:
    """What happens with one kind of change.

    A step to the ``team`` is for alerts that at first are told to those alone who work with the person (``narrow``).
    """

    tell: tuple[Role, ...]
    late: timedelta
    suspends: bool
    escalate: tuple[Escalation, ...]

    def steps(self, narrow: bool) -> tuple[Escalation, ...]:
        """The escalations of an alert."""
        return self.escalate if narrow else tuple(step for step in self.escalate if step.to != "team")

    def due(self, raised: datetime, level: int, *, narrow: bool = False) -> datetime | None:
        """When an alert raised then, and escalated ``level`` times, is escalated next; None for never."""
        steps = self.steps(narrow)
        return raised + steps[level].after if level < len(steps) else None


@dataclass(frozen=True, slots=True)
class FeedRule:
    """Of which troubles of a feed its owner is told, and who else is while nobody takes it on."""

    troubles: frozenset[str]
    escalate: tuple[Escalation, ...]

    def due(self, raised: datetime, level: int) -> datetime | None:
        """When an alert raised then, and escalated ``level`` times, is escalated next; None for never."""
        return raised + self.escalate[level].after if level < len(self.escalate) else None


@dataclass(frozen=True, slots=True)
class Rules:
    """One dated set."""

    valid_from: date
    valid_to: date | None
    known_to: frozenset[str]
    classes: frozenset[str]
    died_ways: frozenset[str]
    link: timedelta
    own_word: timedelta
    kinds: dict[Kind, KindRule]
    feeds: FeedRule


def day(now: datetime) -> date:
    """The day a moment falls on for the people who work here."""
    return now.astimezone(LONDON).date()


@lru_cache(maxsize=1)
def _sets() -> tuple[Rules, ...]:
    return tuple(read(entry) for entry in yaml.safe_load(_FILE.read_text("utf-8"))["rules"])


def read(entry: dict[str, Any]) -> Rules:
    """One set of the file. Raises ``ValueError`` or ``KeyError`` naming what is wrong or missing."""
    kinds = {Kind(name): _kind(name, said) for name, said in entry["kinds"].items()}
    if missing := set(Kind) - set(kinds):
        raise ValueError(f"alert rules of {entry['valid_from']} say nothing of {', '.join(sorted(missing))}")
    return Rules(
        entry["valid_from"],
        entry["valid_to"],
        frozenset(entry["known_to"]),
        frozenset(entry["classes"]),
        frozenset(entry["died_ways"]),
        timedelta(hours=entry["link_hours"]),
        timedelta(days=entry["own_word_days"]),
        kinds,
        FeedRule(frozenset(entry["feeds"]["troubles"]), _steps("feeds", entry["feeds"]["escalate"], OWNERS)),
    )


def _kind(name: str, said: dict[str, Any]) -> KindRule:
    steps = _steps(name, said["escalate"], TARGETS)
    roles = tuple(Role(role) for role in said["tell"])
    return KindRule(roles, timedelta(hours=said["late_hours"]), bool(said["suspends"]), steps)


def _steps(name: str, said: list[dict[str, Any]], targets: tuple[str, ...]) -> tuple[Escalation, ...]:
    steps = tuple(Escalation(timedelta(minutes=step["minutes"]), step["to"]) for step in said)
    if [step.after for step in steps] != sorted({step.after for step in steps}):
        raise ValueError(f"alert rules of {name}: each escalation must come later than the one before")
    if unknown := {step.to for step in steps} - set(targets):
        raise ValueError(f"alert rules of {name}: escalate to {' or '.join(targets)}, not {', '.join(unknown)}")
    return steps


def rules(on: date) -> Rules:
    """The rules of a day. Raises ``ValueError`` when there are none."""
    for one in reversed(_sets()):
        if one.valid_from <= on and (one.valid_to is None or on <= one.valid_to):
            return one
    raise ValueError(f"no alert rules are in force on {on}; see apps/coordination/alert_rules.yaml")
