"""``commonweal report``: board reports as files."""

from pathlib import Path
from typing import Annotated

import typer

from commonweal.cli import runtime

FORMATS = ("html",)


def register(app: typer.Typer) -> None:
    """Add the ``report`` group to the command line."""
    group = typer.Typer(
        help="Write a report from the measurements.\n\n"
        "Example: commonweal report board --period 2020-10 --format html --out board.html",
        no_args_is_help=True,
        add_completion=False,
    )
    group.command("board")(board)
    app.add_typer(group, name="report")


def board(
    period: Annotated[str, typer.Option(help="The month reported, such as 2020-10.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    form: Annotated[str, typer.Option("--format", help="html: one file, no script, nothing fetched.")] = "html",
    as_json: bool = runtime.JSON,
) -> None:
    """The integrated performance and finance report of a month.

    Example: commonweal report board --period 2020-10 --format html --out board.html
    """
    if form not in FORMATS:
        runtime.fail(f"--format {form} is not offered; use --format html")
    if not out.parent.is_dir():
        runtime.fail(f"{out.parent} is not a folder; make it first or name another --out")
    runtime.start("batch")
    from commonweal.apps.reporting import api

    try:
        report = api.checked(api.board_report(period))
    except api.UnknownPeriodError as problem:
        runtime.fail(str(problem))
    size = api.write_board(report, out)
    result = {
        "period": period,
        "format": form,
        "path": str(out),
        "bytes": size,
        "areas": len(report.areas),
        "registers": len(report.registers),
        "sources": len(report.sources),
        "findings": len(report.findings),
    }
    runtime.emit(result, as_json)
