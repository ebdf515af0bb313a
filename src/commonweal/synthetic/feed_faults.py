"""Lines that landing must set aside, planted among the sound ones: what no feed is free of in life.

Each is an extra line, made from a copy of the sound line before it and with a reference of its own where it has one.
So taking all of them away leaves what the truth is written from, and taking any of them in would be seen against it.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from commonweal.synthetic import community, mental_health, social_care
from commonweal.synthetic.columns import Stream, Streams, identifiers
from commonweal.synthetic.rates import FEED_FAULTS, FeedFault
from commonweal.synthetic.sink import Sink

FEEDS = ("gp", "adt", "cld", "mh", "community")
CUT_OFF_AT = 0.6  # of the line
_OBSERVATION = '{"resourceType":"Observation"'
_CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class Planted:
    """One planted line: where it begins (line ends counted as the reader does, from 1), what it is, and the rule that
    must set it aside."""

    source: str
    feed: str
    path: str
    line: int
    kind: str
    rule: str


class Faults:
    """When the next fault of each kind of one feed is due, over all the feed's files in the order written."""

    def __init__(self, streams: Streams, feed: str, people: int) -> None:
        self._rng = streams.of(Stream.FEED_FAULTS, FEEDS.index(feed))
        self._left = {  # rows that can carry it, before the next
            fault: int(self._rng.integers(min(max(1, int(people * fault.within)), fault.one_in)))
            for fault in FEED_FAULTS
            if fault.feed == feed
        }
        self._samples: dict[FeedFault, str] = {}
        self.planted: list[Planted] = []

    def among(self, rows: list[str]) -> list[tuple[int, FeedFault]]:
        """Which faults to plant among the next rows of the feed: after how many of them, in order.

        General practice writes Observations apart from other resources, so the first row speaks for all.
        """
        found = []
        for fault, left in self._left.items():
            if not rows or not rows[0].startswith(_OBSERVATION if fault.kind.startswith("observation-") else ""):
                continue
            self._samples.setdefault(fault, rows[0])
            due = range(left, len(rows), fault.one_in)
            found += [(n + 1, fault) for n in due]
            self._left[fault] = left + len(due) * fault.one_in - len(rows)
        return sorted(found, key=lambda pair: pair[0])

    def missing(self) -> list[tuple[FeedFault, str]]:
        """Kinds not planted so far, each with a row it can be made from."""
        done = {planted.kind for planted in self.planted}
        return [(fault, sample) for fault, sample in self._samples.items() if fault.kind not in done]

    def made(self, fault: FeedFault, row: str) -> bytes:
        """The line of a fault, from a sound row."""
        return _MAKE[fault.feed, fault.kind](row, identifiers(self._rng, 1)[0])


class FeedSink(Sink):
    """A feed's file being written, with its faults; ``rows`` counts them too, ``sound`` does not."""

    def __init__(self, root: Path, path: str, feed: str, source: str, faults: Faults) -> None:
        super().__init__(root, path, feed, source)
        self._faults = faults
        self._line = 1
        self._end = "\n"
        self.sound = 0

    def write(self, rows: list[str], end: str = "\n") -> None:
        """Write rows, each followed by ``end``, and the faults that are due among them."""
        self._end = end
        begin = 0
        for after, fault in self._faults.among(rows):
            super().write(rows[begin:after], end)
            self._plant(fault, rows[after - 1])
            begin = after
        super().write(rows[begin:], end)
        self.sound += len(rows)

    def table(self, rows: Iterable[Iterable[object]], header: bool = False) -> None:
        """Write CSV rows as :class:`Sink` does, and the faults that are due among them."""
        if header:
            super().table(rows, header)
            return
        left = iter(rows)
        while part := list(islice(left, _CHUNK)):
            buffer = io.StringIO()
            csv.writer(buffer, lineterminator="\n").writerows(part)
            self.write(buffer.getvalue().removesuffix("\n").split("\n"))

    def plant_missing(self) -> None:
        """Plant what the feed has none of, at the end of its last file."""
        for fault, sample in self._faults.missing():
            self._plant(fault, sample)

    def _plant(self, fault: FeedFault, row: str) -> None:
        self._faults.planted.append(Planted(self.source, self.feed, self.path, self._line, fault.kind, fault.rule))
        self._put(self._faults.made(fault, row) + self._end.encode(), 1)

    def _put(self, data: bytes, rows: int) -> None:
        super()._put(data, rows)
        self._line += data.count(b"\n") + data.count(b"\r")


def _cut_off(line: str, fresh: str) -> bytes:
    """A line of which the rest was lost in transfer; never cut inside a character."""
    return line[: int(len(line) * CUT_OFF_AT)].encode()


def _observation(line: str, fresh: str, **changed: object) -> str:
    return json.dumps(json.loads(line) | {"id": fresh} | changed, ensure_ascii=False, separators=(",", ":"))


def _impossible_day(line: str, fresh: str) -> bytes:
    return _observation(line, fresh, effectiveDateTime="2020-02-30").encode()


def _latin_1(line: str, fresh: str) -> bytes:
    """A degree sign as older systems on Windows export it."""
    return _observation(line, fresh, note=[{"text": "Temperature 38.2 °C, taken at home"}]).encode("latin-1")


def _segments(message: str, changes: dict[tuple[str, int], str]) -> bytes:
    """A message with other fields: (segment, position when split at the bars) → text."""
    lines = []
    for segment in message.split("\r"):
        fields = segment.split("|")
        lines.append("|".join(changes.get((fields[0], n), text) for n, text in enumerate(fields)))
    return "\r".join(lines).encode()


def _control_id(message: str, fresh: str) -> str:
    return f"{message.split('|', 4)[3]}{fresh[:8].upper()}"


def _unknown_event(message: str, fresh: str) -> bytes:
    kind = {("MSH", 8): "ADT^A99^ADT_A01", ("EVN", 1): "A99", ("MSH", 9): _control_id(message, fresh)}
    return _segments(message, kind)


def _no_local_number(message: str, fresh: str) -> bytes:
    return _segments(message, {("MSH", 9): _control_id(message, fresh), ("PID", 3): ""})


def _cells(header: tuple[str, ...], reference: str, **fixed: str) -> Callable[[str, str], bytes]:
    """A maker that gives a CSV row's ``reference`` an ending of its own and sets other cells (``_`` for a space)."""
    changed = {header.index(name.replace("_", " ")): value for name, value in fixed.items()}
    own = header.index(reference)

    def make(line: str, fresh: str) -> bytes:
        cells = next(csv.reader([line]))
        cells[own] = f"{cells[own]}-{fresh[:8]}"
        for column, value in changed.items():
            cells[column] = value
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="").writerow(cells)
        return buffer.getvalue().encode()

    return make


_MAKE: dict[tuple[str, str], Callable[[str, str], bytes]] = {
    ("gp", "cut-off"): _cut_off,
    ("gp", "observation-impossible-date"): _impossible_day,
    ("gp", "observation-latin-1"): _latin_1,
    ("adt", "unknown-event"): _unknown_event,
    ("adt", "no-person"): _no_local_number,
    ("cld", "impossible-date"): _cells(social_care.HEADER, "Event Reference", Event_Start_Date="31/02/2020"),
    ("cld", "no-person"): _cells(social_care.HEADER, "Event Reference", LA_Person_Unique_Identifier=""),
    ("mh", "unknown-record-type"): _cells(mental_health.HEADER, "RecordId", RecordType="assessment"),
    ("community", "impossible-date"): _cells(community.HEADER, "RecordId", Date="31/02/2020"),
}
