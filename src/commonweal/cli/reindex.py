"""``commonweal reindex``: search rows made again from the resources, after an upgrade."""

import time

import typer

from commonweal.cli import runtime


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("reindex")(reindex)


def reindex(
    again: bool = typer.Option(False, "--again", help="Start from the beginning, though all is indexed."),
    as_json: bool = runtime.JSON,
) -> None:
    """Index stored resources for search, where an upgrade left that to be done.

    It goes on where it stopped, may run beside everything else, and does nothing when nothing is left.

    Example: commonweal reindex --json
    """
    runtime.start("batch")
    from commonweal.apps.record import api as record

    begun = time.perf_counter()
    with runtime.progress() as bar:
        task = bar.add_task("index", total=None)
        made = record.reindex(again, lambda now: bar.update(task, completed=now.done, total=now.upto))
    runtime.emit({"indexed": made, "seconds": round(time.perf_counter() - begun, 1)}, as_json)
