"""``commonweal refresh``: lake and measurements, incrementally."""

import typer

from commonweal.cli import runtime


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(refresh)


def refresh(as_json: bool = runtime.JSON) -> None:
    """Bring the lake up to the record, count every register and measure, and store the released figures.

    Only what changed since the last refresh is read; a refresh that was stopped leaves the former lake.

    Example: commonweal refresh --json
    """
    runtime.start("batch")
    from commonweal.apps.population import api as population

    with runtime.progress() as display:
        task = display.add_task("refresh", total=None)
        try:
            result = population.refresh(lambda stage: display.update(task, description=stage))
        except (population.LakeFault, population.CodeListFault) as fault:
            runtime.fail(str(fault))
    runtime.emit(result, as_json)
