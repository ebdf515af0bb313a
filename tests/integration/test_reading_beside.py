"""Reading a file in a process of its own gives what reading it here gives, and its end is noticed."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.landing_files import empty, gp_lines, state, write_lines


@pytest.fixture(autouse=True)
def clean(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from commonweal.apps.exchange import beside, reading

    empty()
    monkeypatch.setattr(reading, "BATCH", 20)
    monkeypatch.setattr(beside, "worth", lambda size: True)


def _land(folder: Path, people: int = 8) -> dict[str, object]:
    from commonweal.apps.exchange import api

    lines = [*gp_lines("A81001", people), '{"resourceType":"Patient","id":"p', '{"resourceType":"Nothing","id":"x"}']
    return api.land("gp", [write_lines(folder / "A81001.ndjson", lines)], "A81001")


def test_a_file_read_beside_is_stored_as_one_read_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from commonweal.apps.exchange import beside

    told = _land(tmp_path)
    there = state()
    empty()
    monkeypatch.setattr(beside, "worth", lambda size: False)
    assert {name: told[name] for name in ("read", "accepted", "quarantined", "resources")} == {
        name: value
        for name, value in _land(tmp_path).items()
        if name in ("read", "accepted", "quarantined", "resources")
    }
    assert there == state()
    assert told["quarantined"] == 2


def test_a_reader_that_is_killed_is_said_and_the_same_command_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from commonweal.apps.exchange import actions, api, beside
    from commonweal.apps.exchange.errors import ReaderLost
    from commonweal.apps.exchange.reading import Batch

    read = actions._read

    def killed(*asked: Any) -> Iterator[Batch]:
        for n, batch in enumerate(read(*asked)):
            if n == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            yield batch

    with monkeypatch.context() as patched:
        patched.setattr(actions, "_read", killed)
        with pytest.raises(ReaderLost, match="give the same command again"):
            _land(tmp_path)
    half = state()
    assert _land(tmp_path)["accepted"] == 81
    whole = state()
    empty()
    monkeypatch.setattr(beside, "worth", lambda size: False)
    _land(tmp_path)
    assert half != whole == state()
    assert api.land("gp", [tmp_path / "A81001.ndjson"], "A81001")["duplicate"] == 83


def test_what_reading_raises_is_raised_here_and_no_process_is_left() -> None:
    from commonweal.apps.exchange.beside import beside
    from commonweal.apps.exchange.reading import Batch
    from commonweal.apps.record import api as record
    from commonweal.feeds.sealing import SealBroken

    def broken() -> Iterator[Batch]:
        yield Batch(record.Prepared("A81001", "gp"))
        raise SealBroken("damaged")

    with pytest.raises(SealBroken, match="damaged"):
        list(beside(broken))

    def endless() -> Iterator[Batch]:
        while True:
            yield Batch(record.Prepared("A81001", "gp"))
            time.sleep(0.001)

    some = beside(endless)
    next(some)
    some.close()  # type: ignore[attr-defined]  # it is a generator
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_batch_that_only_the_unique_index_knows_again_is_stored_as_it_should_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a sample that misses the one resource held already, nothing is lost and nothing stored twice."""
    from commonweal.apps.exchange import api, reading
    from commonweal.apps.record import loading

    monkeypatch.setattr(reading, "BATCH", 500)
    monkeypatch.setattr(loading, "SAMPLE", 1)
    lines = gp_lines("A81001", 5)
    api.land("gp", [write_lines(tmp_path / "one.ndjson", [lines[0], lines[1], lines[30]])], "A81001")
    result = api.land("gp", [write_lines(tmp_path / "two.ndjson", [*lines[2:], lines[0], lines[1]])], "A81001")
    assert (result["accepted"], result["duplicate"], result["quarantined"]) == (48, 3, 0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT (type, id)), max(version) FROM record_resource")
        assert cursor.fetchone() == (51, 51, 1)
