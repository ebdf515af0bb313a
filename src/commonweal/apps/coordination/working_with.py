"""Pages of caseloads: whom a worker works with, who works with a person, and who of an organisation is away.

Names of people appear only once the gate has opened each person to the reader, and each is audited as a look.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection

from commonweal.apps.access import api as access
from commonweal.apps.coordination.caseload import WORKER
from commonweal.apps.coordination.recipients import teams_named
from commonweal.apps.coordination.rules import day, rules
from commonweal.apps.coordination.selectors import as_worker
from commonweal.apps.identity import api as identity
from commonweal.apps.places import api as places
from commonweal.apps.record import api as record

MOST = 200  # people on one page
_MINE = (
    "SELECT id, compartment_id, organisation, worker, name, team, starts, ends, origin FROM coordination_allocation "
    "WHERE organisation = current_setting('commonweal.worker_organisation', true) "
    "AND worker = ANY (string_to_array(current_setting('commonweal.worker_names', true), chr(31))) "
)
_STANDING = " AND (ends IS NULL OR ends >= %s) AND (ended_at IS NULL OR ends >= %s) ORDER BY starts DESC, id DESC"


@dataclass(frozen=True, slots=True)
class Working:
    """Somebody works with a person, from ``starts``. ``own_word``: they said so here; else their list does."""

    id: int
    compartment: int
    organisation: str
    worker: str
    name: str
    team: str
    starts: date
    ends: date | None
    own_word: bool
    mine: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """A person as a list of them shows them."""

    id: UUID
    name: str
    birth_date: Any


@dataclass(frozen=True, slots=True)
class Away:
    """An account is away; ``cover``: whoever stands in, by name, empty for nobody in particular."""

    id: int
    account: str
    name: str
    starts: date
    ends: date
    cover: str
    cover_account: str


@dataclass(frozen=True, slots=True)
class Caseload:
    """The page of a worker: people they work with, how many more are closed to them, and who is away.

    ``colleagues``: of whom the reader may say that they are away; ``covers``: who may stand in.
    """

    people: tuple[tuple[Known, Working], ...]
    closed_to_me: int
    away: tuple[Away, ...]
    covering: tuple[Away, ...]
    colleagues: tuple[access.Worker, ...]
    covers: tuple[access.Worker, ...]
    today: date


@dataclass(frozen=True, slots=True)
class WhoWorks:
    """The page of a person: who works with them. ``may_say``: whether the reader may say so of themselves."""

    person: Known
    working: tuple[tuple[Working, str], ...]
    may_say: bool
    today: date
    longest: int  # days


def caseload(actor: access.Actor) -> Caseload:
    """Whom the actor works with now, each opened by the gate. Raises ``Refused`` for anybody but care staff."""
    with as_worker(actor, "read caseload") as session:
        today = day(session.now)
        mine = _rows(_MINE + _STANDING, [today, today])
        people = identity.people_of({one.compartment for one in mine})
        scopes = session.open_many(identity.compartments_of_many(set(people.values()))) if people else {}
        shown: dict[UUID, tuple[Known, Working]] = {}
        closed = set()
        for one in mine:
            person = people.get(one.compartment)
            if person is None or person not in scopes:
                closed.add(one.compartment)
            elif person not in shown and len(shown) < MOST:
                session.use(scopes[person])
                shown[person] = known(scopes[person]), one
        gone = away_now(actor.organisation, today)
        covering = tuple(one for one in gone if one.cover_account == actor.key)
        listed = sorted(shown.values(), key=lambda pair: (pair[0].name, str(pair[0].id)))
        staff = tuple(access.workers(actor.organisation, access.CARE_ROLES))
        return Caseload(tuple(listed), len(closed), tuple(gone), covering, _team(actor, staff), staff, today)


def who_works(actor: access.Actor, person_id: UUID) -> WhoWorks | None:
    """Who works with a person, or None where there is no such person. Raises ``Refused``."""
    with as_worker(actor, "read who works with a person") as session:
        compartments = identity.compartments_of(person_id)
        if not compartments:
            return None
        scope = session.open_person(person_id, compartments)
        today = day(session.now)
        names = access.names_of(actor)
        found = [
            (one, places.name_of(one.organisation))
            for one in _rows(
                "SELECT id, compartment_id, organisation, worker, name, team, starts, ends, origin "
                "FROM coordination_allocation WHERE compartment_id = ANY (%s::bigint[])" + _STANDING,
                [sorted(scope.compartments), today, today],
                names,
                actor.organisation,
            )
        ]
        said = any(one.mine for one, _ in found)
        longest = rules(today).own_word.days
        return WhoWorks(known(scope), tuple(found), not said and of_team(actor, scope), today, longest)


def of_team(actor: access.Actor, scope: access.Scope) -> bool:
    """Whether the open person is one of the actor's team's: their organisation's own open services name it, or none."""
    own = [
        one
        for one in record.everything(scope, ["EpisodeOfCare", "ServiceRequest", "Encounter"])
        if one.source == actor.organisation
    ]
    named = teams_named(own)
    return not actor.team or not named or actor.team in named


def away_now(organisation: str, today: date) -> list[Away]:
    """Absences of an organisation that have not ended; inside a worker's session."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, account, starts, ends, cover FROM coordination_absence WHERE organisation = %s "
            "AND cancelled_at IS NULL AND ends >= %s ORDER BY starts, id LIMIT 500",
            [organisation, today],
        )
        rows = cursor.fetchall()
    names = {one.key: one.name for one in access.workers(organisation, access.CARE_ROLES)} if rows else {}
    return [
        Away(ident, account, names.get(account, "somebody who has left"), starts, ends, names.get(cover, ""), cover)
        for ident, account, starts, ends, cover in rows
    ]


def colleagues(actor: access.Actor) -> tuple[access.Worker, ...]:
    """Of whom the actor may say that they are away: of their team; of no team, everybody of the organisation."""
    return _team(actor, access.workers(actor.organisation, access.CARE_ROLES))


def _team(actor: access.Actor, staff: Iterable[access.Worker]) -> tuple[access.Worker, ...]:
    return tuple(one for one in staff if not actor.team or one.team == actor.team)


def known(scope: access.Scope) -> Known:
    """The open person, as the reader's own organisation knows them, else as anybody does."""
    who = identity.called(scope)
    return Known(scope.person_id, who.name, who.birth_date)


def _rows(statement: str, values: list[Any], names: Iterable[str] = (), organisation: str = "") -> list[Working]:
    called = set(names)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found = []
        for ident, compartment, of, worker, name, team, starts, ends, origin in cursor.fetchall():
            mine = of == organisation and worker in called
            found.append(Working(ident, compartment, of, worker, name, team, starts, ends, origin == WORKER, mine))
        return found
