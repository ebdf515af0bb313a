"""One access session a request: a transaction, the gate's decisions, the row-security context, one audit row."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime
from types import TracebackType
from typing import Literal
from uuid import UUID, uuid4

import orjson
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from commonweal.apps.access import acting, ages, audit
from commonweal.apps.access.actors import NotAsPresumed, Presumed, refuted
from commonweal.apps.access.gate import decide
from commonweal.apps.access.prepared import prepared
from commonweal.apps.access.scopes import Fact, facts, scope_of
from commonweal.domain.access.scope import Actor, Refused, RefusedKind, Scope, SourceScope
from commonweal.domain.access.vocabulary import Action, Category, Purpose


class AccessSession(AbstractContextManager["AccessSession"]):
    """Made by :func:`session`; everything read of a person inside it is decided, fenced and audited.

    The transaction commits when the body ends or is refused, so that a refusal is audited too. Any other
    exception rolls the body's work back and then writes the audit row with the outcome ``failed``.
    """

    def __init__(
        self,
        actor: Actor,
        purpose: Purpose,
        action: str,
        target: str = "",
        reason: str = "",
        pipelined: bool = False,
        token: str = "",
    ) -> None:
        self.actor = actor
        self.purpose = purpose
        self.now: datetime = settings.COMMONWEAL_NOW()
        self._entry = audit.Entry(
            actor=actor.key,
            role=actor.role,
            organisation=actor.organisation,
            purpose=purpose,
            action=action,
            target=target,
            reason=reason,
            request_id=uuid4(),
        )
        self._subjects: dict[UUID, audit.Subject] = {}
        self._allowed = self._refused = 0
        self._sourced = self._outermost = self.reviews = False
        self._atomic = transaction.atomic(durable=True)
        self._pipelined = pipelined
        self._waits = ExitStack()
        self._presumed = self._unconfirmed = Presumed(actor, token) if token else None

    def __enter__(self) -> "AccessSession":
        connection.ensure_connection()
        self._outermost = not connection.in_atomic_block
        self._atomic.__enter__()
        if self._pipelined:
            self._waits.enter_context(connection.connection.pipeline())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        if kind is None or issubclass(kind, Refused):
            refused = kind is not None or (self._refused and not self._allowed)
            outcome = "refused" if refused else "mixed" if self._refused else "allowed"
            try:
                self._settle(outcome)
            except BaseException as failure:  # an access that cannot be audited does not happen
                self._atomic.__exit__(type(failure), failure, failure.__traceback__)
                self._hold(failure)
                raise
            self._atomic.__exit__(None, None, None)
            return False
        try:
            self._waits.__exit__(kind, error, trace)
        finally:
            self._atomic.__exit__(kind, error, trace)
            self._hold(error)
            self._fail()
        return False

    def _fail(self) -> None:
        """Audit what came to nothing, of whoever it is found to be that asked."""
        try:
            with transaction.atomic():
                self._unconfirmed = self._presumed
                self._confirm()
                audit.write(self._entry, "failed", self._subjects.values())
        except DatabaseError as failure:
            self._hold(failure)
            raise

    def _hold(self, error: BaseException | None) -> None:
        """Raise ``NotAsPresumed`` if ``error`` says that the asker's token stands for another account, or for none."""
        if self._presumed is not None and error is not None and refuted(self._presumed, error):
            raise NotAsPresumed("The token is unknown, expired or revoked.") from None

    def _confirm(self) -> None:
        """That the asker is who it is presumed to be: raised at the next answer, and before anything is committed."""
        if self._unconfirmed is not None:
            with prepared() as cursor:
                cursor.execute("SELECT access_confirm(%s::jsonb)", [self._opening()])
            self._unconfirmed = None

    def _opening(self) -> str | None:
        return orjson.dumps(self._unconfirmed.account()).decode() if self._unconfirmed is not None else None

    def _settle(self, outcome: str) -> None:
        """Audit. Pipelined, the commit goes out with it and both are waited for once; Django's finds it done."""
        with self._waits, connection.wrap_database_errors:
            self._confirm()
            audit.write(self._entry, outcome, self._subjects.values())
            if self._pipelined and self._outermost and not connection.needs_rollback:
                connection.connection.execute("COMMIT", prepare=False)

    def require(self, action: str) -> None:
        """Pass what names no person, such as ``read_aggregate``.

        Raises:
            ValueError: the gate knows no such action.
            Refused: the role may not, for this purpose.
        """
        if decide(self.now.date(), self.actor.role, self.purpose, Action(action)):
            self._allowed += 1
            return
        self._refused += 1
        raise Refused(RefusedKind.NOT_PERMITTED, "Your role does not allow this for this purpose.")

    def open_person(self, person_id: UUID, compartments: Mapping[int, str]) -> Scope:
        """The scope of one person, whose ``compartments`` map compartment id → source (ODS code).

        Sets the row-security context of this transaction to it.

        Raises:
            Refused: with ``absent`` unless the actor is care staff, who are told why and how to go on.
        """
        found = self._facts(compartments)
        if self.purpose is Purpose.ON_BEHALF:
            for fact in acting.facts(self.actor, person_id, compartments, self.now.date()):
                found[fact.compartment_id].append(fact)
        scope = scope_of(self.actor, self.purpose, self.now.date(), person_id, compartments, found)
        if isinstance(scope, Refused):
            self._refused += 1
            self._subjects.setdefault(person_id, audit.Subject(person_id, tuple(compartments), "refused"))
            raise scope
        self._disclose(scope, compartments)
        self.use(scope)
        if self._too_young(scope, compartments):
            self._allowed, self._refused = self._allowed - 1, self._refused + 1
            self._subjects[person_id] = audit.Subject(person_id, tuple(compartments), "refused")
            self._context((), ())
            raise Refused(RefusedKind.NOT_PERMITTED, ages.TOO_YOUNG)
        return scope

    def _too_young(self, scope: Scope, compartments: Iterable[int]) -> bool:
        """Whether the open scope is the asker's own record, and they are not old enough to open it themselves.

        Every source is asked for the birth date, also one withheld from the person: that opens nothing to a child.
        """
        if self.purpose is not Purpose.OWN_RECORD:
            return False
        self._context(compartments, {Category.DEMOGRAPHICS})
        young = ages.too_young(list(compartments), self.now.date())
        self.use(scope)
        return young

    def open_many(self, people: Mapping[UUID, Mapping[int, str]], telling: bool = False) -> dict[UUID, Scope]:
        """The scopes of those of ``people`` the actor may see; the others count as refused.

        ``telling``: the actor will be told which others there are, so the audit names them too; else it does not.

        The row-security context becomes what all the scopes allow: every compartment, the categories they have in
        common, and the particulars of those whose demographics are open, so that one person's being withheld takes
        nobody else's name off a list. Narrow it with :meth:`use` before reading more of one of them.
        """
        found = self._facts({one: source for compartments in people.values() for one, source in compartments.items()})
        scopes: dict[UUID, Scope] = {}
        for person_id, compartments in people.items():
            scope = scope_of(self.actor, self.purpose, self.now.date(), person_id, compartments, found)
            if isinstance(scope, Refused):
                self._refused += 1
                if telling:
                    self._subjects.setdefault(person_id, audit.Subject(person_id, tuple(compartments), "refused"))
            else:
                if self.purpose is Purpose.OWN_RECORD:  # their own alone: whether they are old enough is asked there
                    scope = self.open_person(person_id, compartments)
                scopes[person_id] = scope
                self._disclose(scope, compartments)
        categories = frozenset[str].intersection(*(s.categories for s in scopes.values())) if scopes else frozenset()
        shut = {pair for scope in scopes.values() for pair in scope.shut}
        named = Category.DEMOGRAPHICS.value
        if any(named in scope.categories for scope in scopes.values()):
            categories |= {named}
            without = [scope for scope in scopes.values() if named not in scope.categories]
            shut |= {(n, named) for scope in without for n in scope.compartments}
        self._context({c for scope in scopes.values() for c in scope.compartments}, categories, shut)
        return scopes

    def use(self, scope: Scope) -> None:
        """Make ``scope``, opened in this session, the row-security context."""
        opened = self._subjects.get(scope.person_id)
        if opened is None or opened.outcome != "allowed" or scope.actor != self.actor:
            raise ValueError("This scope was not opened in this session.")
        self._context(scope.compartments, scope.categories, scope.shut)

    def open_pair(self, people: Mapping[UUID, Iterable[int]]) -> None:
        """Let what follows read the particulars, and nothing else, of records compared in identity review.

        Sets the row-security context to those compartments and audits the look at each of ``people``.

        Raises:
            Refused: the actor reviews no identities.
        """
        self.require(Action.REVIEW_IDENTITY)
        for person_id, compartments in people.items():
            self._subjects[person_id] = audit.Subject(person_id, tuple(sorted(compartments)), "allowed")
        self._context({one for compartments in people.values() for one in compartments}, {Category.DEMOGRAPHICS})

    def open_landed(self, people: Mapping[UUID, Iterable[int]]) -> None:
        """Let what follows show lines of a partner's file about ``people`` as they came, and nothing of their record.

        Audits the look at each of them, so that they see it among who looked.

        Raises:
            Refused: the actor mends no feeds.
        """
        self.require(Action.READ_QUARANTINE)
        for person_id, compartments in people.items():
            self._subjects[person_id] = audit.Subject(person_id, tuple(sorted(compartments)), "allowed")

    def review(self, person_id: UUID | None = None) -> None:
        """Let what follows read the audit and the cases, and nobody's record.

        ``person_id``: whose audit is asked for, which this access's own row then says (``concerns``).

        Raises:
            Refused: the actor reviews no access.
        """
        self.require(Action.REVIEW_ACCESS)
        if person_id is not None:
            self.concerns(person_id)
        with prepared() as cursor:
            cursor.execute("SELECT set_config('commonweal.review', 'on', true)")
        self.reviews = True

    def concerns(self, person_id: UUID) -> None:
        """Let this access's own audit row say whom it is about, though nothing of them is read.

        It names none of their compartments, so it is not among who looked at their record: no record is looked at.
        """
        self._subjects[person_id] = audit.Subject(person_id, (), "allowed")

    def open_source(self) -> SourceScope:
        """What a partner's system may maintain: its own organisation's resources, and nothing of others'.

        Sets the row-security context to that source. Say with :meth:`disclose` whose resources an answer shows.

        Raises:
            Refused: the actor is no partner's system, has no organisation, or states another purpose.
        """
        self.require(Action.MAINTAIN_SOURCE)
        if not self.actor.organisation:
            raise Refused(RefusedKind.NOT_PERMITTED, "This account belongs to no organisation.")
        self._source()
        return SourceScope(
            self.actor, self.purpose, self.actor.organisation, frozenset(category.value for category in Category)
        )

    def add_to(self, scope: Scope) -> SourceScope:
        """Let what follows add entries of the actor's organisation to the person of ``scope``, opened here.

        Raises:
            Refused: the policies let the actor write nothing about this person.
        """
        self.use(scope)
        if not scope.may_write or not self.actor.organisation:
            self._refused += 1
            raise Refused(RefusedKind.NOT_PERMITTED, "Your role does not allow adding to this record.")
        self._source()
        return SourceScope(self.actor, self.purpose, self.actor.organisation, scope.may_write)

    def disclose(self, people: Mapping[UUID, Iterable[int]]) -> None:
        """Audit that resources of these people, in these compartments of the open source, are in the answer.

        Raises:
            ValueError: no source is open in this session.
        """
        if not self._sourced:
            raise ValueError("Only what an open source holds is disclosed this way.")
        for person_id, compartments in people.items():
            known = self._subjects.get(person_id)
            shown = {*compartments, *(known.compartments if known else ())}
            self._subjects[person_id] = audit.Subject(person_id, tuple(sorted(shown)), "allowed")

    def _source(self) -> None:
        opening, self._unconfirmed = self._opening(), None
        with prepared() as cursor:
            cursor.execute(
                "SELECT access_confirm(%s::jsonb), set_config('commonweal.source', %s, true)"
                if opening is not None
                else "SELECT %s::text, set_config('commonweal.source', %s, true)",
                [opening, self.actor.organisation],
            )
        self._sourced = True

    def _disclose(self, scope: Scope, compartments: Iterable[int]) -> None:
        self._allowed += 1
        self._subjects[scope.person_id] = audit.Subject(scope.person_id, tuple(compartments), "allowed")

    def _context(
        self, compartments: Iterable[int], categories: Iterable[str], shut: Iterable[tuple[int, str]] = ()
    ) -> None:
        with prepared() as cursor:
            cursor.execute(
                "SELECT set_config('commonweal.compartments', %s, true), "
                "set_config('commonweal.categories', %s, true), set_config('commonweal.shut', %s, true)",
                [
                    ",".join(map(str, sorted(compartments))),
                    ",".join(sorted(categories)),
                    ",".join(f"{compartment}:{category}" for compartment, category in sorted(shut)),
                ],
            )

    def _facts(self, compartments: Mapping[int, str]) -> dict[int, list[Fact]]:
        """What holds now between the actor and each of ``compartments`` and their sources, in one query."""
        return facts(self.actor.organisation, self.actor.key, compartments, self.purpose, self.now)


def session(
    actor: Actor,
    purpose: Purpose,
    action: str,
    target: str = "",
    reason: str = "",
    *,
    pipelined: bool = False,
    token: str = "",
) -> AccessSession:
    """Open an access session: ``with session(actor, purpose, "record.read", "Condition") as s: ...``.

    ``action`` and ``target`` are what the audit will say was done, and to what: never person data. ``pipelined``:
    statements whose rows nobody reads are not waited for one by one, and what is wrong with one is raised at the
    next that is; COPY cannot be used. ``token``: the digest by which ``actor`` is presumed, to be confirmed before
    anything is disclosed or kept (raises ``NotAsPresumed``).
    """
    return AccessSession(actor, purpose, action, target, reason, pipelined, token)
