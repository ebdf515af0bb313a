"""Landing: file → immutable copy → receipt → batches → record and quarantine; and replay after a fix.

Each batch is one transaction that writes the resources, the refusals and the place to go on from, so that a
landing stopped anywhere is finished by the same command, to the same state. A session lock keeps two
processes off one receipt.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from commonweal.apps.access.api import prepared
from commonweal.apps.exchange import analysis, beside, changes, conforming, landing, mappings, messages
from commonweal.apps.exchange.arriving import check_numbering, expand
from commonweal.apps.exchange.floor import alone, landing_floor, opened
from commonweal.apps.exchange.models import Quarantine, Receipt
from commonweal.apps.exchange.reading import (
    MESSAGES,
    RESOURCES,
    Batch,
    Judge,
    ahead,
    batches,
    check_feed,
    nature,
    no_cycle_search,
)
from commonweal.apps.exchange.removal import cutting
from commonweal.apps.record import api as record
from commonweal.feeds import sealing
from commonweal.feeds.mapped.reading import Plan
from commonweal.feeds.types import Problem

REMOVED = "lawfully-removed"
DEFERRED = 32 << 20  # bytes of a file from which search indexing may be deferred
Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Tally:
    """Lines (or messages) of a batch: ``read`` is always the sum of the other three."""

    read: int = 0
    accepted: int = 0
    duplicate: int = 0
    quarantined: int = 0
    resources: int = 0


def land(
    feed: str,
    paths: Sequence[Path | str],
    source: str,
    progress: Progress | None = None,
    *,
    same_numbering: bool = False,
) -> dict[str, Any]:
    """Land files of one feed from one source (its ODS code).

    Returns ``{read, accepted, duplicate, quarantined, resources, seconds, files: [...]}``: lines of the files,
    or messages of an ADT file; ``resources`` is how many resources were new or changed. A folder stands for
    every file in it. ``progress(name, bytes_done, bytes_total)`` is called as each file goes. A compartment is
    (source, local id): ``same_numbering`` is the source's word that a second feed numbers people as its first.

    Raises:
        UnknownFeed, MissingFile, NumberedApart, NoMapping, MappingFault: before anything is touched.
    """
    check_feed(feed)
    started = perf_counter()
    found = expand(paths)
    if mappings.kind_of(feed) is not None:
        mappings.current(feed, source)
    check_numbering(feed, source, same_numbering)
    with no_cycle_search():
        files = [_land_one(feed, path, source, progress) for path in found]
    total = {name: sum(item[name] for item in files) for name in Tally.__slots__}
    record.refresh_statistics()
    return {**total, "seconds": round(perf_counter() - started, 3), "files": files}


def _land_one(feed: str, path: Path, source: str, progress: Progress | None) -> dict[str, Any]:
    landed = _keep(path, source, feed)
    Receipt.objects.bulk_create(
        [
            Receipt(
                source=source,
                feed=feed,
                sha256=landed.sha256,
                name=path.name[:255],
                size=landed.size,
                received_at=settings.COMMONWEAL_NOW(),
            )
        ],
        ignore_conflicts=True,
    )
    receipt = Receipt.objects.get(source=source, feed=feed, sha256=landed.sha256)
    with alone(receipt.pk):
        receipt.refresh_from_db()
        if receipt.state == "landed":
            # Everything in it is already here: each line counts as a duplicate and nothing changes.
            return _summary(receipt, path, read=receipt.read, duplicate=receipt.read)
        _finish(receipt, progress)
        receipt.refresh_from_db()
    return _summary(
        receipt,
        path,
        read=receipt.read,
        accepted=receipt.accepted,
        duplicate=receipt.duplicate,
        quarantined=receipt.quarantined,
        resources=receipt.resources,
    )


def _keep(path: Path, source: str, feed: str) -> landing.Landed:
    """See the file to the landing floor, unless it has landed: what was removed from its copy must not come back."""
    floor = landing_floor()
    sha256 = sealing.checksum(path)
    before = Receipt.objects.filter(source=source, feed=feed, sha256=sha256).first()
    if before and (before.held or (before.state == "landed" and landing.readable(floor, sha256))):
        return landing.Landed(landing.where(floor, sha256), sha256, before.size)
    return landing.keep(path, floor)


def _summary(receipt: Receipt, path: Path, **counted: int) -> dict[str, Any]:
    zero = dict.fromkeys(Tally.__slots__, 0)
    return {"file": path.name, "receipt": receipt.pk, "sha256": receipt.sha256, **zero, **counted}


def _finish(receipt: Receipt, progress: Progress | None) -> None:
    """Read the file from where the receipt stands to its end."""
    if receipt.feed in MESSAGES:
        with opened(receipt) as stream:
            for pile in messages.piles(stream, receipt.cursor):
                _again(partial(store_messages, receipt, pile))
                _tell(progress, receipt, pile.position)
    elif mappings.for_analysis(receipt.feed):
        _finish_analysis(receipt)
    else:
        judge = conforming.judge(receipt)
        read = partial(_read, receipt, nature(receipt.feed, receipt.source), mappings.plan_of(receipt), judge)
        if judge is not None:
            made = conforming.counted(read(), judge)
        else:
            made = ahead(beside.beside(read) if beside.worth(receipt.size) else read())
        with record.deferred_indexing(receipt.size >= DEFERRED and receipt.feed in RESOURCES):
            for batch in made:
                _again(partial(_store, receipt, batch))
                _tell(progress, receipt, batch.position)
    _cut_what_was_removed(receipt)
    now = settings.COMMONWEAL_NOW()
    with transaction.atomic():
        Receipt.objects.filter(pk=receipt.pk).update(state="landed", landed_at=now)
        if not mappings.for_analysis(receipt.feed):
            record.heard_from(receipt.source, receipt.feed, receipt.received_at)
    _tell(progress, receipt, receipt.size)


def _finish_analysis(receipt: Receipt) -> None:
    """A commissioning file in one piece: its rows through the door first, then what became of them."""
    version = mappings.of_receipt(receipt)
    if receipt.cursor > 1:
        return  # stopped between the two: everything is there
    passed, problems = analysis.pass_through(receipt, version.plan)
    bad = {problem.line for problem in problems}
    with transaction.atomic():
        tally = Tally(len(passed) + len(bad), len(passed), 0, len(bad), 0)
        _record_batch(receipt, problems, tally, max(passed | bad, default=1) + 1)


def _cut_what_was_removed(receipt: Receipt) -> None:
    """Leave out of the landed copy what was lawfully removed before and came again in this file."""
    again = set(Quarantine.objects.filter(receipt=receipt, rule=REMOVED).values_list("line", flat=True))
    if again and receipt.feed not in MESSAGES:
        cutting.cut_numbered(receipt, again)
        cutting.destroy([receipt.sha256])


def _read(receipt: Receipt, shared_as: str, plan: Plan | None, judge: Judge | None = None) -> Iterator[Batch]:
    """The batches of a receipt's file from where it stands; asks no database but what ``judge`` asks."""
    with opened(receipt) as stream:
        at = receipt.cursor
        yield from batches(receipt.feed, stream, receipt.source, at, nature=shared_as, plan=plan, judge=judge)


