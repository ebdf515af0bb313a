"""The privacy officer's cases: read, decided and, for an emergency, told to the person or held back a while."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import timezone

from commonweal.apps.access.limits import limit
from commonweal.apps.access.models import User
from commonweal.apps.access.session import AccessSession, session
from commonweal.domain.access.cases import CLOSED, CaseError, CaseKind, CaseState, CaseStep, after, steps_open
from commonweal.domain.access.scope import Actor
from commonweal.domain.access.vocabulary import Purpose

MOST = 200


@dataclass(frozen=True, slots=True)
class Case:
    """One case. ``actor``: the account that looked; ``words``: its stated reason, or the person's question."""

    id: int
    kind: CaseKind
    opened_at: datetime
    person_id: UUID
    actor: str
    role: str
    organisation: str
    action: str
    looked_at: datetime
    words: str
    tell_at: datetime
    state: CaseState
    answer: str
    name: str = ""

    @property
    def closed(self) -> bool:
        """Whether it has been decided."""
        return self.state in CLOSED

    @property
    def told(self) -> bool:
        """Whether the person may see the look by now."""
        return self.tell_at <= timezone.now()

    @property
    def late(self) -> bool:
        """Whether it has waited longer than it should."""
        allowed = limit("emergency_review", timezone.now().date())
        return not self.closed and timezone.now() - self.opened_at > allowed


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done with a case, by whom and why."""

    at: datetime
    actor: str
    step: str
    words: str


@dataclass(frozen=True, slots=True)
class CasePage:
    """A case with what was done, and what the officer who looks may do."""

    case: Case
    steps: tuple[Step, ...]
    may: tuple[CaseStep, ...]


@contextmanager
def _review(actor: Actor, target: str = "") -> Iterator[AccessSession]:
    """A session in which cases can be read, and nobody's record. Raises ``Refused`` for anybody but the officer."""
    with session(actor, Purpose.INFORMATION_GOVERNANCE, "review access", target) as opened:
        opened.review()
        yield opened


