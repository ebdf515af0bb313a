"""``commonweal alerter``: raises alerts as messages change records, and escalates what nobody acknowledges.

``commonweal serve`` runs one as ``python -m commonweal.cli.alerter``, which ends when the process that started it does.
Several may run: one works, the others stand by.
"""

import os
import signal
from types import FrameType

import typer

from commonweal.cli import runtime


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""

    @app.command(
        help="Raise and escalate alerts until interrupted; `commonweal serve` runs one by itself. "
        "Example: commonweal alerter"
    )
    def alerter() -> None:
        runtime.start("batch")
        runtime.err.print("Watching for changes to tell of (stop with Ctrl-C)", highlight=False)
        _run(os.getppid())


def main() -> None:
    """Work until the parent process is gone."""
    parent = os.getppid()
    runtime.start("batch")
    _run(parent)


def _run(parent: int) -> None:
    from commonweal.apps.coordination import api as coordination

    going = True

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal going
        going = False

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    coordination.run(lambda: going and os.getppid() == parent)


if __name__ == "__main__":
    main()