def _tell(progress: Progress | None, receipt: Receipt, position: int) -> None:
    if progress is not None:
        progress(receipt.name, position, receipt.size)


def _again(store: Callable[[], object]) -> None:
    """Run a batch's transaction, again if another source's landing took one of its keys meanwhile."""
    for last in (False, False, True):
        try:
            store()
        except IntegrityError:
            if last:
                raise
        else:
            return


def _store(receipt: Receipt, batch: Batch) -> None:
    """One batch of rows, whole or not at all."""
    with transaction.atomic():
        counts = record.write(receipt.source, receipt.feed, batch.prepared, receipt.pk)
        changes.note_stored(receipt.source, receipt.feed, batch.prepared)
        problems = batch.problems + _refusals(counts, batch)
        bad = {problem.line for problem in problems}
        tally = Tally(
            read=len(batch.lines),
            accepted=len(counts.stored - bad),
            quarantined=len(bad),
            resources=counts.accepted + counts.updated,
        )
        tally.duplicate = tally.read - tally.accepted - tally.quarantined
        _record_batch(receipt, problems, tally, batch.next_line, batch.filled)
        conforming.keep(receipt, batch)


def store_messages(receipt: Receipt, pile: messages.Pile) -> messages.Outcome:
    """One pile of messages, whole or not at all, and what became of it."""
    with transaction.atomic(savepoint=False):
        outcome = messages.store(receipt, pile)
        tally = Tally(
            read=outcome.read,
            accepted=outcome.read - outcome.duplicate - len({problem.line for problem in outcome.problems}),
            duplicate=outcome.duplicate,
            quarantined=len({problem.line for problem in outcome.problems}),
            resources=outcome.resources,
        )
        _record_batch(receipt, outcome.problems, tally, pile.next_line, outcome.filled)
    return outcome


def _refusals(counts: record.Counts, batch: Batch) -> list[Problem]:
    """What the record would not take, with its line; of what was lawfully removed only that it came again."""
    raw = batch.prepared.bodies({item.line for item in counts.refused}) if counts.refused else {}
    return [
        Problem(item.line, item.field, item.rule, "", item.message, b"")
        if item.rule == REMOVED
        else Problem(item.line, item.field, item.rule, item.value, item.message, raw.get(item.line, b""))
        for item in counts.refused
    ]


