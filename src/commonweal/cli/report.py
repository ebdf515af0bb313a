"""``commonweal report``: packs as files, and versions of them."""

from pathlib import Path
from typing import Annotated

import typer

from commonweal.cli import runtime

FORMATS = ("html", "pdf", "xlsx")
AUDIENCE = Annotated[str, typer.Option(help="Who reads it: board, committee or public.")]
SECTIONS = Annotated[str, typer.Option(help="Only these sections, parted by commas, such as headlines,finance.")]
PERIOD = Annotated[str, typer.Option(help="The month reported, such as 2020-10.")]


def register(app: typer.Typer) -> None:
    """Add the ``report`` group to the command line."""
    group = typer.Typer(
        help="Write a report from the measurements, and freeze versions of it.\n\n"
        "Example: commonweal report board --period 2020-10 --format pdf --out board.pdf",
        no_args_is_help=True,
        add_completion=False,
    )
    group.command("board")(board)
    group.command("publish")(publish)
    group.command("versions")(versions)
    app.add_typer(group, name="report")


def board(
    period: PERIOD,
    out: Annotated[Path, typer.Option(help="The file to write.")],
    form: Annotated[
        str, typer.Option("--format", help="html (one file, no script), pdf (tagged) or xlsx (with formulae).")
    ] = "html",
    audience: AUDIENCE = "board",
    sections: SECTIONS = "",
    version: Annotated[
        int, typer.Option(help="Write this version as it was frozen, not the figures of now; its key.")
    ] = 0,
    as_json: bool = runtime.JSON,
) -> None:
    """The integrated performance, quality, workforce and finance report of a month.

    Example: commonweal report board --period 2020-10 --format pdf --audience committee --out committee.pdf
    """
    if form not in FORMATS:
        runtime.fail(f"--format {form} is not offered; use one of {', '.join(FORMATS)}")
    if not out.parent.is_dir():
        runtime.fail(f"{out.parent} is not a folder; make it first or name another --out")
    runtime.start("batch")
    from commonweal.apps.reporting import api
    from commonweal.domain.errors import CommonwealError

    try:
        if version:
            held = api.version(version)
            if held is None or held.period != period:
                runtime.fail(f"there is no version {version} of {period}; commonweal report versions lists them")
            pack, standing = api.content(version), held.standing
        else:
            pack, standing = api.draft(period, audience, _listed(sections)), api.Standing()
    except CommonwealError as problem:
        runtime.fail(str(problem))
    size = api.write_pack(pack, form, out, standing)
    result = {
        "period": period,
        "audience": pack.audience,
        "format": form,
        "path": str(out),
        "bytes": size,
        "standing": standing.state,
        "sections": len(pack.sections),
        "charts": pack.charts,
        "figures": len(pack.figures),
        "findings": pack.findings,
        "restated": len(pack.restated),
    }
    runtime.emit(result, as_json)


def publish(
    period: PERIOD, audience: AUDIENCE = "board", sections: SECTIONS = "", as_json: bool = runtime.JSON
) -> None:
    """Freeze a version for a person to sign off on the site; until then it is not published.

    Example: commonweal report publish --period 2020-10 --audience public
    """
    runtime.start("batch")
    from commonweal.apps.reporting import api
    from commonweal.domain.errors import CommonwealError

    try:
        made = api.prepare_by_command(period, audience, _listed(sections))
    except CommonwealError as problem:
        runtime.fail(str(problem))
    result = {
        "version": made.key,
        "number": made.number,
        "period": made.period,
        "audience": made.audience,
        "state": made.state,
        "hash": made.code,
        "sign off at": f"/reports/versions/{made.key}",
    }
    runtime.emit(result, as_json)


def versions(
    period: Annotated[str, typer.Option(help="Only of this month.")] = "", as_json: bool = runtime.JSON
) -> None:
    """Every version frozen so far, newest first.

    Example: commonweal report versions --period 2020-10
    """
    runtime.start("batch")
    from commonweal.apps.reporting import api

    found = [
        {
            "version": one.key,
            "period": one.period,
            "audience": one.audience,
            "number": one.number,
            "state": one.state,
            "prepared by": one.prepared_name,
            "decided by": one.decided_name,
            "hash": one.code,
        }
        for one in api.versions(period or None)
    ]
    runtime.emit(found, as_json)


def _listed(sections: str) -> list[str] | None:
    """The sections asked for; None for the audience's own."""
    return [one.strip() for one in sections.split(",") if one.strip()] or None
