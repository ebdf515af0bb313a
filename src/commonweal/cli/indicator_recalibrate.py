"""``commonweal indicator`` recalibrate and recalibrations: where an indicator's lines start afresh, and why."""

from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer

from commonweal.cli import runtime
from commonweal.cli.table import table as print_table


def register(indicator: typer.Typer) -> None:
    """Add the commands to ``commonweal indicator``."""
    for command in (recalibrate, recalibrations):
        indicator.command()(command)


def recalibrate(
    code: Annotated[str, typer.Argument(help="An indicator held here.")],
    start: Annotated[str, typer.Option("--from", help="The day the process changed, like 2020-03-01.")],
    reason: Annotated[str, typer.Option(help="What was done differently from that day, and how you know.")],
    until: Annotated[str, typer.Option(help="Last day of the baseline the new lines are held from.")] = "",
    as_json: bool = runtime.JSON,
) -> None:
    """Propose that lines are computed afresh from a day; a person decides on the site, and until then none moves.

    Example: commonweal indicator recalibrate ae_four_hours --from 2018-10-01 --reason "New urgent treatment centre"
    """
    first, last = _day("--from", start), _day("--until", until) if until else None
    runtime.start("batch")
    from django.conf import settings

    from commonweal.apps.access import api as access
    from commonweal.apps.measurement import api as measurement

    try:
        with access.service_run("recalibrate", code) as actor:
            number = measurement.propose_recalibration(
                code, first, last, reason, measurement.Who(actor.key, "the command line"), settings.COMMONWEAL_NOW()
            )
    except measurement.ReviewError as problem:
        runtime.fail(str(problem))
    result = {
        "recalibration": number,
        "indicator": code,
        "start": first.isoformat(),
        "until": last.isoformat() if last else None,
        "reason": reason,
        "state": "proposed",
        "decide at": f"/performance/indicators/{code}/recalibrations/{number}",
    }
    runtime.emit(result, as_json)


def recalibrations(
    code: Annotated[str, typer.Argument(help="Only of this indicator.")] = "", as_json: bool = runtime.JSON
) -> None:
    """Every recalibration with its reason, who proposed it, and what was decided by whom.

    Example: commonweal indicator recalibrations ae_four_hours
    """
    runtime.start("batch")
    from commonweal.apps.measurement import api as measurement

    rows = [asdict(one) for one in measurement.recalibrations(code or None)]
    columns = ("number", "indicator", "start", "until", "state", "reason", "proposed_name", "reviewed_name")
    runtime.emit(rows, as_json, lambda _: print_table(rows, columns))


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        runtime.fail(f"{option}: {text!r} is no day; write one like 2020-03-01")