# Every message moves its receipt on: one statement, planned once. What is filled in is added to what was.
_MOVED = """
UPDATE exchange_receipt SET cursor = %s, read = read + %s, accepted = accepted + %s, duplicate = duplicate + %s,
    quarantined = quarantined + %s, resources = resources + %s,
    filled = filled || coalesce((
        SELECT jsonb_object_agg(said.key, coalesce((filled ->> said.key)::bigint, 0) + said.value::bigint)
        FROM jsonb_each_text(%s::jsonb) AS said), '{}')
WHERE id = %s
"""


def _record_batch(
    receipt: Receipt, problems: Sequence[Problem], tally: Tally, next_line: int, filled: Counter[str] | None = None
) -> None:
    """Quarantine what was refused and move the receipt on, in the batch's own transaction."""
    if problems:
        quarantine(receipt, problems)
    with prepared() as cursor:
        cursor.execute(
            _MOVED,
            [
                next_line, tally.read, tally.accepted, tally.duplicate, tally.quarantined, tally.resources,
                orjson.dumps(filled or {}).decode(), receipt.pk,
            ],
        )  # fmt: skip


def quarantine(receipt: Receipt, problems: Sequence[Problem]) -> None:
    """Keep what was refused, with the reason. U+0000 is shown as its escape: PostgreSQL text cannot hold it."""
    now = settings.COMMONWEAL_NOW()
    Quarantine.objects.bulk_create(
        [
            Quarantine(
                receipt=receipt,
                line=problem.line,
                field=_text(problem.field),
                rule=_text(problem.rule),
                value=_text(problem.value),
                message=_text(problem.message),
                raw=problem.raw,
                created_at=now,
            )
            for problem in problems
        ],
        batch_size=1000,
    )


def _text(value: str) -> str:
    return value.replace("\x00", "\\u0000").encode("utf-8", "backslashreplace").decode()


def replay(receipt_id: int) -> dict[str, Any]:
    """Read a receipt's quarantined lines again, after a mapping or a rule was mended.

    The landed file is read again and only those lines are taken. A line that passes is stored and marked as
    replayed; one that does not stays as it is. A resource of which a later version has arrived meanwhile keeps
    it. Returns ``{read, accepted, duplicate, quarantined, resources}`` of the lines replayed.
    """
    receipt = Receipt.objects.get(pk=receipt_id)
    total = Tally()
    with alone(receipt.pk):
        waiting = Quarantine.objects.filter(receipt=receipt, replayed_at__isnull=True)
        lines = frozenset(waiting.values_list("line", flat=True))
        if lines:
            with opened(receipt) as stream:
                if mappings.for_analysis(receipt.feed):
                    passed, _ = analysis.pass_through(receipt, mappings.current(receipt.feed, receipt.source).plan)
                    with transaction.atomic():
                        _mend(receipt, set(lines), set(lines) - passed, passed, 0, total)
                elif receipt.feed in MESSAGES:
                    for pile in messages.piles(stream, 1, lines):
                        _replay_messages(receipt, pile, total)
                else:
                    shared_as, plan = nature(receipt.feed, receipt.source), mappings.plan_today(receipt)
                    judge = conforming.judge(receipt, settings.COMMONWEAL_NOW().date())
                    for batch in batches(receipt.feed, stream, receipt.source, 1, lines, shared_as, plan, judge):
                        _replay_rows(receipt, batch, total)
    return {name: getattr(total, name) for name in Tally.__slots__}


def _replay_rows(receipt: Receipt, batch: Batch, total: Tally) -> None:
    with transaction.atomic():
        counts = record.write(receipt.source, receipt.feed, batch.prepared, receipt.pk, replay=True)
        changes.note_stored(receipt.source, receipt.feed, batch.prepared)
        bad = {problem.line for problem in batch.problems} | {item.line for item in counts.refused}
        _mend(receipt, batch.lines, bad, counts.stored, counts.accepted + counts.updated, total)


def _replay_messages(receipt: Receipt, pile: messages.Pile, total: Tally) -> None:
    with transaction.atomic():
        outcome = messages.store(receipt, pile, again=True)
        bad = {problem.line for problem in outcome.problems}
        _mend(receipt, pile.lines, bad, pile.lines - outcome.same, outcome.resources, total)


def _mend(receipt: Receipt, lines: set[int], bad: set[int], stored: set[int], resources: int, total: Tally) -> None:
    """Move the lines that now pass from quarantined to accepted or duplicate, here and on the receipt."""
    good = lines - bad
    accepted = len(good & stored)
    Quarantine.objects.filter(receipt=receipt, line__in=good, replayed_at__isnull=True).update(
        replayed_at=settings.COMMONWEAL_NOW()
    )
    Receipt.objects.filter(pk=receipt.pk).update(
        accepted=F("accepted") + accepted,
        duplicate=F("duplicate") + len(good) - accepted,
        quarantined=F("quarantined") - len(good),
        resources=F("resources") + resources,
    )
    total.read += len(lines)
    total.accepted += accepted
    total.duplicate += len(good) - accepted
    total.quarantined += len(bad)
    total.resources += resources
