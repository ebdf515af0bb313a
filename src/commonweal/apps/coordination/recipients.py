"""Whom a change is told to: worked out afresh for each, from relationships that hold at that moment.

Organisations with a current relationship, through verified links only; of these the roles to which the gate opens what
the change is about; of their accounts those who work with the person themselves, or who stand in for one that is away;
else the teams that the organisation's own open services name, as far as they are there. Nobody else.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from commonweal.apps.access import api as access
from commonweal.apps.coordination import caseload
from commonweal.apps.coordination.rules import Rules
from commonweal.apps.identity import api as identity
from commonweal.apps.places import api as places
from commonweal.apps.record import api as record
from commonweal.domain.coordination.alerts import Kind, Why
from commonweal.domain.coordination.caseload import Allocation, away, stand_in
from commonweal.fhir import systems

_OPEN = {
    "EpisodeOfCare": frozenset(("active", "planned", "waitlist", "onhold")),
    "ServiceRequest": frozenset(("active", "on-hold")),
    "Encounter": frozenset(("in-progress",)),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A team (empty: nobody's in particular) of an organisation, and its accounts with why each is told.

    ``narrow``: only those who work with the person themselves, or stand in; their team is told when they are silent.
    """

    organisation: str
    team: str
    accounts: Mapping[str, Why]
    narrow: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """A person as a change finds them: their compartments by verified links, id → source; and what is known of these.

    :func:`services`, and who works with them (``caseload.allocations``).
    """

    id: UUID
    compartments: Mapping[int, str]
    services: Mapping[int, list[record.Stored]] = field(default_factory=dict)
    allocations: Mapping[int, list[Allocation]] = field(default_factory=dict)


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
    _away.cache_clear()


def related(person: Person, source: str, rules: Rules) -> set[str]:
    """The organisations with a current relationship, but the one that tells; none for people not known as rules ask."""
    organisations = access.related_organisations(person.compartments) - {source}
    return organisations if any(_kind_of(one) in rules.known_to for one in organisations) else set()


def whom(
    person: Person, about: int, category: str, kind: Kind, organisations: Iterable[str], rules: Rules, on: date
) -> list[Told]:
    """The teams of related organisations that a change in the compartment ``about`` is told to on a day."""
    found: list[Told] = []
    for organisation in sorted(organisations):
        accounts = _allowed(person, about, category, organisation, rules.kinds[kind].tell)
        if accounts:
            found += _of_organisation(person, organisation, accounts, on)
    return found


def _allowed(
    person: Person, about: int, category: str, organisation: str, roles: Collection[access.Role]
) -> tuple[access.Worker, ...]:
    """The accounts of an organisation to which the gate opens what the change is about."""
    allowed = access.may_be_told(person.id, person.compartments, about, access.Category(category), organisation, roles)
    return _workers(organisation, frozenset(allowed)) if allowed else ()


def _of_organisation(person: Person, organisation: str, accounts: tuple[access.Worker, ...], on: date) -> list[Told]:
    gone = _away(organisation, on)
    direct, unmet = _workers_with(person, organisation, accounts, gone)
    by_team = _by_team(accounts, gone)
    found = [Told(organisation, team, told, narrow=True) for team, told in sorted(direct.items())]
    for team in sorted((teams(person, organisation) | unmet) - set(direct)):
        if team in by_team:
            why = Why.AWAY if team in unmet else Why.TEAM
            found.append(Told(organisation, team, dict.fromkeys(by_team[team], why)))
    return found or [Told(organisation, "", dict.fromkeys(_desk(accounts, by_team), Why.DUTY))]


def _workers_with(
    person: Person, organisation: str, accounts: tuple[access.Worker, ...], gone: Mapping[str, str]
) -> tuple[dict[str, dict[str, Why]], set[str]]:
    """By team, those who work with the person or stand in for one who is away; and the teams of whom nobody does."""
    able = {account.key for account in accounts}
    direct: dict[str, dict[str, Why]] = {}
    unmet: set[str] = set()
    allocated = [one for held in person.allocations.values() for one in held if one.organisation == organisation]
    for one in allocated:
        for account in accounts:
            if account.is_called(one.worker):
                there = stand_in(account.key, gone, able)
                if there:
                    told = direct.setdefault(account.team, {})
                    told[there] = Why.WORKER if there == account.key else told.get(there, Why.COVER)
                else:
                    unmet.add(account.team)
    return direct, unmet - set(direct)


def _by_team(accounts: Iterable[access.Worker], gone: Collection[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for account in accounts:
        if account.key not in gone:
            found.setdefault(account.team, []).append(account.key)
    return found


def _desk(accounts: Iterable[access.Worker], by_team: Mapping[str, list[str]]) -> list[str]:
    """Those who belong to no team; if nobody does, whoever is there; and with everybody away, everybody."""
    there = [key for keys in by_team.values() for key in keys]
    return by_team.get("") or there or [account.key for account in accounts]


def reached(
    person: Person,
    about: int,
    category: str,
    kind: Kind,
    organisation: str,
    rules: Rules,
    to: str,
    *,
    on: date,
    team: str = "",
) -> list[str]:
    """The accounts of an organisation that an escalation to ``team``, ``duty`` or ``organisation`` adds."""
    accounts = _allowed(person, about, category, organisation, rules.kinds[kind].tell)
    by_team = _by_team(accounts, _away(organisation, on))
    if to == "team" and team in by_team:
        return by_team[team]
    return _desk(accounts, by_team) if to in ("team", "duty") else [account.key for account in accounts]


def teams(person: Person, organisation: str) -> set[str]:
    """The teams that an organisation's own open services, referrals and assessments of a person name."""
    return teams_named(
        one
        for compartment, source in person.compartments.items()
        if source == organisation
        for one in person.services.get(compartment, ())
    )


def teams_named(services: Iterable[record.Stored]) -> set[str]:
    """The teams that open services, referrals and assessments name."""
    found = set()
    for one in services:
        resource = orjson.loads(one.body)
        if resource.get("status") in _OPEN.get(one.type, ()):
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


@lru_cache(maxsize=1024)
def _away(organisation: str, on: date) -> dict[str, str]:
    return away(caseload.absences(organisation, on), on)


@lru_cache(maxsize=4096)
def _kind_of(organisation: str) -> str:
    found = places.organisation(organisation)
    return found.kind if found else ""
