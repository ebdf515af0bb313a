"""Storing what came over MLLP: a group of messages in the journal, then in the record, and only then a verdict.

One fsync and one transaction serve as many messages as came while the last group was stored. What a crash left in a
journal without a verdict is applied when the listener starts again; what the sender sends again meanwhile is met as a
duplicate. A database that is away is waited for: the messages are safe, and their senders are not answered until then.
"""

import io
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TypeVar

from django.conf import settings
from django.db import Error, InterfaceError, OperationalError, connection, transaction

from commonweal.apps.access.api import prepared
from commonweal.apps.exchange import actions, floor, landing, messages
from commonweal.apps.exchange.listening import journal
from commonweal.apps.exchange.models import Quarantine, Receipt
from commonweal.apps.record import api as record
from commonweal.feeds import adt
from commonweal.feeds.hl7v2 import starts
from commonweal.feeds.hl7v2_answers import Fault
from commonweal.feeds.hl7v2_batches import enveloped
from commonweal.feeds.types import Problem

log = logging.getLogger(__name__)
FEED = "adt"
JOURNAL_BYTES = 64 << 20
JOURNAL_SECONDS = 900.0  # a journal is closed into a landed file after this long, or when it is this large
_PATIENCE = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)  # seconds between attempts while the database is away; the last repeats
# SQLSTATEs that psycopg counts as operational and that are about what was asked: asking again would be for ever.
# https://www.postgresql.org/docs/current/errcodes-appendix.html, class 54: program limit exceeded
_OURS = frozenset(("54000", "54001", "54011", "54023"))
_FIELD = re.compile(r"[A-Z][A-Z0-9]{2}-\d+")
Pause = Callable[[float], None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message whose sender is known: ``raw`` without framing, ``source`` the ODS code."""

    raw: bytes
    source: str


@dataclass(slots=True)
class _Open:
    """A journal being written, its receipt, and when it was begun."""

    journal: journal.Journal
    receipt: Receipt
    since: float


def single(raw: bytes) -> bool:
    """Whether ``raw`` is one message and nothing else, so that the journal can be read back as it was written."""
    return starts(raw) == [0] and not enveloped(raw)


class Store:
    """Used by one thread, which has the database connection. ``pause`` waits some seconds, unless told to stop."""

    def __init__(self, pause: Pause) -> None:
        self._pause = pause
        self._floor = floor.landing_floor()
        self._folder = self._floor / "journal"
        self._keys = landing.keys_of(self._floor)
        self._open: dict[str, _Open] = {}

    def take(self, arrived: Sequence[Arrived]) -> list[list[Fault]]:
        """See messages to the journal and the record; what is wrong with each, in their order (nothing: taken)."""
        verdicts: list[list[Fault]] = [[] for _ in arrived]
        by_source: dict[str, list[int]] = {}
        for index, one in enumerate(arrived):
            by_source.setdefault(one.source, []).append(index)
        for source, indexes in by_source.items():
            raws = [arrived[index].raw for index in indexes]
            try:
                opened = self._patiently(partial(self._current, source))
                lines = opened.journal.append(raws)
            except OSError:
                log.exception("a journal cannot be written")
                fault = Fault("", "not-applied", "it cannot be kept now; send it again")
                for index in indexes:
                    verdicts[index] = [fault]
                continue
            pile = _pile(lines, raws)
            unplaced = {problem.line for problem in pile.problems}
            said = self._store(opened.receipt, pile)
            for index, line in zip(indexes, lines, strict=True):
                verdicts[index] = [_fault(problem, line in unplaced) for problem in said.get(line, [])]
        return verdicts

    def recover(self) -> int:
        """Apply what dead listeners left in their journals, and close them; how many journals there were."""
        found = 0
        for path in sorted(self._folder.glob(f"{journal.PREFIX}*")) if self._folder.is_dir() else []:
            if not journal.abandoned(path):
                continue
            found += 1
            receipt = Receipt.objects.filter(sha256=path.name).first()
            if receipt is None:  # killed before its receipt, or after it was closed and before it was removed
                journal.destroy(path, self._keys)
                continue
            stream = io.BytesIO(b"".join(journal.blocks(path, self._keys)))
            for pile in messages.piles(stream, receipt.cursor):
                self._store(receipt, pile)
            self._close(receipt, path)
        return found

    def rotate(self, *, everything: bool = False) -> None:
        """Close the journals that are old or large enough, or that a removal waits for, or all."""
        for source, opened in list(self._open.items()):
            old = monotonic() - opened.since > JOURNAL_SECONDS or opened.journal.size > JOURNAL_BYTES
            if everything or old or journal.asked_to_close(opened.journal.path):
                del self._open[source]
                try:
                    self._patiently(partial(self._close, opened.receipt, opened.journal.path))
                finally:
                    opened.journal.close()  # only now may another process take it up

    def _current(self, source: str) -> _Open:
        """The journal of a source, begun if there is none."""
        if source not in self._open:
            fresh = journal.Journal(self._folder, self._keys)
            now = settings.COMMONWEAL_NOW()
            try:
                receipt = Receipt.objects.create(
                    source=source, feed=FEED, sha256=fresh.name, name=f"mllp {now:%Y-%m-%d %H.%M.%S}", size=0,
                    received_at=now,
                )  # fmt: skip
            except Error:
                fresh.close()
                journal.destroy(fresh.path, self._keys)
                raise
            self._open[source] = _Open(fresh, receipt, monotonic())
        return self._open[source]

    def _close(self, receipt: Receipt, path: Path) -> None:
        """Make the landed file of a journal: kept, then named by the receipt, then the journal goes."""
        landed = landing.store(journal.blocks(path, self._keys), self._floor)
        now = settings.COMMONWEAL_NOW()
        with transaction.atomic():
            if landed.size == 0:
                Receipt.objects.filter(pk=receipt.pk).update(state="landed", landed_at=now, size=0)
            elif (
                Receipt.objects.filter(source=receipt.source, feed=FEED, sha256=landed.sha256)
                .exclude(pk=receipt.pk)
                .exists()
            ):
                # The same messages in the same order as another file: the journal's own name stays its key.
                Receipt.objects.filter(pk=receipt.pk).update(
                    state="landed", landed_at=now, size=landed.size, held=landed.sha256
                )
            else:
                Receipt.objects.filter(pk=receipt.pk).update(
                    state="landed", landed_at=now, size=landed.size, sha256=landed.sha256
                )
            record.heard_from(receipt.source, FEED, now)
        journal.destroy(path, self._keys)

    def _store(self, receipt: Receipt, pile: messages.Pile) -> dict[int, list[Problem]]:
        """Apply a pile, waiting for the database; a message that alone cannot be applied is set aside."""
        try:
            return self._patiently(partial(_applied, receipt, pile))
        except Exception:
            log.exception("a group of messages could not be applied; each is tried alone")
        said: dict[int, list[Problem]] = {}
        for one in _singles(pile):
            try:
                said |= self._patiently(partial(_applied, receipt, one))
            except Exception as error:
                log.exception("a message could not be applied and was set aside")
                (raw,) = [item.raw for item in (*one.messages, *one.problems)]
                text = f"it is kept and was not applied ({type(error).__name__}); tell whoever runs this system"
                one.problems = [Problem(min(one.lines), "", "not-applied", "", text, raw)]
                one.messages = []
                said |= self._patiently(partial(_applied, receipt, one))
        return said

    def _patiently(self, work: Callable[[], T]) -> T:
        """The result of ``work``, tried again for as long as the database is away."""
        attempt = 0
        while True:
            try:
                return work()
            except (OperationalError, InterfaceError) as error:
                if getattr(error.__cause__, "sqlstate", None) in _OURS:
                    raise
                connection.close()
                log.warning("the database is away (%s); waiting for it", type(error).__name__)
                self._pause(_PATIENCE[min(attempt, len(_PATIENCE) - 1)])
                attempt += 1


def _applied(receipt: Receipt, pile: messages.Pile) -> dict[int, list[Problem]]:
    """Apply a pile in one transaction; the problems of each line. Nothing happens where it was applied before."""
    with transaction.atomic():
        with prepared() as locking:
            locking.execute("SELECT cursor FROM exchange_receipt WHERE id = %s FOR UPDATE", [receipt.pk])
            reached = locking.fetchone()[0]
        if reached >= pile.next_line:  # committed, and the answer was lost with the connection
            rows = Quarantine.objects.filter(receipt=receipt, line__in=pile.lines)
            found = [
                Problem(q.line, q.field, q.rule, q.value, q.message, b"") for q in rows.defer("raw").order_by("pk")
            ]
        else:
            found = list(actions.store_messages(receipt, pile).problems)
    said: dict[int, list[Problem]] = {}
    for problem in found:
        said.setdefault(problem.line, []).append(problem)
    return said


def _pile(lines: Sequence[int], raws: Sequence[bytes]) -> messages.Pile:
    pile = messages.Pile(next_line=lines[-1] + 1, lines=set(lines))
    for line, raw in zip(lines, raws, strict=True):
        item = adt.placed(line, raw)
        if isinstance(item, Problem):
            pile.problems.append(item)
        else:
            pile.messages.append(item)
    return pile


def _singles(pile: messages.Pile) -> list[messages.Pile]:
    """The same messages, each a pile of its own, in order of line."""
    found = []
    for item in sorted([*pile.messages, *pile.problems], key=lambda item: item.line):
        one = messages.Pile(next_line=item.line + 1, lines={item.line})
        (one.problems if isinstance(item, Problem) else one.messages).append(item)
        found.append(one)
    return found


def _fault(problem: Problem, unplaced: bool) -> Fault:
    """What to tell the sender: a field that was refused while the rest of its message was taken is a warning."""
    taken = not unplaced and problem.rule != "control-id-reused" and _FIELD.fullmatch(problem.field) is not None
    return Fault(problem.field, problem.rule, problem.message, warning=taken)
