"""Lists at a care provider: taken up by its clinician or social worker, opened for its own people through the gate.

What analysis counted together by a probable link may be two people in care's eyes; both are then shown, each as
doubtful, because direct care goes by verified links alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from commonweal.apps.access import api as access
from commonweal.apps.identity import api as identity
from commonweal.apps.population.projects import extracts, keys, storing
from commonweal.apps.population.projects.actions import account
from commonweal.apps.population.projects.storing import MarkedList, TakenUp
from commonweal.domain.population.projects import LEAST_WORDS, Outcome, ProjectError
from commonweal.lake.project_pseudonym import project_pseudonyms

OPENED = "open list of people found"


@dataclass(frozen=True, slots=True)
class CareList:
    """A list that a care provider may work with. ``ours``: what the reader's organisation said taking it up."""

    list: MarkedList
    ours: TakenUp | None


@dataclass(frozen=True, slots=True)
class Done:
    """What somebody did about one person of a list."""

    at: datetime
    name: str
    organisation: str
    outcome: Outcome
    words: str


@dataclass(frozen=True, slots=True)
class Found:
    """One person of a list whom the gate opened to the reader. ``steps``: what was done, the newest first."""

    person_id: UUID
    name: str
    birth_date: date | None
    nhs_number: str
    doubtful: bool
    steps: tuple[Done, ...]

    @property
    def outcome(self) -> Outcome | None:
        """Where it stands."""
        return self.steps[0].outcome if self.steps else None


@dataclass(frozen=True, slots=True)
class CarePage:
    """A list with those of its people whom the reader may see; ``closed_to_me`` are the provider's own but withheld."""

    list: MarkedList
    ours: TakenUp | None
    people: tuple[Found, ...]
    closed_to_me: int


@contextmanager
def _acting(actor: access.Actor, action: str, target: str = "", reason: str = "") -> Iterator[access.AccessSession]:
    with access.session(actor, access.Purpose.DIRECT_CARE, action, target, reason) as opened:
        opened.require(access.Action.ACT_ON_LIST)
        if not actor.organisation:
            raise access.Refused(access.RefusedKind.NOT_PERMITTED, "This account belongs to no organisation.")
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('commonweal.acting', %s, true)", [actor.organisation])
        yield opened


def for_care(actor: access.Actor) -> list[CareList]:
    """The lists care providers may work with today, the newest first. Raises ``Refused`` for anybody but care staff."""
    with _acting(actor, "read lists") as opened:
        found = [one for one in storing.lists() if one.open(opened.now.date())]
        return [CareList(one, _ours(one.id, actor)) for one in found]


def take_up(actor: access.Actor, list_id: int, words: str) -> None:
    """Say that the actor's organisation will act on a list, and how: the second word that a list needs.

    Who is on it is then found by the worker (``resolve``).

    Raises:
        Refused: the actor is no care staff.
        ProjectError: no such list, or nothing said.
    """
    said = " ".join(words.split())[:1000]
    with _acting(actor, "take up list", f"list {list_id}", said) as opened:
        found = storing.marked_list(list_id)
        if found is None or not found.open(opened.now.date()):
            raise ProjectError("There is no such list, or its time is over.")
        if len(said) < LEAST_WORDS:
            raise ProjectError("Say who will act on the list and how, in ten characters or more.", "words")
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO population_list_taken_up (list_id, organisation, account, name, at, words) "
                "VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [list_id, actor.organisation, account(actor), actor.name, opened.now, said],
            )


def resolve(list_id: int) -> int:
    """Find whose the pseudonyms of a list are, once both words are given; how many entries. As the batch role, audited.

    Raises:
        ProjectError: the list is not allowed, nobody has taken it up, its project is over, or it holds other
            pseudonyms than were marked and decided about.
    """
    with access.service_run("re-identify", f"list {list_id}"), transaction.atomic():
        found = storing.marked_list(list_id, lock=True)
        now = settings.COMMONWEAL_NOW()
        if found is None or not found.open(now.date()) or not storing.taken_up(list_id):
            raise ProjectError(f"List {list_id} is not allowed and taken up: nobody on it is found.")
        project = storing.project_by_id(found.project_id)
        if not project.stands(now.date()):
            raise ProjectError(f"Project {project.code} is over, or its agreement is: nobody on its lists is found.")
        people = extracts.people_of_lake()
        key = keys.key(project.id, storing.extract_by_id(found.extract_id).period)
        by_pseudonym = {text: person for person, text in project_pseudonyms(key, people).items()}
        with connection.cursor() as cursor:
            cursor.execute("SELECT pseudonym FROM population_list_pseudonym WHERE list_id = %s ORDER BY 1", [list_id])
            held = [row[0] for row in cursor.fetchall()]
            if len(held) != found.marked:
                raise ProjectError(
                    f"List {list_id} holds {len(held)} pseudonyms, and {found.marked} were marked: nobody on it is "
                    "found. Close it, and look into who wrote to it."
                )
            wanted = [people[by_pseudonym[one]] for one in held if one in by_pseudonym]
            verified = identity.people_of([one for compartments in wanted for one in compartments])
            rows = [
                (list_id, entry, len({verified.get(other) for other in compartments}) > 1, compartment)
                for entry, compartments in enumerate(wanted, 1)
                for compartment in compartments
            ]
            cursor.executemany(
                "INSERT INTO population_list_person (list_id, entry, doubtful, compartment_id) VALUES (%s, %s, %s, %s) "
                "ON CONFLICT DO NOTHING",
                rows,
            )
            cursor.execute("UPDATE population_list SET resolved_at = %s WHERE id = %s", [now, list_id])
        return len(wanted)


