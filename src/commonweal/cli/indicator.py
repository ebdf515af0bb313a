"""``commonweal indicator``: the measures held, and statistical process control of any series."""

import csv
from dataclasses import asdict
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from commonweal.cli import indicator_compare, indicator_recalibrate, runtime
from commonweal.cli.table import table as print_table

if TYPE_CHECKING:
    from commonweal.domain.performance.assess import Answer, Question
    from commonweal.domain.performance.series import Series

indicator = typer.Typer(no_args_is_help=True)


class Good(StrEnum):
    """Which way is better."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"


class Gaps(StrEnum):
    """What a month with no row is: nothing, or a missing point."""

    BRIDGE = "bridge"
    BREAK = "break"


def register(app: typer.Typer) -> None:
    """Add ``commonweal indicator``."""
    indicator_compare.register(indicator)
    indicator_recalibrate.register(indicator)
    app.add_typer(indicator, name="indicator")


@indicator.callback()
def _group() -> None:
    """Indicators: what is measured, and what its figures say over time.

    Example: commonweal indicator spc --csv ae_attendances.csv --value breaches --direction lower --series RQM/1
    """


@indicator.command("list")
def listed(
    area: str = typer.Option("", "--area", help="Only those of one service area."), as_json: bool = runtime.JSON
) -> None:
    """List the indicators held, with the number of series and of points that can be charted.

    Example: commonweal indicator list --area "Urgent and emergency care"
    """
    runtime.start("app")
    from commonweal.apps.performance import api as performance

    rows = [asdict(one) for one in performance.charted(area or None)]
    runtime.emit(
        rows,
        as_json,
        lambda _: print_table(rows, ("code", "name", "unit", "direction_of_good", "series", "points")),
    )


@indicator.command()
def spc(
    code: str = typer.Argument("", metavar="[CODE]", help="An indicator held here; or give --csv."),
    table: Path | None = typer.Option(None, "--csv", help="A CSV file with a header, one figure a row."),
    value: str = typer.Option("", "--value", help="Column of the figures. Default: the first that is all numbers."),
    numerator: str = typer.Option("", "--numerator", help="Column over which --denominator makes a percentage."),
    denominator: str = typer.Option("", "--denominator", help="Column the numerator is a percentage of."),
    group: str = typer.Option(
        "",
        "--group",
        help="Columns, with commas between, that name a series; rows of one day are added up. "
        "Default: every column that is no day and no number.",
    ),
    day: str = typer.Option("", "--date", help="Column of the days (YYYY-MM-DD or YYYY-MM). Default: the first."),
    direction: Good | None = typer.Option(None, "--direction", help="Which way is better. Default for --csv: neither."),
    target: list[str] = typer.Option([], "--target", help="A target, or DAY=TARGET from a day; may be repeated."),
    rebase: list[str] = typer.Option([], "--rebase", help="DAY or DAY=REASON: lines afresh from there; repeatable."),
    hold: int | None = typer.Option(None, "--hold", min=2, help="Lines from the first so many points, then held."),
    screen: bool = typer.Option(True, help="Leave moving ranges above 3.267 times their mean out of the limits."),
    shift: int = typer.Option(7, "--shift", min=2, help="Points on one side of the mean that make a shift."),
    trend: int = typer.Option(7, "--trend", min=3, help="Points rising or falling that make a trend."),
    fewest: int = typer.Option(5, "--fewest", min=2, help="Points below which no signal is shown."),
    gaps: Gaps = typer.Option(Gaps.BRIDGE, "--gaps", help="Months with no row: join the points around, or break."),
    series: list[str] = typer.Option([], "--series", help="Only this series, as NAME or RQM/1; may be repeated."),
    points: bool = typer.Option(False, "--points", help="Print every point, not one line a series."),
    charts: Path | None = typer.Option(None, "--charts", help="Write one SVG chart a series into this folder."),
    as_json: bool = runtime.JSON,
) -> None:
    """XmR charts by the rules of Making Data Count: limits, signals, variation and assurance of each series.

    Limits are the mean ± 2.66 times the mean moving range. A series of fewer than 5 points gets limits, if it has two
    in a row, but no signal; one of fewer than 12 has limits on trial; both are said in its notes.

    Example: commonweal indicator spc --csv ae_attendances.csv --value breaches --direction lower --series RQM/1
    """
    from commonweal.domain.performance.series import SeriesFault

    if bool(code) == (table is not None):
        runtime.fail("give either the CODE of an indicator or --csv FILE")
    if bool(numerator) != bool(denominator):
        runtime.fail("--numerator and --denominator go together")
    try:
        question = _question(direction, target, rebase, hold, screen, shift, trend, fewest)
        if table is not None:
            found = _from_csv(table, value, numerator, denominator, group, day)
        else:
            found, question = _held(code, question, direction)
        answer = _answer(found, question, gaps, series)
    except (SeriesFault, ValueError) as fault:
        runtime.fail(f"{table or code}: {fault}")
    if charts is not None:
        _draw(answer, charts, value or (f"{numerator} as a percentage of {denominator}" if numerator else code))
    _print(answer, points or len(answer.series) == 1, as_json)


def _question(
    direction: Good | None,
    target: list[str],
    rebase: list[str],
    hold: int | None,
    screen: bool,
    shift: int,
    trend: int,
    fewest: int,
) -> "Question":
    from commonweal.domain.measurement.figures import Direction
    from commonweal.domain.performance.assess import Question, Target
    from commonweal.domain.performance.series import Recalibration
    from commonweal.domain.performance.spc import NHS, Rules

    targets = []
    for one in target:
        start, _, number = one.rpartition("=")
        targets.append(Target(float(number.removesuffix("%")), date.fromisoformat(start) if start else None))
    changes = []
    for one in rebase:
        start, _, reason = one.partition("=")
        changes.append(Recalibration(date.fromisoformat(start), reason))
    rules = Rules(screen=NHS.screen if screen else None, shift=shift, trend=trend, fewest=fewest)
    return Question(Direction(direction or Good.NEITHER), tuple(targets), tuple(changes), hold, rules)


def _from_csv(table: Path, value: str, numerator: str, denominator: str, group: str, day: str) -> "list[Series]":
    from commonweal.domain.performance.series import Columns, SeriesFault, guess_columns, read_series

    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except OSError as fault:
        runtime.fail(f"{table}: {fault.strerror}")
    except (UnicodeDecodeError, csv.Error) as fault:
        raise SeriesFault(f"not a CSV file in UTF-8 ({fault})") from None
    if not rows:
        raise SeriesFault("there are no rows below a header")
    named = tuple(part.strip() for part in group.split(",") if part.strip())
    columns: Columns = guess_columns(rows, Columns(day, named, value, numerator, denominator))
    return read_series(rows, columns)


def _held(code: str, question: "Question", direction: Good | None) -> "tuple[list[Series], Question]":
    runtime.start("app")
    from commonweal.apps.performance import api as performance

    try:
        return performance.series_of(code, question, keep_direction=direction is not None)
    except performance.NoSeriesError as fault:
        runtime.fail(str(fault))


def _answer(found: "list[Series]", question: "Question", gaps: Gaps, wanted: list[str]) -> "Answer":
    from commonweal.domain.performance.assess import assess
    from commonweal.domain.performance.series import SeriesFault, with_gaps

    if wanted:
        names = {one.name for one in found}
        unknown = [one for one in wanted if one not in names]
        if unknown:
            like = sorted(name for name in names if name.startswith(unknown[0][:3]))[:5] or sorted(names)[:5]
            raise SeriesFault(f"no series {unknown[0]}; there are {len(names)}, such as {', '.join(like)}")
        found = [one for one in found if one.name in wanted]
    return assess([with_gaps(one) for one in found] if gaps is Gaps.BREAK else found, question)


def _print(answer: "Answer", points: bool, as_json: bool) -> None:
    many = range(len(answer.series))
    summaries = [asdict(answer.summary(which)) for which in many]
    if as_json:
        runtime.emit(
            {
                "rules": asdict(answer.question.rules),
                "direction": answer.question.direction,
                "summary": [
                    one | {"findings": [asdict(found) | {"signal": found.signal.name.lower()} for found in said]}
                    for one, said in zip(summaries, (answer.findings(which) for which in many), strict=True)
                ],
                "rows": [
                    asdict(row) | {"variation": answer.variation[which], "assurance": answer.assurance[which]}
                    for which in many
                    for row in answer.rows(which)
                ],
            },
            as_json=True,
        )
        return
    if points:
        rows = [asdict(row) for which in many for row in answer.rows(which)]
        print_table(rows, ("series", "date", "value", "mean", "lower", "upper", "signals", "judged"))
    print_table(summaries, ("series", "points", "date", "value", "mean", "lower", "upper", "variation", "assurance"))
    for which in many:
        for line in (*summaries[which]["notes"], *(_dated(answer, which) if points else ())):
            typer.echo(f"{answer.series[which].name}: {line}")


def _dated(answer: "Answer", which: int) -> list[str]:
    days = answer.series[which].dates
    return [f"{days[one.start]} to {days[one.end]}: {one.sentence}" for one in answer.findings(which)]


def _draw(answer: "Answer", folder: Path, axis: str) -> None:
    import re

    from commonweal.charts.assessed import chart_of

    folder.mkdir(parents=True, exist_ok=True)
    with runtime.progress() as progress:
        task = progress.add_task("Drawing", total=len(answer.series))
        for which, one in enumerate(answer.series):
            drawn = chart_of(answer, which, title=one.name, axis=axis or "Value")
            (folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', one.name)}.svg").write_text(drawn.svg, encoding="utf-8")
            progress.advance(task)
