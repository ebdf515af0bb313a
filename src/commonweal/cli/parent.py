"""Ending with the process that started this one, so that a killed command leaves no orphan behind."""

import os
import signal
import threading
import time

EVERY_SECONDS = 0.5


def end_with_parent(number: int = signal.SIGKILL) -> None:
    """Send this process the signal ``number`` as soon as the one that started it is gone."""
    parent = os.getppid()
    threading.Thread(target=_watch, args=(parent, number), name="parent", daemon=True).start()


def _watch(parent: int, number: int) -> None:
    while os.getppid() == parent:
        time.sleep(EVERY_SECONDS)
    os.kill(os.getpid(), number)
