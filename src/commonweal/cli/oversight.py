"""``commonweal oversight``: the dashboard, segments with what-if, and the segments kept quarter by quarter."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from commonweal.cli import runtime
from commonweal.cli.table import table as print_table


def register(app: typer.Typer) -> None:
    """Add the ``oversight`` group to the command line."""
    group = typer.Typer(
        help="Oversight: areas, plans, segments.\n\nExample: commonweal oversight show --json",
        no_args_is_help=True,
        add_completion=False,
    )
    for command in (show, segment, history, define):
        group.command()(command)
    app.add_typer(group, name="oversight")


def show(as_json: bool = runtime.JSON) -> None:
    """Service areas, indicators against plan, quality ratings, ranks among systems and priorities.

    Example: commonweal oversight show --json
    """
    runtime.start("batch")
    from django.conf import settings

    from commonweal.apps.performance import api as performance

    found = performance.oversight(settings.COMMONWEAL_NOW().date())
    if as_json:
        runtime.emit(asdict(found), as_json=True)
        return
    typer.echo(f"{found.achieved} of {found.counted} indicators met their standard; {found.silent} count neither way")
    print_table([asdict(one) for one in found.areas], ("name", "achieved", "counted", "printed", "state"))
    lines = [asdict(one) | {"level": one.level.name if one.level else None} for one in found.lines]
    print_table(lines, ("code", "actual", "plan", "unit", "period", "rating", "heading", "level", "restored"))


def segment(
    scores: Annotated[Path, typer.Argument(metavar="FILE", help="Lines of metric: score, from 1 to 4; - for none.")],
    method: Annotated[str, typer.Option(help="The method's name. Default: the one in force today.")] = "",
    holds: Annotated[list[str] | None, typer.Option(help="An adjustment that holds, like deficit. Repeatable.")] = None,
    thresholds: Annotated[str, typer.Option(help="Highest averages of segments 1 to 3, if none are supplied.")] = "",
    peers: Annotated[Path | None, typer.Option(help="Lines of organisation: average, for quartiles.")] = None,
    what_if: Annotated[list[str] | None, typer.Option(help="METRIC: SCORE that would be other. Repeatable.")] = None,
    keep: Annotated[str, typer.Option(help="Keep the segment for the organisation of this ODS code.")] = "",
    period: Annotated[str, typer.Option(help="The quarter it is kept for, like 2026/27 Q1.")] = "",
    as_json: bool = runtime.JSON,
) -> None:
    """Work out an organisation's segment, and what each score could change; keep it if told.

    Example: commonweal oversight segment scores.txt --thresholds "1.5 2.5 3.5" --holds deficit --keep RX1
    --period "2026/27 Q1"
    """
    if bool(keep) != bool(period):
        runtime.fail("--keep and --period go together")
    boxes = {"scores": _text(scores), "thresholds": thresholds, "whatif": "\n".join(what_if or ())}
    boxes["peers"] = _text(peers) if peers else ""
    runtime.start("batch")
    from commonweal.apps.access import api as access
    from commonweal.apps.performance import api as performance

    restated = None
    try:
        answer = performance.worked_out(boxes, frozenset(holds or ()), method)
        if keep:
            with access.service_run("keep segment", f"{keep} {period}"):
                performance.define_segments()
                restated = performance.keep_segment(
                    keep, period, answer.now, answer.method, answer.scores, by="the command line"
                )
    except performance.SegmentationError as problem:
        runtime.fail(str(problem))
    result = {
        "method": answer.method.name,
        "segment": answer.now.final,
        "by_average": answer.now.by_average,
        "average": str(answer.now.average),
        "scored": answer.now.scored,
        "unscored": list(answer.now.unscored),
        "adjusted": [one.says for one in answer.now.bit],
        "what_if": None if answer.then is None else answer.then.final,
        "levers": [asdict(one) for one in answer.levers],
        "kept": bool(keep),
        "restated": restated,
    }
    runtime.emit(result, as_json)


def history(
    organisation: Annotated[str, typer.Argument(help="Only of the organisation of this ODS code.")] = "",
    as_json: bool = runtime.JSON,
) -> None:
    """Segments kept, by organisation, newest quarter first.

    Example: commonweal oversight history RX1
    """
    runtime.start("batch")
    from commonweal.apps.performance import api as performance

    rows = [asdict(one) for one in performance.segments_kept(organisation)]
    columns = ("organisation", "period", "segment", "average", "method")
    runtime.emit(rows, as_json, lambda _: print_table(rows, columns))


def define(as_json: bool = runtime.JSON) -> None:
    """Define segments, averages and scores, so that they can be kept on the site. The demonstration has them.

    Example: commonweal oversight define
    """
    runtime.start("batch")
    from commonweal.apps.access import api as access
    from commonweal.apps.performance import api as performance

    with access.service_run("definitions", "segments"):
        performance.define_segments()
    runtime.emit({"defined": "segments, averages and metric scores"}, as_json)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as fault:
        runtime.fail(f"{path}: {fault.strerror}")
    except UnicodeDecodeError:
        runtime.fail(f"{path} is not UTF-8 text")
