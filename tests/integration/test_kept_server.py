"""The web server through repeated ends of its workers: a real granian, serving a page of its own, and real kills."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from commonweal.cli import kept
from commonweal.cli.kept import Kept
from commonweal.cli.serve import HOST, _granian
from tests.mllp_senders import free_port

pytestmark = pytest.mark.enable_socket
PAGE = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"here"]
"""


@dataclass
class Served:
    """A server of the options ``commonweal serve`` gives, but of a page that needs no database."""

    page: Path
    port: int = field(default_factory=free_port)
    kept: Kept | None = None
    happened: list[str] = field(default_factory=list)

    def begin(self) -> subprocess.Popen[bytes]:
        words = [*_granian(self.port, 1)[:-1], "--working-dir", str(self.page.parent), "page:application"]
        return subprocess.Popen(
            [sys.executable, "-m", *words], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def until(self, done: Callable[[Kept], bool], seconds: float = 30) -> None:
        """Watch as the command does, until ``done``."""
        if self.kept is None:
            self.kept = Kept(self.begin, HOST, self.port)
        end = time.monotonic() + seconds
        while not done(self.kept):
            assert time.monotonic() < end, self.happened
            if said := self.kept.watch():
                self.happened.append(said)
            time.sleep(0.02)

    def up(self, one: Kept) -> bool:
        """It answers, and who watches it has seen so."""
        return one.answered and self.answers()

    def answers(self) -> bool:
        try:
            with closing(http.client.HTTPConnection(HOST, self.port, timeout=2)) as connection:
                connection.request("GET", "/")
                return connection.getresponse().read() == b"here"
        except (OSError, http.client.HTTPException):
            return False

    def workers(self) -> list[int]:
        assert self.kept is not None
        place = Path(f"/proc/{self.kept.process.pid}/task")
        found = [(one / "children").read_text().split() for one in place.iterdir()] if place.exists() else []
        return [int(pid) for pids in found for pid in pids]


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr(kept, "FIRST_REST_SECONDS", 0.02)
    one = Served(tmp_path / "page.py")
    one.page.write_text(PAGE)
    yield one
    if one.kept is not None and one.kept.process.poll() is None:
        os.killpg(one.kept.process.pid, signal.SIGKILL)
        one.kept.process.wait()


def test_workers_killed_twice_within_seconds_take_the_pages_away_for_seconds(served: Served) -> None:
    served.until(served.up)
    for _ in range(2):
        before = served.workers()
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        served.until(lambda one, gone=before: not set(gone) & set(served.workers()) and served.up(one))
    assert len(served.happened) == 1  # granian gave up once, and was begun again
    assert "started again" in served.happened[0]


def test_a_killed_server_is_begun_again(served: Served) -> None:
    served.until(served.up)
    assert served.kept is not None
    first = served.kept.process
    first.kill()
    served.until(lambda one: one.process is not first and served.up(one))


def test_what_cannot_be_served_ends_at_the_first_try(served: Served) -> None:
    served.page.write_text("raise RuntimeError('a setting is wrong')")
    served.until(lambda one: one.failed)
    assert (served.happened, served.answers()) == (["stopped and does not answer (status 1)"], False)


def test_what_can_be_served_no_more_is_given_up_after_some_tries(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "TRIES", 2)
    served.until(served.up)
    served.page.write_text("raise RuntimeError('a setting is wrong now')")
    for pid in served.workers():
        os.kill(pid, signal.SIGKILL)
    served.until(lambda one: one.failed)
    assert ["again" in one for one in served.happened] == [True, True, False]  # the first end was of one that answered