def waiting() -> int:
    """How many cases are undecided: a number for the menu, about nobody."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_cases_waiting()")
        return int(cursor.fetchone()[0])


def cases(actor: Actor) -> tuple[list[Case], list[Case]]:
    """The undecided, oldest first, and the newest decided. Raises ``Refused``."""
    with _review(actor), connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, kind, opened_at, person_id, actor, role, organisation, action, looked_at, words, tell_at, "
            "state, answer FROM access_case ORDER BY state IN ('justified', 'not_justified'), opened_at DESC LIMIT %s",
            [MOST],
        )
        found = [_case(row) for row in cursor.fetchall()]
        named = _named(found)
    return [one for one in reversed(named) if not one.closed], [one for one in named if one.closed]


def case_page(actor: Actor, case_id: int) -> CasePage | None:
    """One case, or None. Raises ``Refused``."""
    with _review(actor, f"case {case_id}"):
        case = _one(case_id)
        if case is None:
            return None
        done = _steps(case_id)
    may = steps_open(case.state, by=actor.key, doubted_by=_doubted_by(done))
    return CasePage(case, done, may)


def take_step(actor: Actor, case_id: int, step: CaseStep, words: str) -> None:
    """Take one step, with the reason. What closes a question is also its answer to the person.

    Raises:
        Refused: the actor reviews no access.
        CaseError: the case does not allow it, a second person is needed, or no reason is given.
    """
    said = " ".join(words.split())[:1000]
    with _review(actor, f"case {case_id} {step}"):
        case = _locked(case_id)
        done = _steps(case_id)
        state = after(case.state, step, by=actor.key, doubted_by=_doubted_by(done), words=said)
        answer = said if state is CaseState.JUSTIFIED else _doubt(done) if state is CaseState.NOT_JUSTIFIED else ""
        with connection.cursor() as cursor:
            cursor.execute("UPDATE access_case SET state = %s, answer = %s WHERE id = %s", [state, answer, case_id])
            if state in (CaseState.DOUBTED, CaseState.NOT_JUSTIFIED):  # the first doubt ends it: a second may come late
                cursor.execute("SELECT access_emergency_over(%s, %s)", [case_id, settings.COMMONWEAL_NOW()])
        _note(case_id, actor, step, said)


def tell(actor: Actor, case_id: int) -> None:
    """Let the person see this emergency among who looked, from now on. Raises ``Refused``, ``CaseError``."""
    with _review(actor, f"case {case_id} tell"):
        _told_at(actor, case_id, timezone.now(), "tell", "")


def hold(actor: Actor, case_id: int, words: str) -> datetime:
    """Put off telling the person, as far as one decision may. Until when.

    Raises:
        Refused: the actor reviews no access.
        CaseError: no such emergency, it has been told, or no reason is given.
    """
    said = " ".join(words.split())[:1000]
    if len(said) < 10:
        raise CaseError("Say why telling the person now would do harm, in ten characters or more.")
    until = timezone.now() + limit("emergency_held", timezone.now().date()) - timedelta(minutes=1)
    with _review(actor, f"case {case_id} hold"):
        _told_at(actor, case_id, until, "hold", said)
    return until


def _told_at(actor: Actor, case_id: int, moment: datetime, step: str, words: str) -> None:
    case = _locked(case_id)
    if case.kind is not CaseKind.EMERGENCY or case.told:
        raise CaseError("The person can see this already.")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE access_case SET tell_at = %s WHERE id = %s", [moment, case_id])
    _note(case_id, actor, step, words)


def question(opened: AccessSession, compartments: Iterable[int], look_id: int, words: str) -> bool:
    """The person open in ``opened`` questions one look at their record. False: no such look, or asked before.

    Raises:
        CaseError: nothing is asked.
    """
    said = " ".join(words.split())[:1000]
    if len(said) < 10:
        raise CaseError("Say what you want to know, in ten characters or more.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_question(%s, %s::bigint[], %s)", [look_id, list(compartments), said])
        return cursor.fetchone()[0] is not None


def open_emergency(actor: Actor, person_id: UUID, compartments: Iterable[int], reason: str, lasts: timedelta) -> None:
    """Put an emergency before the privacy officer, in the transaction that grants it."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO access_case (kind, person_id, compartments, actor, role, organisation, action, words, lasts, "
            "tell_at) VALUES ('emergency', %s, %s, %s, %s, %s, 'emergency.grant', %s, make_interval(secs => %s), %s)",
            [
                person_id,
                sorted(compartments),
                actor.key,
                actor.role,
                actor.organisation,
                reason,
                lasts.total_seconds(),
                now + limit("emergency_told", now.date()),
            ],
        )


def _one(case_id: int) -> Case | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, kind, opened_at, person_id, actor, role, organisation, action, looked_at, words, tell_at, "
            "state, answer FROM access_case WHERE id = %s",
            [case_id],
        )
        row = cursor.fetchone()
    return None if row is None else _named([_case(row)])[0]


def _locked(case_id: int) -> Case:
    """The case, kept from other officers until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM access_case WHERE id = %s FOR UPDATE", [case_id])
    case = _one(case_id)
    if case is None:
        raise CaseError("There is no such case.")
    return case


def _steps(case_id: int) -> tuple[Step, ...]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT at, actor, step, words FROM access_case_step WHERE case_id = %s ORDER BY id", [case_id])
        return tuple(Step(*row) for row in cursor.fetchall())


def _note(case_id: int, actor: Actor, step: str, words: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO access_case_step (case_id, actor, step, words) VALUES (%s, %s, %s, %s)",
            [case_id, actor.key, step, words],
        )


def _last_doubt(steps: Iterable[Step]) -> Step | None:
    return next((one for one in reversed(list(steps)) if one.step == CaseStep.DOUBT), None)


def _doubted_by(steps: Iterable[Step]) -> str:
    found = _last_doubt(steps)
    return found.actor if found else ""


def _doubt(steps: Iterable[Step]) -> str:
    found = _last_doubt(steps)
    return found.words if found else ""


def _case(row: tuple[object, ...]) -> Case:
    values = list(row)
    values[1], values[11] = CaseKind(str(row[1])), CaseState(str(row[11]))
    return Case(*values)  # type: ignore[arg-type]  # a database row: the order is that of the SELECT


def _named(found: list[Case]) -> list[Case]:
    """With the names of the accounts that looked."""
    keys = {one.actor.removeprefix("user:") for one in found}
    names = dict(User.objects.filter(username__in=keys).values_list("username", "name"))
    return [replace(one, name=names.get(one.actor.removeprefix("user:"), "")) for one in found]
