"""``commonweal worker``: does the jobs that requests leave behind: bulk exports and imports.

``commonweal serve`` runs one as ``python -m commonweal.cli.worker``, which ends when the process that started it
does. A job that was under way when a worker was killed is taken up again, from its beginning or from where its
own rows stand, as soon as the dead worker has missed a few heartbeats.
"""

import os
import threading
import time

import typer

from commonweal.cli import runtime

HEARTBEAT_SECONDS = 2.0
STALLED_SECONDS = 10.0  # without a heartbeat; another worker then takes the job up
STOPPING_SECONDS = 3.0  # a running job has this long to end by itself; afterwards it is taken up again


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""

    @app.command(
        help="Do bulk exports and imports until interrupted; `commonweal serve` runs one by itself. "
        "Example: commonweal worker"
    )
    def worker() -> None:
        runtime.start("batch")
        runtime.err.print("Waiting for jobs (stop with Ctrl-C)", highlight=False)
        work()


def main() -> None:
    """Work until the parent process is gone."""
    parent = os.getppid()
    runtime.start("batch")
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    work()


def _end_with(parent: int) -> None:
    """End this process at once when its parent has: jobs bear it, and an orphan would work on for nobody."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def work(stalled: float = STALLED_SECONDS, heartbeat: float = HEARTBEAT_SECONDS, wait: bool = True) -> None:
    """Do jobs, one at a time, until told to stop; without ``wait``, until none is left.

    ``stalled``, ``heartbeat``: seconds; a worker not heard from for ``stalled`` is taken for dead.
    """
    from commonweal.apps.exchange import api as exchange

    exchange.work(stalled, heartbeat, wait, STOPPING_SECONDS)


if __name__ == "__main__":
    main()
