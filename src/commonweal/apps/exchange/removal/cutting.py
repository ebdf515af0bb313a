"""Taking one person's lines out of a landed file of many: a new copy without them, then the old one's key.

A line is emptied and not left out, so that every other line keeps its number: receipts, quarantine and replay go on
as they were. The new copy is on the disk and the receipt points at it before the old key is destroyed.
"""

import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from django.db import transaction

from commonweal.apps.exchange import analysis, landing, mappings
from commonweal.apps.exchange.floor import alone, landing_floor, opened
from commonweal.apps.exchange.models import MeshReceived, Receipt
from commonweal.apps.exchange.reading import MESSAGES, reader
from commonweal.feeds import adt, hl7v2
from commonweal.feeds.types import Problem

_LINE = 1 << 20  # bytes of a line read at once; a longer line comes in several parts
_SHORT = 4  # characters: a shorter word stands in lines about anybody


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to go: local people by source, resources by (type, id), and words that only their lines hold."""

    people: dict[str, frozenset[str]] = field(default_factory=dict)
    keys: frozenset[tuple[str, str]] = frozenset()
    words: frozenset[str] = frozenset()

    def pattern(self) -> re.Pattern[bytes] | None:
        """Any of the words, standing alone."""
        words = sorted(word for word in self.words if len(word) >= _SHORT)
        if not words:
            return None
        return re.compile(
            b"(?<![A-Za-z0-9])(?:" + b"|".join(re.escape(w.encode()) for w in words) + b")(?![A-Za-z0-9])"
        )


@dataclass(frozen=True, slots=True)
class Cut:
    """What became of one landed file: how many rows or messages went, and the copy to be destroyed."""

    rows: int
    former: str = ""


def lines(receipt: Receipt, wanted: Wanted) -> list[tuple[int, int | None]]:
    """(first line, line after the last or None for the end) of each row or message of ``receipt`` that is to go."""
    with opened(receipt) as stream:
        found = list(_marked(receipt, stream, wanted))
    return spans([line for line, _ in found], {line for line, theirs in found if theirs})


def spans(starts: Iterable[int], gone: Collection[int]) -> list[tuple[int, int | None]]:
    """The rows that begin at the lines ``gone``, each up to where the next row of all begins."""
    ordered = sorted(set(starts))
    after = dict(zip(ordered, [*ordered[1:], None], strict=True))
    return [(line, after[line]) for line in sorted(gone)]


def cut_numbered(receipt: Receipt, numbers: Collection[int]) -> None:
    """Replace the landed copy of ``receipt`` by one without the rows that begin at these lines, those still there."""
    with opened(receipt) as stream:
        starts = [item.line for item in reader(receipt.feed, plan=mappings.plan_of(receipt))(stream, receipt.source, 1)]
    gone = set(numbers).intersection(starts)
    if gone:
        without(receipt, spans(starts, gone), lambda former: None)


def _marked(receipt: Receipt, stream: BinaryIO, wanted: Wanted) -> Iterator[tuple[int, bool]]:
    """(line, whether it is to go) of everything in the file, in order."""
    people, words = wanted.people.get(receipt.source, frozenset()), wanted.pattern()
    if receipt.feed in MESSAGES:
        for line, raw in hl7v2.messages(stream):
            yield line, _theirs(raw, people, words)
        return
    if mappings.for_analysis(receipt.feed):
        yield from analysis.lines_of(receipt, stream, wanted.words)
        return
    for item in reader(receipt.feed, plan=mappings.plan_of(receipt))(stream, receipt.source, 1):
        if isinstance(item, Problem):
            yield item.line, bool(words and words.search(item.raw))
        else:
            yield item.line, item.local_person in people or (item.type, item.id) in wanted.keys


def _theirs(raw: bytes, people: frozenset[str], words: re.Pattern[bytes] | None) -> bool:
    """Whether a message is about one of these people, or names one as merged away, or cannot be read and does."""
    for item in adt.split(io.BytesIO(raw)):
        if isinstance(item, adt.RawMessage) and not people.isdisjoint((item.mrn, *item.also)):
            return True
    return bool(words and words.search(raw))


def cut(receipt: Receipt, wanted: Wanted, done: Callable[[str], None]) -> Cut:
    """Replace the landed copy of ``receipt`` by one without what is wanted gone; nothing happens if it has none.

    ``done(former)`` is called in the transaction that points the receipt at the new copy.
    """
    with alone(receipt.pk):
        receipt.refresh_from_db()
        name = receipt.held or receipt.sha256
        if not landing.readable(landing_floor(), name):
            return Cut(0)
        gone = lines(receipt, wanted)
        if not gone:
            return Cut(0)
        return Cut(len(gone), without(receipt, gone, done))


def without(receipt: Receipt, gone: list[tuple[int, int | None]], done: Callable[[str], None]) -> str:
    """Store a copy of the receipt's file with these lines emptied; the name of the copy it had."""
    former = receipt.held or receipt.sha256
    with opened(receipt) as stream:
        kept = landing.store(emptied(stream, gone, receipt.feed in MESSAGES), landing_floor())
    with transaction.atomic():
        done(former)
        Receipt.objects.filter(pk=receipt.pk).update(held=kept.sha256)
    receipt.held = kept.sha256
    return former


def emptied(stream: BinaryIO, gone: list[tuple[int, int | None]], messages: bool) -> Iterator[bytes]:
    """The file's bytes, of the lines to go only their ends."""
    spans = iter(gone)
    span = next(spans, None)
    number = 1
    held = bytearray()
    for part in _parts(stream, messages):
        while span is not None and span[1] is not None and number >= span[1]:
            span = next(spans, None)
        theirs = span is not None and number >= span[0]
        end = _end(part)
        held += part[len(part) - len(end) :] if theirs else part
        number += bool(end)
        if len(held) >= _LINE:
            yield bytes(held)
            held.clear()
    yield bytes(held)


def _parts(stream: BinaryIO, messages: bool) -> Iterator[bytes]:
    """Lines with their ends. In messages a carriage return ends a line too."""
    while part := stream.readline(_LINE):
        if not messages:
            yield part
            continue
        if part.endswith(b"\r"):
            part += stream.read(1)  # so that no CRLF is cut in two
        yield from part.splitlines(keepends=True)


def _end(part: bytes) -> bytes:
    return b"\r\n" if part.endswith(b"\r\n") else part[-1:] if part[-1:] in (b"\n", b"\r") else b""


def destroy(names: Collection[str]) -> None:
    """Destroy those of these copies that nothing needs."""
    for name in sorted(names):
        if not needed(name):
            landing.destroy(landing_floor(), name)


def needed(name: str) -> bool:
    """Whether some receipt's file, or a message set aside, is the copy of this name: others may have sent the same."""
    if MeshReceived.objects.filter(sha256=name, state=MeshReceived.State.ASIDE).exists():
        return True
    return Receipt.objects.filter(held=name).exists() or Receipt.objects.filter(sha256=name, held="").exists()
