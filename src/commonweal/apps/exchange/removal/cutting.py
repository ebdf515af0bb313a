"""Taking one person's lines out of a landed file of many: a new copy without them, then the old one's key.

A line is emptied and not left out, so that every other line keeps its number: receipts, quarantine and replay go on
as they were. The new copy is on the disk and the receipt points at it before the old key is destroyed.
"""

import io
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import BinaryIO

from django.db import transaction

from commonweal.apps.exchange import analysis, landing, mappings
from commonweal.apps.exchange.floor import alone, landing_floor, opened
from commonweal.apps.exchange.models import MeshReceived, Receipt
from commonweal.apps.exchange.reading import MESSAGES, reader
from commonweal.apps.exchange.removal.wanted import Wanted, Words
from commonweal.feeds import adt, hl7v2
from commonweal.feeds.types import Problem

_LINE = 1 << 20  # bytes of a line read at once; a longer line comes in several parts
Spans = list[tuple[int, int | None]]  # first line, and the line after the last or None for the end


@dataclass(frozen=True, slots=True)
class Cut:
    """What became of one landed file: how many rows or messages went, and the copy to be destroyed."""

    rows: int
    former: str = ""


def lines(receipt: Receipt, wanted: Wanted) -> Spans:
    """(first line, line after the last or None for the end) of each row or message of ``receipt`` that is to go."""
    names = names_in(receipt.source, receipt.feed, wanted)
    with opened(receipt) as stream:
        found = list(_marked(receipt, stream, wanted, names))
        starts, gone = [line for line, _ in found], {line for line, theirs in found if theirs}
        unread = {line for line, theirs in found if theirs is None} - gone
        if unread:
            stream.seek(0)
            gone |= _holding(stream, spans(starts, unread), names, receipt.feed in MESSAGES)
    return spans(starts, gone)


def names_in(source: str, feed: str, wanted: Wanted) -> Words:
    """What names the person in a file; in a commissioning file no local number does, as its rows are many sources'."""
    return wanted.search("" if mappings.for_analysis(feed) else source)


def spans(starts: Iterable[int], gone: Collection[int]) -> Spans:
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


def _marked(receipt: Receipt, stream: BinaryIO, wanted: Wanted, names: Words) -> Iterator[tuple[int, bool | None]]:
    """(line, whether it is to go) of everything in the file, in order; None: its lines are to be searched.

    A reader gives only the beginning of what is too long for it.
    """
    people = wanted.people.get(receipt.source, frozenset())
    if receipt.feed in MESSAGES:
        for line, raw in hl7v2.messages(stream):
            yield line, _theirs(raw, people, names) or (None if isinstance(raw, hl7v2.Cut) else False)
        return
    if mappings.for_analysis(receipt.feed):
        yield from analysis.lines_of(receipt, stream, wanted.numbers)
        return
    for item in reader(receipt.feed, plan=mappings.plan_of(receipt))(stream, receipt.source, 1):
        if isinstance(item, Problem):
            yield item.line, None
        else:
            yield item.line, item.local_person in people or (item.type, item.id) in wanted.keys


def _holding(stream: BinaryIO, where: Spans, names: Words, messages: bool) -> set[int]:
    """The first lines of those of the spans in which a word stands."""
    firsts = [first for first, _ in where]

    def span(numbered: tuple[int, bytes]) -> int | None:
        at = bisect_right(firsts, numbered[0]) - 1
        after = where[at][1]
        return firsts[at] if at >= 0 and (after is None or numbered[0] < after) else None

    return {
        first
        for first, parts in groupby(_numbered(stream, messages), span)
        if first is not None and names.told(part for _, part in parts)
    }


def _theirs(raw: bytes, people: frozenset[str], names: Words) -> bool:
    """Whether a message is about one of these people, or names one as merged away, or cannot be read and does."""
    for item in adt.split(io.BytesIO(raw)):
        if isinstance(item, adt.RawMessage) and not people.isdisjoint((item.mrn, *item.also)):
            return True
    return names.named(raw)


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


def without(receipt: Receipt, gone: Spans, done: Callable[[str], None]) -> str:
    """Store a copy of the receipt's file with these lines emptied; the name of the copy it had."""
    former = receipt.held or receipt.sha256
    with opened(receipt) as stream:
        kept = landing.store(emptied(stream, gone, receipt.feed in MESSAGES), landing_floor())
    with transaction.atomic():
        done(former)
        Receipt.objects.filter(pk=receipt.pk).update(held=kept.sha256)
    receipt.held = kept.sha256
    return former


def emptied(stream: BinaryIO, gone: Spans, messages: bool) -> Iterator[bytes]:
    """The file's bytes, of the lines to go only their ends."""
    spans = iter(gone)
    span = next(spans, None)
    held = bytearray()
    for number, part in _numbered(stream, messages):
        while span is not None and span[1] is not None and number >= span[1]:
            span = next(spans, None)
        theirs = span is not None and number >= span[0]
        end = _end(part)
        held += part[len(part) - len(end) :] if theirs else part
        if len(held) >= _LINE:
            yield bytes(held)
            held.clear()
    yield bytes(held)


def _numbered(stream: BinaryIO, messages: bool) -> Iterator[tuple[int, bytes]]:
    """(line, part) of the file's lines, each in as many parts as it is long."""
    number = 1
    for part in _parts(stream, messages):
        yield number, part
        number += bool(_end(part))


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
