"""The gate: Cedar decides role × purpose × relationships × category × agreement, by the policies in force on the day.

Policies are the ``.cedar`` files of ``policies/<date>/``; the folder with the latest date not after the day
asked about is in force. Each set is parsed once, and a decision is remembered, because its question has no
person in it: a few hundred distinct questions serve every request.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import cedarpy

from commonweal.apps.access.slices import Slices
from commonweal.domain.access.agreements import Standing
from commonweal.domain.access.vocabulary import CARE_ROLES, Action, Category, Purpose, Role

POLICIES = Path(__file__).parent / "policies"

_OUTLINE = (Category.DEMOGRAPHICS, Category.CLINICAL, Category.MEDICATION)
_OVERSIGHT = (Role.PERFORMANCE_LEAD, Role.BOARD_SECRETARY)


def _entity(kind: str, name: str, *parents: str) -> dict[str, Any]:
    return {
        "uid": {"type": kind, "id": name},
        "attrs": {},
        "parents": [{"type": "Group", "id": parent} for parent in parents],
    }


def _entities() -> list[dict[str, Any]]:
    """The groups policies speak of, and what is in each."""
    entities = [_entity("Group", name) for name in ("care_staff", "oversight", "whole_record", "outline")]
    for role in Role:
        groups = [*(["care_staff"] if role in CARE_ROLES else []), *(["oversight"] if role in _OVERSIGHT else [])]
        entities.append(_entity("Role", role, *groups))
    for category in Category:
        entities.append(_entity("Category", category, "whole_record", *(["outline"] if category in _OUTLINE else [])))
    return [*entities, _entity("System", "platform")]


@lru_cache(maxsize=1)
def _groups() -> cedarpy.Entities:
    return cedarpy.Entities.from_json_str(json.dumps(_entities()))


@lru_cache(maxsize=1)
def effective_dates() -> tuple[date, ...]:
    """The days on which a policy set came into force, oldest first."""
    return tuple(sorted(date.fromisoformat(folder.name) for folder in POLICIES.iterdir() if folder.is_dir()))


def in_force(on: date) -> date | None:
    """The effective date of the set in force on ``on``; None before the first, when nothing is allowed."""
    dates = effective_dates()
    index = bisect_right(dates, on)
    return dates[index - 1] if index else None


def policy_text(effective: date) -> str:
    """Every policy of the set that came into force on ``effective``, as its files have it."""
    return "\n".join(path.read_text() for path in sorted((POLICIES / effective.isoformat()).glob("*.cedar")))


@lru_cache(maxsize=16)
def _slices(effective: date) -> Slices:
    """The set of a day, of which each question is put to those policies that can matter to it."""
    groups = {
        (one["uid"]["type"], one["uid"]["id"]): frozenset(
            f"{of['type']}::{of['id']}" for of in (one["uid"], *one["parents"])
        )
        for one in _entities()
    }
    return Slices(policy_text(effective), groups)


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no, and the rules (by ``@id``) that decided. No rule: nothing permits it, which is a no."""

    allowed: bool
    rules: tuple[str, ...] = ()


@lru_cache(maxsize=65536)
def _decide(
    effective: date,
    role: Role,
    purpose: Purpose,
    action: Action,
    resource: Category | None,
    relationships: frozenset[str],
    restriction: str,
    own_entry: bool,
    agreement: str,
) -> Decision:
    asker = ("Role", role.value)
    about = ("Category", resource.value) if resource else ("System", "platform")
    context = {"purpose": purpose.value, "restriction": restriction, "agreement": agreement}
    some = _slices(effective).matching(asker, action.value, about, relationships, context)
    if some is None:
        return Decision(False)
    result = cedarpy.is_authorized(
        {
            "principal": _uid(asker),
            "action": _uid(("Action", action.value)),
            "resource": _uid(about),
            "context": {**context, "relationships": sorted(relationships), "own_entry": own_entry},
        },
        some.policies,
        _groups(),
    )
    # A policy that fails to evaluate might have been a forbid, so an error is a refusal.
    rules = tuple(sorted(some.names[number] for number in result.diagnostics.reasons))
    return Decision(result.allowed and not result.diagnostics.errors, rules)


def warm(on: date) -> None:
    """Parse the policies in force on ``on``, so that whoever asks first does not wait for it."""
    decide(on, Role.SERVICE, Purpose.OPERATIONS, Action.MAINTAIN_SOURCE)


def _uid(entity: tuple[str, str]) -> dict[str, str]:
    return {"type": entity[0], "id": entity[1]}


def decide(
    on: date,
    role: Role,
    purpose: Purpose,
    action: Action,
    resource: Category | None = None,
    relationships: Iterable[str] = (),
    restriction: str = "",
    own_entry: bool = False,
    agreement: str = Standing.OWN,
) -> bool:
    """Whether the policies in force on ``on`` allow it. Denies by default, and on any error in a policy.

    ``resource``: a category of a person's record, or None for what names no person. ``restriction``: a
    ``RestrictionReason`` or empty. ``own_entry``: the asker's organisation wrote the restricted item. ``agreement``:
    how the entry stands by the sharing agreements (``Standing``).
    """
    return decision(on, role, purpose, action, resource, relationships, restriction, own_entry, agreement).allowed


def decision(
    on: date,
    role: Role,
    purpose: Purpose,
    action: Action,
    resource: Category | None = None,
    relationships: Iterable[str] = (),
    restriction: str = "",
    own_entry: bool = False,
    agreement: str = Standing.OWN,
) -> Decision:
    """What ``decide`` answers, with the rules that decided it."""
    effective = in_force(on)
    if effective is None:
        return Decision(False)
    related = frozenset(relationships)
    return _decide(effective, role, purpose, action, resource, related, restriction, own_entry, agreement)
