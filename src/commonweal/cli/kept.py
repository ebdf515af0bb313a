"""The web server kept running: begun again when it ends by itself, and given up only when it cannot answer at all.

granian starts a worker again that ended. It takes one that ends a second time within 5.5 seconds for one that always
will, and stops, its other workers with it; no option of it says otherwise. But two ends so near each other may be one
request's, sent twice, or the machine's memory: pages must not be gone for that until somebody comes.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress

FIRST_REST_SECONDS = 0.5  # before it is begun again; twice as long after each further end
LONGEST_REST_SECONDS = 30.0
CALM_SECONDS = 60.0  # without an end, after which the next is the first again
TRIES = 5  # to begin it again, none of which answers, until it is given up


class Kept:
    """A server that ``begin`` begins, and that answers on ``host`` and ``port`` as soon as it has read what it serves.

    ``begin`` starts a process that leads a session of its own.
    """

    def __init__(self, begin: Callable[[], subprocess.Popen[bytes]], host: str, port: int) -> None:
        self._begin, self._address = begin, (host, port)
        self._ends = self._silent = 0  # ends in a row, and those among them of a server that never answered
        self._due: float | None = None
        self.answered = self._answers = False  # since it was first begun, and since it was last
        self.failed = False
        self._begun = time.monotonic()
        self.process = begin()

    def watch(self) -> str:
        """Look after it once, a few times each second; what happened in words to be shown, '' for nothing.

        It has ``failed`` when it ended before it ever answered, or time after time: what it serves cannot be served.
        """
        now = time.monotonic()
        if self._due is not None:
            if now >= self._due:
                self._due, self._answers, self._begun = None, False, now
                self.process = self._begin()
            return ""
        if self.process.poll() is None:
            if not self._answers and self._reached():
                self.answered, self._answers, self._silent = True, True, 0
            return ""
        if now - self._begun >= CALM_SECONDS:
            self._ends = 0
        self._ends += 1
        self._silent += not self._answers
        if not self.answered or self._silent >= TRIES:
            self.failed = True
            return f"stopped and does not answer (status {self.process.returncode})"
        with suppress(ProcessLookupError):  # workers that outlive a server that was killed hold its port
            os.killpg(self.process.pid, signal.SIGKILL)
        rest = min(FIRST_REST_SECONDS * 2.0 ** min(self._ends - 1, 20), LONGEST_REST_SECONDS)
        self._due = now + rest
        return f"stopped by itself (status {self.process.returncode}) and is started again in {rest:g} s"

    def _reached(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(self._address) == 0
