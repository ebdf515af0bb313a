"""Killing the worker over and over while it works at one request, until the request is done."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from uuid import UUID, uuid4

from django.db import connection

# The real worker's code in a process of its own, dead to others after one second without a sign of life, reading in
# batches small enough to be killed between and inside.
WORKER = textwrap.dedent(
    """
    from commonweal.cli import runtime, worker
    runtime.start("batch")
    from pathlib import Path
    from django.conf import settings
    settings.COMMONWEAL_HOME = Path({home!r})
    from commonweal.apps.exchange import reading
    from commonweal.apps.exchange.bulk import exporting
    reading.BATCH, exporting.TELL_EVERY = 150, 100
    worker.work(stalled=1.0, heartbeat=0.2)
    """
)


def start(database: str) -> subprocess.Popen[bytes]:
    """A worker on ``database`` and the module's own home folder."""
    from django.conf import settings

    return subprocess.Popen(
        [sys.executable, "-c", WORKER.format(home=str(settings.COMMONWEAL_HOME))],
        env={**os.environ, "COMMONWEAL_DB_NAME": database},
        stderr=subprocess.DEVNULL,
    )


def state(ident: UUID) -> tuple[str, str]:
    """A request's state and progress now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT state, progress FROM exchange_bulkrequest WHERE id = %s", [ident])
        found: tuple[str, str] = cursor.fetchone()
    return found


def waiting(ident: UUID) -> int:
    """How many jobs there are for the request; a finished one is removed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE args ->> 'request' = %s", [str(ident)])
        return int(cursor.fetchone()[0])


def through_kills(database: str, ident: UUID, kills: int, seed: int, seconds: float = 60) -> int:
    """Kill the worker ``kills`` times in the midst of the request, then let it end; how often it was in the midst."""
    rng = random.Random(seed)
    worker = start(database)
    struck = 0
    before = ""
    deadline = time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            now, progress = state(ident)
            if now in ("completed", "failed") and not waiting(ident):
                return struck
            if now == "running" and progress and progress != before and struck < kills:
                time.sleep(rng.random() * 0.05)
                worker.send_signal(signal.SIGKILL)
                worker.wait()
                struck, before = struck + 1, progress
                worker = start(database)
            time.sleep(0.01)
    finally:
        worker.kill()
        worker.wait()
    raise AssertionError(f"the request was not done after {seconds} seconds: {state(ident)}")


def ask(kind: str, organisation: str, said: dict[str, object]) -> UUID:
    """Leave a request and its job as the web does."""
    from django.db import transaction

    from commonweal.apps.access import api as access
    from commonweal.apps.exchange.bulk import requests, tasks

    actor = access.Actor("user:system", "system", access.Role.SERVICE, organisation)
    ident = uuid4()
    with transaction.atomic():
        requests.make(kind, ident, actor, access.Purpose.OPERATIONS, "", said)
        (tasks.export if kind == "export" else tasks.take_in).defer(request=str(ident))
    return ident
