"""Sharing agreements kept: proposed by one officer, approved by another, amended by a new version, ended with a reason.

The gate asks for them at every request, so a step counts at the very next one.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction

from commonweal.apps.access import audit
from commonweal.apps.access.models import User
from commonweal.apps.access.session import AccessSession, session
from commonweal.domain.access.agreements import (
    AgreementError,
    Standing,
    State,
    Step,
    Terms,
    after,
    attention,
    check,
    read,
)
from commonweal.domain.access.scope import Actor
from commonweal.domain.access.vocabulary import Action, Category, Purpose, Role

_EVERY = (
    "SELECT id, reference, version, title, gives, receives, categories, purposes, starts, ends, review, dpia, "
    "controller, basis, confidentiality, state, proposed_by, proposed_at, decided_by, decided_at, ended_at, words "
    "FROM access_agreement"
)
_VERSIONS = _EVERY + " WHERE reference = %s ORDER BY version DESC"


@dataclass(frozen=True, slots=True)
class Agreement:
    """One version of an agreement: its terms, and what was decided about it, by whom and why."""

    id: int
    version: int
    terms: Terms
    state: State
    proposed_by: str
    proposed_at: datetime
    decided_by: str
    decided_at: datetime | None
    ended_at: datetime | None
    words: str

    def wants(self, on: date) -> str:
        """``decision``, ``lapsed``, ``ending``, ``review``, ``future`` or nothing, on a day."""
        if self.state is State.PROPOSED:
            return "decision"
        terms = self.terms
        return attention(terms.starts, terms.ends, terms.review, on) if self.state is State.APPROVED else ""


@contextmanager
def governed(actor: Actor, action: Action, target: str = "", reason: str = "") -> Iterator[AccessSession]:
    """A session in which agreements, objections and restrictions are kept, and nobody's record is read.

    ``target`` is what it is done to, in no words of anybody's own: those are the ``reason``.

    Raises:
        Refused: the actor may not.
    """
    with session(actor, Purpose.INFORMATION_GOVERNANCE, action.value.replace("_", " "), target, reason) as opened:
        opened.require(action)
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('commonweal.governance', 'on', true)")
        yield opened


def listed(actor: Actor) -> list[Agreement]:
    """Every version, what wants attention soonest first. Raises ``Refused``."""
    with governed(actor, Action.READ_POLICIES, "agreements") as opened, connection.cursor() as cursor:
        cursor.execute(_EVERY)
        found = [_row(row) for row in cursor.fetchall()]
        return _in_order(found, opened.now.date())


def _in_order(found: Iterable[Agreement], on: date) -> list[Agreement]:
    ranks = {word: n for n, word in enumerate(("decision", "lapsed", "ending", "review", "", "future"))}

    def order(one: Agreement) -> tuple[object, ...]:
        live = one.state in (State.PROPOSED, State.APPROVED)
        return not live, ranks[one.wants(on)], one.terms.review, one.terms.reference, -one.version

    return sorted(found, key=order)


def standing_agreements() -> list[Agreement]:
    """The versions approved or proposed, what wants attention first; as the batch role, for an operator."""
    with connection.cursor() as cursor:
        cursor.execute(_EVERY)
        found = [_row(row) for row in cursor.fetchall()]
    return [one for one in _in_order(found, today()) if one.state in (State.PROPOSED, State.APPROVED)]


def today() -> date:
    """Today by the care clock."""
    day: date = settings.COMMONWEAL_NOW().date()
    return day


def one_of(actor: Actor, reference: str) -> list[Agreement]:
    """Every version of one agreement, newest first. Raises ``Refused``."""
    with governed(actor, Action.READ_POLICIES, f"agreement {reference}"):
        return _versions(reference)


def propose(actor: Actor, terms: Terms) -> int:
    """Propose an agreement, or a new version of one; the version.

    Raises:
        Refused: the actor keeps no agreements.
        AgreementError: the terms cannot stand, or a version of it waits for a decision already.
    """
    with governed(actor, Action.KEEP_AGREEMENTS, f"propose {terms.reference}"):
        return _propose(terms, actor.key)


def decide(actor: Actor, reference: str, version: int, step: Step, words: str = "") -> State:
    """Approve or refuse a proposed version, or end the one in force. The state after.

    Raises:
        Refused: the actor keeps no agreements.
        AgreementError: no such version, not from here, not by its proposer, or without a reason.
    """
    with governed(actor, Action.KEEP_AGREEMENTS, f"{step} {reference} {version}"):
        return _decide(reference, version, step, actor.key, words)


def load(document: object, *, by: str, approved_by: str) -> tuple[int, int]:
    """Propose and approve the agreements of a file in the name of two officers: (new versions, unchanged ones).

    One that stands with the same terms is left alone. As the batch role: the operator answers for it, and each step
    is audited with the officer's account.

    Raises:
        AgreementError: something in the file, or the two accounts are not two open accounts of officers.
    """
    wanted = read(document)
    two_officers(by, approved_by)
    new = 0
    with transaction.atomic():
        for terms in wanted:
            if any(one.terms == terms and one.state is State.APPROVED for one in _versions(terms.reference)):
                continue
            version = _propose(terms, f"user:{by}")
            _decide(terms.reference, version, Step.APPROVE, f"user:{approved_by}", "")
            for step, account in ((Step.APPROVE, approved_by), ("propose", by)):
                entry = audit.Entry(
                    f"user:{account}", Role.PRIVACY_OFFICER.value, "", Purpose.INFORMATION_GOVERNANCE,
                    "keep agreements", f"{step} {terms.reference} {version} from a file", "", uuid4(),
                )  # fmt: skip
                audit.write(entry, "allowed")
            new += 1
    return new, len(wanted) - new


def two_officers(by: str, approved_by: str) -> None:
    """Raise ``AgreementError`` unless these are the open accounts of two privacy officers."""
    wanted = User.objects.filter(
        username__in=[by, approved_by], role=Role.PRIVACY_OFFICER.value, is_active=True
    ).values_list("username", flat=True)
    if set(wanted) != {by, approved_by} or by == approved_by:
        raise AgreementError("name the open accounts of two privacy officers: one proposes, the other approves")


def agreed(
    organisation: str, sources: Iterable[str], purpose: Purpose, moment: datetime | None = None
) -> dict[tuple[str, Category], Standing]:
    """How each category of each source stands with an organisation, but for its own and what nothing covers.

    ``moment``: when; now if not said.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT source, category, standing FROM access_agreed(%s, %s, %s, %s)",
            [organisation, sorted(set(sources)), purpose.value, moment or settings.COMMONWEAL_NOW()],
        )
        return {(source, Category(category)): Standing(said) for source, category, said in cursor.fetchall()}


