"""Which relationships that partners assert are believed at once, and which wait until somebody confirms them.

A relationship is what a source says of itself, and it opens what every other partner wrote about the person. A policy,
dated data, says which first assertions open no more than the organisation's own entries until they are confirmed: by
the Personal Demographics Service, by the practice that has the person on its list, by an information-governance lead,
or by having stood for some days. A policy is a JSON object, ``as_shipped.json`` and ``strict.json`` beside this module
among them::

    {"policy": "…", "from": "2026-04-01", "rules": [
        {"name": "…", "kinds": ["registered"], "feeds": ["*"], "organisations": ["*"],
         "whom": "held_elsewhere", "confirmed_by": ["pds_practice", "practice", "officer"], "days": 14, "why": "…"}]}

The first rule that fits an assertion decides, in the database (identity's migration 0010). One with nothing in
``confirmed_by`` and ``days`` 0 believes at once, and so is believed what no rule fits. ``days`` null: it never stands
by itself.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from commonweal.domain.errors import CommonwealError

SHIPPED = {path.stem.replace("_", "-"): path for path in sorted(Path(__file__).parent.glob("*.json"))}
EVERY = "*"
MOST_DAYS = 365
_KINDS = ("registered", "under_care", "referred")
_POLICY = {"policy", "from", "rules"}
_RULE = {"name", "kinds", "feeds", "organisations", "whom", "confirmed_by", "days", "why"}


class Whom(StrEnum):
    """Whose relationships wait: anybody's; of whom another source holds; of whom another practice has on its list."""

    EVERYBODY = "everybody"
    HELD = "held_elsewhere"
    REGISTERED = "registered_elsewhere"


class Way(StrEnum):
    """What confirms. ``pds_number``: a trace of the organisation's own record found a number.

    One that no other record of the person contradicts. ``pds_practice``: it also named the organisation as their
    practice. ``practice``: staff of the practice that has the person on its list. ``officer``: an
    information-governance lead.
    """

    PDS_NUMBER = "pds_number"
    PDS_PRACTICE = "pds_practice"
    PRACTICE = "practice"
    OFFICER = "officer"


class State(StrEnum):
    """Where an assertion stands. ``lapsed``: its record turned out to be somebody else's."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    LAPSED = "lapsed"


class ConfirmationError(CommonwealError):
    """A policy of waiting relationships that cannot be, or a decision that cannot be taken. ``field``: where."""

    def __init__(self, message: str, field: str = "words") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Rule:
    """Which assertions wait, and for what. ``days``: after so many it stands unless refused; None never does."""

    name: str
    kinds: tuple[str, ...]
    feeds: tuple[str, ...]
    organisations: tuple[str, ...]
    whom: Whom
    ways: tuple[Way, ...]
    days: int | None
    why: str

    @property
    def waits(self) -> bool:
        """Whether what fits this rule waits at all."""
        return bool(self.ways) or self.days != 0


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds from a day on, until the day of the next policy."""

    name: str
    starts: date
    rules: tuple[Rule, ...]

    def as_data(self) -> list[dict[str, Any]]:
        """The rules in the form they are kept in."""
        return [
            {
                "name": one.name,
                "kinds": list(one.kinds),
                "feeds": list(one.feeds),
                "organisations": list(one.organisations),
                "whom": one.whom.value,
                "confirmed_by": [way.value for way in one.ways],
                "days": one.days,
                "why": one.why,
            }
            for one in self.rules
        ]


def read(text: str, starts: date | None = None) -> Policy:
    """The policy a file holds; ``starts``: from this day instead of its own. Raises ``ConfirmationError``."""
    try:
        said = json.loads(text)
    except ValueError:
        raise ConfirmationError("this is not JSON: correct the file", "policy") from None
    if not isinstance(said, dict) or set(said) != _POLICY or not isinstance(said["rules"], list):
        raise ConfirmationError(f"a policy is an object of {', '.join(sorted(_POLICY))}", "policy")
    if starts is None:
        try:
            starts = date.fromisoformat(str(said["from"]))
        except ValueError:
            raise ConfirmationError("'from' is no day such as 2026-04-01", "from") from None
    rules = tuple(_rule(one, n) for n, one in enumerate(said["rules"], 1))
    return Policy(_words(said["policy"], "policy"), starts, rules)


def _rule(said: Any, n: int) -> Rule:
    if not isinstance(said, Mapping) or set(said) != _RULE:
        raise ConfirmationError(f"rule {n} must hold {', '.join(sorted(_RULE))}, and nothing else", f"rules[{n}]")
    kinds = _names(said["kinds"], f"rules[{n}].kinds")
    if unknown := set(kinds) - {EVERY, *_KINDS}:
        raise ConfirmationError(f"rule {n}: {min(unknown)!r} is no kind: use {', '.join(_KINDS)}", f"rules[{n}].kinds")
    days = said["days"]
    if days is not None and (isinstance(days, bool) or not isinstance(days, int) or not 0 <= days <= MOST_DAYS):
        raise ConfirmationError(f"rule {n}: days are 0 to {MOST_DAYS}, or null for never", f"rules[{n}].days")
    try:
        whom = Whom(said["whom"])
        ways = tuple(Way(one) for one in said["confirmed_by"])
    except (ValueError, TypeError):
        raise ConfirmationError(
            f"rule {n}: whom is one of {', '.join(Whom)}; confirmed_by lists some of {', '.join(Way)}",
            f"rules[{n}].whom",
        ) from None
    rule = Rule(
        _words(said["name"], f"rules[{n}].name"),
        kinds,
        _names(said["feeds"], f"rules[{n}].feeds"),
        _names(said["organisations"], f"rules[{n}].organisations"),
        whom,
        ways,
        days,
        _words(said["why"], f"rules[{n}].why"),
    )
    if rule.waits and Way.OFFICER not in ways:
        raise ConfirmationError(f"rule {n}: what waits can always be decided by an officer: list it", f"rules[{n}]")
    return rule


def _names(said: Any, field: str) -> tuple[str, ...]:
    if not isinstance(said, list) or not said or not all(isinstance(one, str) and one for one in said):
        raise ConfirmationError(f"{field} is a list of names, or ['*']", field)
    return tuple(said)


def _words(said: Any, field: str) -> str:
    if not isinstance(said, str) or not said.strip() or "\0" in said:
        raise ConfirmationError(f"{field} needs words", field)
    return said.strip()[:500]
