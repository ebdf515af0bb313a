"""Planted faults: readers set aside each one, under its rule, and nothing else; with them out, nothing is lost."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import BinaryIO

import pytest

from commonweal.feeds import adt, cld, gp, mh
from commonweal.feeds.mapped import reading
from commonweal.feeds.mapped.library import SHIPPED, Library
from commonweal.feeds.types import Parsed, Problem
from commonweal.synthetic import generate
from commonweal.synthetic.columns import Streams
from commonweal.synthetic.feed_faults import Faults, FeedSink
from commonweal.synthetic.rates import FEED_FAULTS
from commonweal.synthetic.sink import FileEntry

from .conftest import World

FEEDS = ("gp", "adt", "cld", "mh", "community")
GENERIC = Library([SHIPPED], date(2020, 10, 31)).choose("community", "RZC", date(2020, 10, 31))


def _community(stream: BinaryIO, source: str) -> Iterator[Parsed | Problem]:
    assert GENERIC is not None
    return reading.read(stream, source, GENERIC.plan)


ROWS = {"gp": gp.read, "cld": cld.read, "mh": mh.read, "community": _community}


def _items(root: Path, entry: FileEntry) -> Iterator[Parsed | adt.RawMessage | Problem]:
    with (root / entry.path).open("rb") as stream:
        yield from adt.split(stream) if entry.feed == "adt" else ROWS[entry.feed](stream, entry.source)


def _problems(root: Path, entry: FileEntry) -> list[tuple[str, ...]]:
    """What readers, and the fold of each person's messages, set aside of a file, as truth/faults.csv puts it."""
    found: list[tuple[str, ...]] = []
    histories: dict[str, list[bytes]] = {}
    for item in _items(root, entry):
        if isinstance(item, Problem):
            found.append((entry.source, entry.feed, entry.path, str(item.line), item.rule))
        elif isinstance(item, adt.RawMessage):
            histories.setdefault(item.mrn, []).append(item.raw)
    for history in histories.values():
        folded = adt.fold(entry.source, history)
        found += [(entry.source, entry.feed, entry.path, "0", i.rule) for i in folded if isinstance(i, Problem)]
    return found


@pytest.mark.parametrize("feed", FEEDS)
def test_every_fault_is_set_aside_once_under_its_rule_and_nothing_else_is(world: World, feed: str) -> None:
    found = [one for e in world.manifest.files if e.feed == feed for one in _problems(world.root, e)]
    truth = [r for r in world.table("truth/faults.csv") if r["feed"] == feed]
    assert found == [(r["source"], r["feed"], r["path"], r["line"], r["rule"]) for r in truth]
    assert {(r["kind"], r["rule"]) for r in truth} == {(f.kind, f.rule) for f in FEED_FAULTS if f.feed == feed}


def test_the_manifest_counts_them(world: World) -> None:
    said = json.loads((world.root / "manifest.json").read_text())
    assert said["faults"] == world.manifest.faults == len(world.table("truth/faults.csv"))


@pytest.mark.parametrize("feed", FEEDS)
def test_a_fault_s_own_reference_is_no_sound_line_s(world: World, feed: str) -> None:
    """Where two rows shared one, landing would keep either of them, and something sound could be lost."""
    shared = {"gp": '"id":"', "cld": "Event Reference", "mh": "RecordId", "community": "RecordId"}.get(feed)
    references: Counter[str] = Counter()
    for entry in (e for e in world.manifest.files if e.feed == feed):
        if feed == "adt":
            for message in (world.root / entry.path).read_bytes().decode().split("\n\n")[:-1]:
                references[message.split("|")[9]] += 1
        elif feed == "gp":
            for line in (world.root / entry.path).read_bytes().splitlines():
                if line.endswith(b"}"):  # a line cut off keeps the id it had: nothing can be read of it
                    references[line.decode("latin-1").partition('"id":"')[2][:36]] += 1
        else:
            references.update(row[str(shared)] for row in world.table(entry.path))
    assert [reference for reference, times in references.items() if times > 1] == []


def test_without_its_faults_a_feed_is_as_if_none_had_been_planted(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Faults, "among", lambda self, rows: [])
    clean = generate(tmp_path / "ics", world.manifest.people, world.manifest.seed)
    assert (clean.faults, clean.resources) == (0, world.manifest.resources)
    for entry in clean.files:
        if entry.feed not in FEEDS:
            if entry.path != "truth/faults.csv":
                assert entry in world.manifest.files
            continue
        data, bad = (world.root / entry.path).read_bytes(), world.faults[entry.path]
        end, line, kept = (b"\n\n" if entry.feed == "adt" else b"\n"), 1, []
        for part in data.removesuffix(end).split(end):
            if line not in bad:
                kept.append(part + end)
            line += part.count(b"\r") + len(end)
        assert b"".join(kept) == (tmp_path / "ics" / entry.path).read_bytes(), entry.path


def test_faults_come_at_their_rates_whatever_the_size_of_a_write(tmp_path: Path) -> None:
    planted = []
    for size in (1_700, 23_000):
        faults = Faults(Streams(3), "mh", 10_000)
        with FeedSink(tmp_path, f"{size}.csv", "mh", "RZM", faults) as sink:
            rows = [(str(n), *[""] * 17) for n in range(46_000)]
            for begin in range(0, len(rows), size):
                sink.table(rows[begin : begin + size])
        (fault,) = (f for f in FEED_FAULTS if f.feed == "mh")
        assert len(faults.planted) == 46_000 // fault.one_in
        assert (sink.sound, sink.rows) == (46_000, 46_000 + len(faults.planted))
        planted.append([(p.line, p.rule) for p in faults.planted])
    assert planted[0] == planted[1]


def test_a_kind_never_due_stands_at_the_end_of_the_last_file(tmp_path: Path) -> None:
    faults = Faults(Streams(3), "cld", 20_000)
    with FeedSink(tmp_path, "990.csv", "cld", "990", faults) as sink:
        sink.table([("990", *["x"] * 24)])
        sink.plant_missing()
    assert sorted((p.kind, p.line) for p in faults.planted) == [("impossible-date", 2), ("no-person", 3)]
    assert (tmp_path / "990.csv").read_text().count("\n") == sink.rows == 3
