"""What staff do with requests: reading a draft and deciding on it, checking who would act for somebody, paper alike."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from orjson import loads

from commonweal.apps.access import api as access
from commonweal.apps.citizen.copy_document import CopyEntry, entry_of, versions
from commonweal.apps.citizen.own import ABSENT, born_on, name_of
from commonweal.apps.citizen.proxies import standing
from commonweal.apps.identity import api as identity
from commonweal.apps.places import api as places
from commonweal.domain.access.proxies import Assessment, ProxyState, ProxyStep, Standing, age_on, standing_on
from commonweal.domain.access.requests import CopyState, CopyStep, Decision, Ground, Party

Copy = access.copies.Copy
Proxy = access.proxies.Proxy


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody whose request waits, among those the reader's organisation cares for."""

    person_id: UUID
    name: str
    copies: tuple[Copy, ...]
    proxies: tuple[Proxy, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as a reviewer reads it. ``hidden``: items that wait on others, by source name, since they see them.

    ``items``: each with what it says, None where it has been removed since.
    """

    copy: Copy
    name: str
    items: tuple[tuple[access.copies.Item, CopyEntry | None], ...]
    hidden: tuple[tuple[str, int], ...]
    steps: tuple[access.copies.Step, ...]
    may: tuple[CopyStep, ...]


@dataclass(frozen=True, slots=True)
class Requests:
    """All the requests of one person, for staff who care for them."""

    person_id: UUID
    name: str
    born: date | None
    age: int | None
    standing: Standing
    assessed: Assessment | None
    copies: tuple[Copy, ...]
    proxies: tuple[tuple[Proxy, bool, tuple[access.copies.Step, ...]], ...]


@contextmanager
def _caring(actor: access.Actor, action: str, target: str) -> Iterator[access.AccessSession]:
    with access.session(actor, access.Purpose.DIRECT_CARE, action, target) as session:
        if actor.role not in access.CARE_ROLES:
            raise access.Refused(access.RefusedKind.ABSENT, ABSENT)
        yield session


@contextmanager
def _open(
    actor: access.Actor, person_id: UUID, action: str, target: str = ""
) -> Iterator[tuple[access.AccessSession, access.Scope]]:
    """The record of somebody the actor's organisation cares for. Raises ``Refused``."""
    with _caring(actor, action, target) as session:
        yield session, session.open_person(person_id, identity.compartments_of(person_id))


@contextmanager
def _open_request(actor: access.Actor, number: int, action: str) -> Iterator[tuple[access.AccessSession, access.Scope]]:
    """The record of whoever's request for a copy it is. Raises ``Refused``, audited, for one there is not."""
    with _caring(actor, action, f"request {number}") as session:
        asker = access.copies.waiting(session).get(number)
        person_id = identity.current_person(asker) if asker else None
        if person_id is None:
            raise access.Refused(access.RefusedKind.ABSENT, ABSENT)
        yield session, session.open_person(person_id, identity.compartments_of(person_id))


def waiting(actor: access.Actor) -> list[Waiting]:
    """Whose requests wait, among the people the actor's organisation cares for. Raises ``Refused``."""
    with access.session(actor, access.Purpose.DIRECT_CARE, "list requests") as session:
        session.require(access.Action.SEARCH_PEOPLE)
        asked = {*access.copies.waiting(session).values(), *access.proxies.waiting(session).values()}
        current = {now for one in asked if (now := identity.current_person(one))}
        found: list[Waiting] = []
        related = access.open_compartments(actor, access.Purpose.DIRECT_CARE, access.Category.DEMOGRAPHICS)
        people = {
            person: compartments
            for person, compartments in identity.compartments_of_many(current).items()
            if related & set(compartments)
        }
        for person, scope in session.open_many(people).items():
            session.use(scope)
            proxies = access.proxies.proxies_about(scope.compartments)
            found.append(
                Waiting(
                    person,
                    name_of(scope),
                    tuple(one for one in access.copies.copies_about(scope.compartments) if one.ended_on is None),
                    tuple(one for one in proxies if one.state in (ProxyState.ASKED, ProxyState.SEEN)),
                )
            )
    return sorted(found, key=lambda one: one.name)


def draft(actor: access.Actor, number: int) -> Draft | None:
    """One draft, with all of it that the actor may see. None: there is none. Raises ``Refused``."""
    with _open_request(actor, number, "review copy") as (_, scope):
        asked = access.copies.copy_of(number)
        if asked is None:
            return None
        items = access.copies.items_of(number)
        held = {item.id: one for item, one in versions(scope, items)}
        names = places.names_of({item.source for item in items})
        shown = tuple(
            (item, entry_of(held[item.id], loads(held[item.id].body), names) if item.id in held else None)
            for item in items
        )
        mine: dict[str, int] = {}
        for item in items:
            mine[item.source] = mine.get(item.source, 0) + (item.needed and item.decision is None)
        hidden = {source: many - mine.get(source, 0) for source, many in access.copies.left(number).items()}
        return Draft(
            asked,
            name_of(scope),
            shown,
            tuple((places.name_of(source), many) for source, many in hidden.items() if many),
            tuple(access.copies.steps_of(number)),
            asked.may(Party.REVIEWER),
        )


def decide(
    actor: access.Actor, number: int, items: Collection[int], decision: Decision, ground: Ground | None, words: str
) -> int:
    """Decide on items of a draft. How many. Raises ``Refused``, ``RequestError``."""
    with _open_request(actor, number, "decide copy"):
        return access.copies.decide(actor, number, items, decision, ground, words)


def review_step(actor: access.Actor, number: int, step: CopyStep, words: str) -> CopyState:
    """Move a request on as the reviewer. Raises ``Refused``, ``RequestError``."""
    with _open_request(actor, number, f"copy {step}") as (session, _):
        return access.copies.take_step(session, number, step, Party.REVIEWER, words)


def requests_of(actor: access.Actor, person_id: UUID) -> Requests:
    """A person's requests, and what their age means. Raises ``Refused``."""
    with _open(actor, person_id, "requests of a person") as (session, scope):
        today = session.now.date()
        born = born_on(scope)
        holds = standing(scope, today)
        return Requests(
            person_id,
            name_of(scope),
            born,
            age_on(born, today) if born else None,
            standing_on(born, today, access.rights.age_rules()) if born else Standing.OWN,
            access.competence.assessed(scope.compartments, today),
            tuple(access.copies.copies_about(scope.compartments)),
            tuple(
                (one, holds(one), tuple(access.proxies.steps_of(one.id)))
                for one in access.proxies.proxies_about(scope.compartments)
            ),
        )


def ask_for_copy(
    actor: access.Actor, person_id: UUID, how: str, received: date, identified: bool, wants: str, words: str
) -> int:
    """Keep a request that came on paper, by telephone or in person. Raises ``Refused``, ``RequestError``."""
    from commonweal.apps.citizen import tasks  # the queue is set up when Django is

    with _open(actor, person_id, "ask for a copy") as (_, scope):
        number = access.copies.ask(
            actor,
            person_id,
            scope.compartments,
            received=received,
            how=how,
            wants=wants,
            identified=identified,
            words=words,
        )
        tasks.put_together.defer(copy_id=number)
    return number


def ask_for_proxy(actor: access.Actor, person_id: UUID, wanted: access.proxies.Asked, words: str) -> int:
    """Keep a request, made in person, that somebody act for a person. Raises ``Refused``, ``RequestError``."""
    with _open(actor, person_id, "proxy ask") as (_, scope):
        return access.proxies.ask(actor, person_id, scope.compartments, name_of(scope), born_on(scope), wanted, words)


def check_proxy(actor: access.Actor, person_id: UUID, number: int, step: ProxyStep, words: str) -> ProxyState:
    """See the evidence, see the person alone, refuse or end. Raises ``Refused``, ``RequestError``."""
    with _open(actor, person_id, f"proxy {step}", f"proxy {number}") as (_, scope):
        return access.proxies.take_step(actor, number, step, words, born_on(scope))


def assess(actor: access.Actor, person_id: UUID, competent: bool, words: str) -> None:
    """Note today whether a young person understands. Raises ``Refused``, ``RequestError``."""
    with _open(actor, person_id, "assess competence") as (session, scope):
        access.competence.assess(actor, person_id, scope.compartments, session.now.date(), competent, words)
