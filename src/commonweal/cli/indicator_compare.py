"""``commonweal indicator`` funnel, counts, compare and standardise: organisations, rare events and years compared."""

import csv
from dataclasses import asdict
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from commonweal.cli import runtime
from commonweal.cli.table import table as print_table

if TYPE_CHECKING:
    from commonweal.domain.measurement.figures import Direction
    from commonweal.domain.performance.series import Series


class Adjust(StrEnum):
    """What is done about more variation between organisations than chance makes."""

    NONE = "none"
    MULTIPLICATIVE = "multiplicative"
    ADDITIVE = "additive"


class Against(StrEnum):
    """What the size of an organisation is."""

    PROPORTION = "proportion"
    RATIO = "ratio"


class Kind(StrEnum):
    """A chart of counts."""

    P = "p"
    U = "u"
    C = "c"
    G = "g"
    T = "t"


class Better(StrEnum):
    """Which way is better."""

    HIGHER = "higher"
    LOWER = "lower"


def register(indicator: typer.Typer) -> None:
    """Add the comparisons to ``commonweal indicator``."""
    for command in (funnel, counts, compare, standardise):
        indicator.command()(command)


def _rows(path: Path, *columns: str) -> list[dict[str, str]]:
    """The rows of a CSV file; exits with a line if it or a column is missing."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except OSError as fault:
        runtime.fail(f"{path}: {fault.strerror}")
    except (UnicodeDecodeError, csv.Error) as fault:
        runtime.fail(f"{path}: not a CSV file in UTF-8 ({fault})")
    if not rows:
        runtime.fail(f"{path}: there are no rows below a header")
    for column in columns:
        if column not in rows[0]:
            runtime.fail(f"{path}: no column {column}; the columns are {', '.join(rows[0])}")
    return rows


def _number(path: Path, line: int, column: str, text: str | None) -> float:
    try:
        return float((text or "").replace(",", ""))
    except ValueError:
        runtime.fail(f"{path}: line {line}, {column}: {text!r} is no number")


def _column(path: Path, rows: list[dict[str, str]], column: str) -> list[float]:
    return [_number(path, line, column, row[column]) for line, row in enumerate(rows, 2)]


def funnel(
    table: Path = typer.Option(..., "--csv", help="A CSV file with a header."),
    numerator: str = typer.Option(..., "--numerator", help="Column of events."),
    denominator: str = typer.Option(..., "--denominator", help="Column of people, or of events expected."),
    group: str = typer.Option(..., "--group", help="Column that names the organisation; its rows are added up."),
    basis: Against = typer.Option(Against.PROPORTION, "--basis", help="Events out of people, or over those expected."),
    adjust: Adjust = typer.Option(Adjust.NONE, "--adjust", help="Allow for overdispersion."),
    winsorise: float = typer.Option(0.1, "--winsorise", help="Share of z-scores drawn in at each end for phi."),
    as_json: bool = runtime.JSON,
) -> None:
    """Organisations against 95% and 99.8% limits that narrow with size (Spiegelhalter 2005).

    Example: commonweal indicator funnel --csv ae_attendances.csv --numerator breaches --denominator attendances
    --group org_code --adjust additive
    """
    from commonweal.domain.performance.funnel import Adjustment, Basis
    from commonweal.domain.performance.funnel import funnel as compute

    rows = _rows(table, numerator, denominator, group)
    tops, bottoms = _column(table, rows, numerator), _column(table, rows, denominator)
    sums: dict[str, list[float]] = {}
    for row, top, bottom in zip(rows, tops, bottoms, strict=True):
        held = sums.setdefault(row[group], [0.0, 0.0])
        held[0] += top
        held[1] += bottom
    kept = {name: held for name, held in sorted(sums.items()) if held[1] > 0}
    try:
        found = compute(
            [held[0] for held in kept.values()],
            [held[1] for held in kept.values()],
            basis=Basis(basis),
            adjustment=Adjustment(adjust),
            winsorise=winsorise,
        )
    except ValueError as fault:
        runtime.fail(f"{table}: {fault}")
    where = {0: "within", 1: "beyond 95%", 2: "beyond 99.8%"}
    shown = [
        {
            "name": name,
            "size": float(found.sizes[at]),
            "value": float(found.values[at]),
            "low998": float(found.low998[at]),
            "low95": float(found.low95[at]),
            "high95": float(found.high95[at]),
            "high998": float(found.high998[at]),
            "place": where[abs(int(found.place[at]))] + ("" if found.place[at] == 0 else _side(int(found.place[at]))),
        }
        for at, name in enumerate(kept)
    ]
    whole = {"centre": found.centre, "phi": found.phi, "tau2": found.tau2, "adjustment": found.adjustment}
    left_out = len(sums) - len(kept)
    result = whole | {"left_out": left_out, "rows": shown}
    if as_json:
        runtime.emit(result, as_json=True)
        return
    print_table(shown, tuple(shown[0]))
    typer.echo(f"centre {found.centre:.6f}; phi {found.phi:.6f}; tau2 {found.tau2:.6f}; adjustment {found.adjustment}")
    if left_out:
        typer.echo(f"{left_out} left out: their size is 0")


def _side(place: int) -> str:
    return ", high" if place > 0 else ", low"


def counts(
    table: Path = typer.Option(..., "--csv", help="A CSV file with a header, one period or one gap a row, in order."),
    kind: Kind = typer.Option(..., "--chart", help="p, u, c; or g (cases between) and t (time between rare events)."),
    events: str = typer.Option(..., "--events", help="Column of counts; for g and t of what lies between events."),
    size: str = typer.Option("", "--size", help="Column of trials (p) or of exposure (u)."),
    prime: bool = typer.Option(False, "--prime", help="Laney's p′ or u′, for more variation than chance makes."),
    as_json: bool = runtime.JSON,
) -> None:
    """Charts of counts and of rare events, with their limits.

    Example: commonweal indicator counts --csv falls.csv --chart u --events falls --size bed_days --prime
    """
    from commonweal.domain.performance import attribute_charts as charts

    if (kind in {Kind.P, Kind.U}) != bool(size):
        runtime.fail("--size goes with --chart p and u, and with no other")
    if prime and kind not in {Kind.P, Kind.U}:
        runtime.fail("--prime goes with --chart p and u")
    rows = _rows(table, events, *([size] if size else []))
    x = _column(table, rows, events)
    try:
        if kind is Kind.P:
            found = charts.p_chart(x, _column(table, rows, size), prime=prime)
        elif kind is Kind.U:
            found = charts.u_chart(x, _column(table, rows, size), prime=prime)
        else:
            found = {Kind.C: charts.c_chart, Kind.G: charts.g_chart, Kind.T: charts.t_chart}[kind](x)
    except ValueError as fault:
        runtime.fail(f"{table}: {fault}")
    shown = [
        {
            "line": at + 2,
            "value": float(value),
            "centre": float(found.centre[at]),
            "lower": float(found.lower[at]),
            "upper": float(found.upper[at]),
            "place": "high" if value > found.upper[at] else "low" if value < found.lower[at] else "within",
        }
        for at, value in enumerate(found.values)
    ]
    if as_json:
        runtime.emit({"chart": kind, "sigma_z": found.spread, "rows": shown}, as_json=True)
        return
    print_table(shown, tuple(shown[0]))
    typer.echo(f"sigma z {found.spread:.6f}")


def compare(
    code: str = typer.Argument("", metavar="[CODE]", help="An indicator held here; or give --csv."),
    table: Path | None = typer.Option(None, "--csv", help="A CSV file with a header, one figure a row."),
    value: str = typer.Option("", "--value", help="Column of the figures. Default: the first that is all numbers."),
    group: str = typer.Option("", "--group", help="Columns, with commas between, that name a series."),
    day: str = typer.Option("", "--date", help="Column of the days. Default: the first."),
    baseline: str = typer.Option("", "--baseline", help="Day before which activity was usual, such as 2020-03-01."),
    tail: int = typer.Option(0, "--tail", min=0, help="Newest figures that may still change."),
    window: int = typer.Option(7, "--window", min=1, help="Figures in the rolling mean."),
    better: Better | None = typer.Option(None, "--direction", help="Which way is better: adds the rank at each time."),
    as_json: bool = runtime.JSON,
) -> None:
    """Each figure against a year before, its season, its rolling mean, its old level (restored) and its peers.

    Example: commonweal indicator compare --csv ae_attendances.csv --group org_code --baseline 2018-03-01
    """
    from commonweal.domain.measurement.figures import Direction
    from commonweal.domain.performance.compare import compared
    from commonweal.domain.performance.series import Columns, SeriesFault, guess_columns, read_series, with_gaps

    if bool(code) == (table is not None):
        runtime.fail("give either the CODE of an indicator or --csv FILE")
    direction = Direction(better) if better is not None else Direction.NEITHER
    try:
        start = date.fromisoformat(baseline) if baseline else None
        if table is not None:
            rows: Any = _rows(table)
            named = tuple(part.strip() for part in group.split(",") if part.strip())
            many = read_series(rows, guess_columns(rows, Columns(day, named, value)))
        else:
            many, direction = _held(code, direction)
    except (SeriesFault, ValueError) as fault:
        runtime.fail(f"{table or code}: {fault}")
    shown = [
        asdict(row)
        for row in compared(
            [with_gaps(one) for one in many], baseline=start, window=window, tail=tail, direction=direction
        )
    ]
    runtime.emit(shown, as_json, lambda _: print_table(shown, tuple(shown[0])))


def _held(code: str, direction: "Direction") -> "tuple[list[Series], Direction]":
    """The series of an indicator, with the direction of its definition unless another is asked for."""
    from commonweal.domain.measurement.figures import Direction
    from commonweal.domain.performance.assess import Question

    runtime.start("app")
    from commonweal.apps.performance import api as performance

    try:
        found, question = performance.series_of(
            code, Question(direction), keep_direction=direction is not Direction.NEITHER
        )
    except performance.NoSeriesError as fault:
        runtime.fail(str(fault))
    return found, question.direction


def standardise(
    table: Path = typer.Option(..., "--csv", help="A CSV file with a header, one age group (or other) a row."),
    events: str = typer.Option("events", "--events", help="Column of events of the population."),
    people: str = typer.Option("people", "--people", help="Column of people of the population."),
    rates: str = typer.Option("", "--standard-rates", help="Column of the standard population's rates: indirect."),
    standard: str = typer.Option("", "--standard-people", help="Column of the standard population: direct."),
    as_json: bool = runtime.JSON,
) -> None:
    """A ratio of events to those expected, or a rate, made comparable with a standard population, with 95% limits.

    Example: commonweal indicator standardise --csv ages.csv --standard-rates england_rate
    """
    from commonweal.domain.performance import standardise as standardising

    if bool(rates) == bool(standard):
        runtime.fail("give either --standard-rates or --standard-people")
    rows = _rows(table, events, people, rates or standard)
    happened = [round(one) for one in _column(table, rows, events)]
    lived = _column(table, rows, people)
    try:
        if rates:
            found = standardising.indirect(sum(happened), lived, _column(table, rows, rates))
        else:
            found = standardising.direct(happened, lived, _column(table, rows, standard))
    except ValueError as fault:
        runtime.fail(f"{table}: {fault}")
    runtime.emit({"method": "indirect" if rates else "direct"} | asdict(found), as_json)
