"""Whom a change is told to: worked out afresh for each, from relationships that hold at that moment.

Organisations with a current relationship, through verified links only; of these the roles to which the gate opens what
the change is about; of their accounts the teams that the organisation's own open services name. Nobody else.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from commonweal.apps.access import api as access
from commonweal.apps.coordination.rules import Rules
from commonweal.apps.identity import api as identity
from commonweal.apps.places import api as places
from commonweal.apps.record import api as record
from commonweal.domain.coordination.alerts import Kind
from commonweal.fhir import systems

_OPEN = {
    "EpisodeOfCare": frozenset(("active", "planned", "waitlist", "onhold")),
    "ServiceRequest": frozenset(("active", "on-hold")),
    "Encounter": frozenset(("in-progress",)),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A team (empty: nobody's in particular) of an organisation, and its accounts."""

    organisation: str
    team: str
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """A person as a change finds them: their compartments by verified links, id → source; and :func:`services`."""

    id: UUID
    compartments: Mapping[int, str]
    services: Mapping[int, list[record.Stored]] = field(default_factory=dict)


def services(compartments: Mapping[int, str], sender: str) -> dict[int, list[record.Stored]]:
    """Services, assessments and referrals in several people's compartments (id → source), in two statements.

    Contacts are read only where a service may stand behind them: not the sender's stays, nor a practice's visits.
    """
    near = [one for one, source in compartments.items() if source != sender and _kind_of(source) != "practice"]
    found = record.standing(compartments, ["ServiceRequest"])
    for compartment, rows in record.standing(near, ["EpisodeOfCare", "Encounter"]).items():
        found.setdefault(compartment, []).extend(rows)
    return found


def fresh() -> None:
    """Forget organisations and accounts read before: each transaction reads them anew."""
    _kind_of.cache_clear()
    _workers.cache_clear()


def related(person: Person, source: str, rules: Rules) -> set[str]:
    """The organisations with a current relationship, but the one that tells; none for people not known as rules ask."""
    organisations = access.related_organisations(person.compartments) - {source}
    return organisations if any(_kind_of(one) in rules.known_to for one in organisations) else set()


def whom(
    person: Person, about: int, category: str, kind: Kind, organisations: Iterable[str], rules: Rules
) -> list[Told]:
    """The teams of related organisations that a change in the compartment ``about`` is told to."""
    found: list[Told] = []
    for organisation in sorted(organisations):
        found += _of_organisation(person, about, category, organisation, rules.kinds[kind].tell)
    return found


def _of_organisation(
    person: Person, about: int, category: str, organisation: str, roles: Collection[access.Role]
) -> list[Told]:
    allowed = access.may_be_told(person.id, person.compartments, about, access.Category(category), organisation, roles)
    accounts = _workers(organisation, frozenset(allowed)) if allowed else ()
    if not accounts:
        return []
    by_team: dict[str, list[str]] = {}
    for account in accounts:
        by_team.setdefault(account.team, []).append(account.key)
    named = sorted(team for team in teams(person, organisation) if team in by_team)
    if named:
        return [Told(organisation, team, tuple(by_team[team])) for team in named]
    desk = by_team.get("") or [account.key for account in accounts]
    return [Told(organisation, "", tuple(desk))]


def reached(
    person: Person, about: int, category: str, kind: Kind, organisation: str, rules: Rules, to: str
) -> list[str]:
    """The accounts of an organisation that an escalation to ``duty`` or ``organisation`` adds, by the same rules."""
    allowed = access.may_be_told(
        person.id, person.compartments, about, access.Category(category), organisation, rules.kinds[kind].tell
    )
    accounts = _workers(organisation, frozenset(allowed)) if allowed else ()
    desk = [account.key for account in accounts if not account.team]
    return desk if to == "duty" and desk else [account.key for account in accounts]


def teams(person: Person, organisation: str) -> set[str]:
    """The teams that an organisation's own open services, referrals and assessments of a person name."""
    found = set()
    for compartment, source in person.compartments.items():
        for one in person.services.get(compartment, ()) if source == organisation else ():
            resource = orjson.loads(one.body)
            if resource.get("status") in _OPEN[one.type]:
                found.add(_team(resource))
    return found - {""}


def teams_of(person_id: UUID, organisation: str) -> set[str]:
    """:func:`teams` of a person by their identifier, as the batch role."""
    compartments = identity.compartments_of(person_id)
    return teams(Person(person_id, compartments, services(compartments, "")), organisation)


def referrals(person: Person) -> list[tuple[int, str, str, str, str]]:
    """Referrals in progress, from anywhere: (compartment, category, organisation, type, id)."""
    found = []
    for compartment, source in person.compartments.items():
        for one in person.services.get(compartment, ()):
            in_progress = one.type == "ServiceRequest" and orjson.loads(one.body).get("status") in _OPEN[one.type]
            if in_progress:
                found.append((compartment, one.category, source, one.type, one.id))
    return found


def _team(resource: Mapping[str, Any]) -> str:
    for extension in resource.get("extension", ()):
        if extension.get("url") == systems.TEAM_EXTENSION:
            return str(extension.get("valueString", "")).strip()
    return ""


@lru_cache(maxsize=1024)
def _workers(organisation: str, roles: frozenset[access.Role]) -> tuple[access.Worker, ...]:
    return tuple(access.workers(organisation, roles))


@lru_cache(maxsize=4096)
def _kind_of(organisation: str) -> str:
    found = places.organisation(organisation)
    return found.kind if found else ""
