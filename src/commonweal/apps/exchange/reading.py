"""Reading a landed file into batches, in a thread of its own, while the database stores the batch before."""

import gc
import queue
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import BinaryIO

from django.conf import settings

from commonweal.apps.exchange.completeness import filled
from commonweal.apps.exchange.errors import UnknownFeed
from commonweal.apps.record import api as record
from commonweal.feeds.mapped import reading as mapped
from commonweal.feeds.mapped.kinds import kinds
from commonweal.feeds.mapped.reading import Plan
from commonweal.feeds.people import LONGEST_NUMBER
from commonweal.feeds.types import Parsed, Problem
from commonweal.fhir.errors import excerpt

BY_INTERFACE = "api"  # what a partner's system sends by the FHIR interface
ROWS = {  # a line is a record
    "gp": "commonweal.feeds.gp",
    BY_INTERFACE: "commonweal.feeds.gp",
    "cld": "commonweal.feeds.cld",
    "mh": "commonweal.feeds.mh",
}
RESOURCES = ("gp", BY_INTERFACE)  # a line is a resource, sent once a file: nothing in it replaces what it brought
MESSAGES = {"adt": "commonweal.feeds.adt"}  # messages of a person are folded together
BATCH = 5_000  # resources, a little more where a line yields several; one transaction each
_TOO_LONG = f"a person's number has at most {LONGEST_NUMBER} characters; correct the row, or the mapping"
TURN = 0.0001  # seconds the reading thread computes before the storing one, which mostly waits, gets its turn

Reader = Callable[[BinaryIO, str, int], Iterator[Parsed | Problem]]
Judge = Callable[[Parsed], Problem | None]  # why a sound resource is set aside all the same, if it is


@dataclass(slots=True)
class Batch:
    """Whole lines: what they say, what is wrong with them, and the line after the last."""

    prepared: record.Prepared
    lines: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    filled: Counter[str] = field(default_factory=Counter)  # of its Patients: ``completeness.filled``
    sound: int = 0  # lines that made a resource
    judged: dict[str, dict[str, int]] = field(default_factory=dict)  # ``conforming`` counts; empty without rules
    next_line: int = 1
    position: int = 0  # bytes of the file read so far


def known_feeds() -> list[str]:
    """Names of the feeds that come as files."""
    return sorted({*ROWS, *MESSAGES, *kinds()} - {BY_INTERFACE})


def feeds_held() -> list[str]:
    """Names of the feeds whose resources can be held to profiles: lines of the care record, and the FHIR interface."""
    return sorted({*ROWS, *(name for name, kind in kinds().items() if kind.zone != "analysis")})


def check_feed(feed: str) -> None:
    """Raise ``UnknownFeed`` unless ``feed`` can be landed."""
    if feed not in ROWS and feed not in MESSAGES and feed not in kinds():
        raise UnknownFeed(f"there is no feed {feed!r}; the feeds are {', '.join(known_feeds())}")


def reader(feed: str, nature: str = "", plan: Plan | None = None) -> Reader:
    """The function that reads a feed of rows; ``nature`` and ``plan`` as in ``batches``."""
    if plan is not None:
        return lambda stream, source, _: mapped.read(stream, source, plan, nature)
    read = import_module(ROWS[feed]).read
    return partial(read, nature=nature) if nature else read


def nature(feed: str, source: str) -> str:
    """Of what a partner's system sends, or a list of its workers: the feed by whose category it is shared.

    '' where the feed itself says.
    """
    if feed != BY_INTERFACE and not (feed in kinds() and kinds()[feed].by_sender):
        return ""
    feeds = {one.feed for one in record.sources() if one.source == source}
    return record.nature(source, feeds, settings.COMMONWEAL_NOW().date())


def batches(
    feed: str,
    stream: BinaryIO,
    source: str,
    cursor: int,
    only: frozenset[int] | None = None,
    nature: str = "",
    plan: Plan | None = None,
    judge: Judge | None = None,
) -> Iterator[Batch]:
    """Batches of whole lines from line ``cursor`` on; ``only`` these lines, for a replay.

    ``nature``: the feed whose sharing category the resources have, where it is another than ``feed``. ``plan``: the
    mapping of a feed that is read by one. ``judge`` is asked about each resource.

    The file is read from its beginning even when it resumes, because what a reader says of a line may depend
    on earlier ones (a header, an id already seen).
    """
    batch = Batch(record.Prepared(source, feed))
    before = 0  # the line of the resource before
    for item in reader(feed, nature, plan)(stream, source, 1):
        line = item.line
        if line < cursor or (only is not None and line not in only):
            continue
        if batch.sound + len(batch.problems) >= BATCH and line not in batch.lines:
            yield _ended(batch, stream)
            batch = Batch(record.Prepared(source, feed))
            before = 0
        batch.lines.add(line)
        if judge is not None and isinstance(item, Parsed):
            item = judge(item) or item
        if isinstance(item, Parsed) and item.local_person and len(item.local_person) > LONGEST_NUMBER:
            item = Problem(line, "", "too-long", excerpt(item.local_person), _TOO_LONG, item.body)
        if isinstance(item, Problem):
            batch.problems.append(item)
        else:
            batch.prepared.add(item)
            batch.sound += line != before
            before = line
            if item.type == "Patient":
                batch.filled.update(filled(item.resource))
    if batch.lines:
        yield _ended(batch, stream)


def _ended(batch: Batch, stream: BinaryIO) -> Batch:
    batch.next_line = max(batch.lines) + 1
    batch.position = stream.tell() if not stream.closed else 0
    return batch


class _Failed:
    def __init__(self, error: BaseException) -> None:
        self.error = error


_END = object()


def ahead(source: Iterator[Batch], depth: int = 2) -> Iterator[Batch]:
    """The same batches, made up to ``depth`` ahead in a thread. What the thread raises is raised here."""
    line: queue.Queue[object] = queue.Queue(maxsize=depth)
    stop = threading.Event()

    def put(item: object) -> bool:
        while not stop.is_set():
            try:
                line.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        try:
            for batch in source:
                if not put(batch):
                    return
            put(_END)
        except BaseException as error:  # handed to the reader of the queue, whatever it is
            put(_Failed(error))

    thread = threading.Thread(target=work, name="landing-reader", daemon=True)
    turn = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    thread.start()
    try:
        while (item := line.get()) is not _END:
            if isinstance(item, _Failed):
                raise item.error
            if isinstance(item, Batch):
                yield item
    finally:
        stop.set()
        thread.join()
        sys.setswitchinterval(turn)


@contextmanager
def no_cycle_search() -> Iterator[None]:
    """Spare the search for reference cycles while a file is read: parsed JSON has none, and it costs a third."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