def standing_of(reference: str, purpose: Purpose) -> Standing:
    """How the agreement called ``reference`` stands now for a purpose: what a project that rests on it is held to."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT access_agreement_standing(%s, %s, %s)", [reference, purpose.value, settings.COMMONWEAL_NOW()]
        )
        return Standing(cursor.fetchone()[0])


def _propose(terms: Terms, by: str) -> int:
    check(terms)
    versions = _versions(terms.reference)
    if any(one.state is State.PROPOSED for one in versions):
        raise AgreementError(f"A version of {terms.reference} waits for a decision: decide on it first.", "reference")
    version = max((one.version for one in versions), default=0) + 1
    values: list[Any] = [
        terms.reference, version, terms.title, list(terms.gives), list(terms.receives),
        [one.value for one in terms.categories], [one.value for one in terms.purposes], terms.starts, terms.ends,
        terms.review, terms.dpia, terms.controller, terms.basis, terms.confidentiality, by, settings.COMMONWEAL_NOW(),
        _midnight(terms.starts), _midnight(terms.ends + timedelta(days=1)),
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO access_agreement (reference, version, title, gives, receives, categories, purposes, starts, "
            "ends, review, dpia, controller, basis, confidentiality, proposed_by, proposed_at, from_at, to_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            values,
        )
    return version


def _decide(reference: str, version: int, step: Step, by: str, words: str) -> State:
    said = " ".join(words.split())[:1000]
    versions = {one.version: one for one in _versions(reference)}
    if version not in versions:
        raise AgreementError("There is no such version.")
    one = versions[version]
    state = after(one.state, step, by=by, proposed_by=one.proposed_by, words=said)
    now = settings.COMMONWEAL_NOW()
    if step is Step.APPROVE:  # the former version holds until the new one begins
        until = max(now, _midnight(one.terms.starts))
        for former in versions.values():
            if former.state is State.APPROVED:
                _mark(former.id, State.SUPERSEDED, former.decided_by, former.decided_at, until, former.words)
    ended = now if step is Step.END else None
    decided_by = by if step is not Step.END else one.decided_by
    decided_at = now if step is not Step.END else one.decided_at
    _mark(one.id, state, decided_by, decided_at, ended, f"{said} ({by.removeprefix('user:')})" if ended else said)
    return state


def _mark(
    row: int, state: State, decided_by: str, decided_at: datetime | None, ended_at: datetime | None, words: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_agreement SET state = %s, decided_by = %s, decided_at = %s, ended_at = %s, words = %s "
            "WHERE id = %s",
            [state.value, decided_by, decided_at, ended_at, words, row],
        )


def _versions(reference: str) -> list[Agreement]:
    with connection.cursor() as cursor:
        cursor.execute(_VERSIONS, [reference])
        return [_row(row) for row in cursor.fetchall()]


def _row(row: tuple[Any, ...]) -> Agreement:
    terms = Terms(
        reference=row[1], title=row[3], gives=tuple(row[4]), receives=tuple(row[5]),
        categories=tuple(Category(one) for one in row[6]), purposes=tuple(Purpose(one) for one in row[7]),
        starts=row[8], ends=row[9], review=row[10], dpia=row[11], controller=row[12], basis=row[13],
        confidentiality=row[14],
    )  # fmt: skip
    return Agreement(row[0], row[2], terms, State(row[15]), *row[16:])


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(settings.TIME_ZONE))