def waiting_to_be_resolved() -> list[int]:
    """Lists that both words are given for and whose people have not been found yet."""
    today = settings.COMMONWEAL_NOW().date()
    return [
        one.id
        for one in storing.lists()
        if one.open(today)
        and one.resolved_at is None
        and storing.project_by_id(one.project_id).stands(today)
        and storing.taken_up(one.id)
    ]


def care_page(actor: access.Actor, list_id: int) -> CarePage | None:
    """A list, with those of its people whom the gate opens to the actor; each is audited, and sees it. None: no list.

    Raises ``Refused`` for anybody but care staff.
    """
    with _acting(actor, OPENED, f"list {list_id}") as opened:
        found = storing.marked_list(list_id)
        if found is None or not found.open(opened.now.date()):
            return None
        ours = _ours(list_id, actor)
        people = _listed(list_id, actor, opened.now)
        scopes = opened.open_many(identity.compartments_of_many(people)) if people else {}
        shown = []
        for scope in scopes.values():
            opened.use(scope)
            if (one := _found(list_id, scope)) is not None:
                shown.append(one)
        shown.sort(key=lambda one: (one.outcome is not None, one.name, str(one.person_id)))
        return CarePage(found, ours, tuple(shown), len(people) - len(scopes))


def note(actor: access.Actor, list_id: int, person_id: UUID, outcome: Outcome, words: str) -> None:
    """Say what was done about one person of a list.

    Raises:
        Refused: the person is not open to the actor, or not on the list for their organisation.
        ProjectError: nothing said where it must be.
    """
    said = " ".join(words.split())[:500]
    with _acting(actor, f"list {outcome.replace('_', ' ')}", f"list {list_id}") as opened:
        if person_id not in _listed(list_id, actor, opened.now):
            raise access.Refused(access.RefusedKind.ABSENT, "No such person or item.")
        if outcome is not Outcome.TAKEN_ON and len(said) < LEAST_WORDS:
            raise ProjectError("Say what was done, or why not, in ten characters or more.", "words")
        scope = opened.open_person(person_id, identity.compartments_of(person_id))
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO population_list_step "
                "(list_id, compartment_id, at, account, name, organisation, outcome, words) "
                "SELECT %s, min(compartment_id), %s, %s, %s, %s, %s, %s FROM population_list_person "
                "WHERE list_id = %s AND compartment_id = ANY (%s) HAVING count(*) > 0",
                [
                    *(
                        list_id,
                        opened.now,
                        account(actor),
                        actor.name,
                        actor.organisation,
                        outcome.value,
                        said,
                        list_id,
                    ),
                    list(scope.compartments),
                ],
            )
            if not cursor.rowcount:  # row security hides what is on the list of them from this reader
                raise access.Refused(access.RefusedKind.ABSENT, "No such person or item.")


def _listed(list_id: int, actor: access.Actor, now: datetime) -> list[UUID]:
    """The people of a list whom the actor's organisation has a relationship with; the gate is still to be asked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT person_id FROM population_listed(%s, %s, %s)", [list_id, actor.organisation, now])
        return [row[0] for row in cursor.fetchall()]


def _ours(list_id: int, actor: access.Actor) -> TakenUp | None:
    return next((one for one in storing.taken_up(list_id) if one.organisation == actor.organisation), None)


def _found(list_id: int, scope: access.Scope) -> Found | None:
    """One person of the list inside their own scope; None where row security shows no row of theirs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bool_or(doubtful), count(*) FROM population_list_person "
            "WHERE list_id = %s AND compartment_id = ANY (%s)",
            [list_id, list(scope.compartments)],
        )
        doubtful, rows = cursor.fetchone()
        if not rows:
            return None
        cursor.execute(
            "SELECT at, name, organisation, outcome, words FROM population_list_step "
            "WHERE list_id = %s AND compartment_id = ANY (%s) ORDER BY id DESC",
            [list_id, list(scope.compartments)],
        )
        steps = tuple(Done(row[0], row[1], row[2], Outcome(row[3]), row[4]) for row in cursor.fetchall())
    who = identity.called(scope)
    return Found(scope.person_id, who.name, who.birth_date, who.nhs_number, bool(doubtful), steps)
