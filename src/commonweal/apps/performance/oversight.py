"""What the oversight pages show, from the figures: service areas, plans, ratings, peers, transformation, contracts."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from commonweal.apps.measurement import api as measurement
from commonweal.apps.measurement.api import Indicator, Kind, Measurement, State
from commonweal.apps.performance import methods
from commonweal.domain.measurement.planned import VARIANCE, VARIANCE_PERCENT, YEAR_ON_YEAR
from commonweal.domain.performance.rating import Level, Rating, escalation, forecast, miss, rate

_HUNDRED = Decimal(100)
_DERIVED = (VARIANCE, VARIANCE_PERCENT, YEAR_ON_YEAR, ".rank")


@dataclass(frozen=True, slots=True)
class AreaLine:
    """A service area: x of y achieved, or the state that stands instead of it."""

    name: str
    counted: int
    achieved: int | None
    printed: str
    state: str
    source: str


@dataclass(frozen=True, slots=True)
class PlanLine:
    """An indicator against its plan, how it is rated, where it heads, and the level it escalates to."""

    code: str
    name: str
    area: str
    actual: str
    plan: str
    unit: str
    period: str
    rating: Rating
    heading: Rating | None
    level: Level | None
    restored: str


@dataclass(frozen=True, slots=True)
class Oversight:
    """The page: areas with their sum over those that report, lines against plan, and the tables beside them."""

    areas: tuple[AreaLine, ...]
    achieved: int
    counted: int
    silent: int
    lines: tuple[PlanLine, ...]
    tally: Counter[str]
    ratings: tuple[tuple[str, str, dict[str, str]], ...]
    grades: tuple[str, ...]
    peers: tuple[tuple[str, int, int, str, str], ...]
    transformation: tuple[tuple[str, str, str, str], ...]
    statuses: Counter[str]
    amber: bool
    escalates: bool


def oversight(day: date) -> Oversight:
    """Everything the oversight page shows, of the newest report."""
    known = {one.code: one for one in measurement.indicators()}
    areas = _areas()
    reporting = [area for area in areas if area.achieved is not None]
    lines = _lines(day, known)
    ratings, grades = _ratings(known)
    transformation = _transformation()
    return Oversight(
        areas,
        sum(area.achieved or 0 for area in reporting),
        sum(area.counted for area in reporting),
        sum(area.counted for area in areas if area.achieved is None),
        lines,
        Counter(str(line.rating) for line in lines),
        ratings,
        grades,
        _peers(known),
        transformation,
        Counter(status for _, _, status, _ in transformation),
        bool(methods.amber_rules()),
        bool(methods.levels()),
    )


def _newest(figures: list[Measurement]) -> list[Measurement]:
    reported = max((one.reported for one in figures), default="")
    return [one for one in figures if one.reported == reported]


def _areas() -> tuple[AreaLine, ...]:
    """A paused or unconfirmed area counts neither as achieved nor as missed."""
    figures = _newest(measurement.get(["kpi_count", "kpi_achieved_count", "kpi_achieved_percent"], lens="service_area"))
    of = {(one.indicator, one.category): one for one in figures}
    found = []
    for one in sorted((one for one in figures if one.indicator == "kpi_count"), key=lambda one: int(one.source_line)):
        achieved = of.get(("kpi_achieved_count", one.category))
        printed = of.get(("kpi_achieved_percent", one.category))
        state = printed.state if printed else State.TO_BE_CONFIRMED
        value = None if achieved is None or achieved.value is None or state != State.FINAL else int(achieved.value)
        text = (printed.printed or "") if printed else ""
        source = f"{one.source_file} line {one.source_line}, {one.note.split(';')[0]}"
        found.append(AreaLine(one.category, int(one.value or 0), value, text, str(state).replace("_", " "), source))
    return tuple(found)


def _lines(day: date, known: Mapping[str, Indicator]) -> tuple[PlanLine, ...]:
    """Every indicator with a plan and an actual of one period, newest period of each."""
    plans = [one for one in measurement.get(lens="all", kind=Kind.PLAN) if not one.indicator.endswith(_DERIVED)]
    planned = sorted({one.indicator for one in plans} & set(known))
    series: dict[tuple[str, str], dict[str, dict[str, Measurement]]] = {}
    for one in [*plans, *measurement.get(planned, lens="all", kind=Kind.ACTUAL)]:
        series.setdefault((one.indicator, one.footprint), {}).setdefault(one.period, {})[str(one.kind)] = one
    amber, steps = methods.amber_rules(), methods.levels()
    changed = {one.indicator: one for one in measurement.get([code + YEAR_ON_YEAR for code in planned])}
    found = []
    for (code, _), periods in sorted(series.items()):
        both = [(period, pair["plan"], pair["actual"]) for period, pair in sorted(periods.items()) if len(pair) == 2]
        if not both:
            continue
        period, plan, actual = both[-1]
        indicator = known[code]
        direction = indicator.direction_of_good
        if indicator.standing != "live" or actual.state in {State.PAUSED, State.TO_BE_CONFIRMED}:
            rating = Rating.UNRATED
        else:
            rating = rate(actual.value, plan.value, direction, amber, day, code)
        values = [one.value for _, _, one in both if one.value is not None]
        ahead = forecast(values, 1)
        heading = None if ahead is None else rate(ahead, plan.value, direction, amber, day, code)
        misses = [
            short
            for _, wanted, happened in both
            if wanted.value is not None
            and happened.value is not None
            and (short := miss(happened.value, wanted.value, direction)) is not None
        ]
        change = changed.get(code + YEAR_ON_YEAR)
        found.append(
            PlanLine(
                code,
                indicator.name,
                indicator.service_area,
                _told(actual),
                _told(plan),
                indicator.unit,
                period,
                rating,
                heading,
                escalation(misses, steps, day),
                f"{_HUNDRED + change.value:.1f}%" if change is not None and change.value is not None else "",
            )
        )
    return tuple(sorted(found, key=lambda one: (one.area, one.name)))


def _told(one: Measurement) -> str:
    """A figure as printed; money with its sign and scale, which a cell of a table leaves to its heading."""
    if one.unit == "pence" and one.value is not None:
        return f"£{one.value / 100_000_000:,.1f}m"
    return one.printed or _text(one.value)


def _text(value: Decimal | None) -> str:
    return "" if value is None else f"{value:,f}"


def _ratings(known: Mapping[str, Indicator]) -> tuple[tuple[tuple[str, str, dict[str, str]], ...], tuple[str, ...]]:
    figures = _newest(measurement.get(lens="rating"))
    names = {code: one.name for code, one in known.items()}
    grades = tuple(dict.fromkeys(one.category for one in sorted(figures, key=lambda one: int(one.source_line))))
    rows: dict[str, dict[str, str]] = {}
    periods: dict[str, str] = {}
    for one in figures:
        rows.setdefault(one.indicator, {})[one.category] = one.printed or _text(one.value)
        periods[one.indicator] = one.period
    return tuple((names.get(code, code), periods[code], cells) for code, cells in rows.items()), grades


def _peers(known: Mapping[str, Indicator]) -> tuple[tuple[str, int, int, str, str], ...]:
    """(measure, rank, of how many, value as printed, period), best rank first."""
    ranks = _newest(measurement.get([code for code in known if code.endswith(".rank")]))
    values = {one.indicator: one for one in measurement.get([one.indicator.removesuffix(".rank") for one in ranks])}
    found = []
    for one in ranks:
        code = one.indicator.removesuffix(".rank")
        value = values.get(code)
        shown = (value.printed or "") if value is not None else ""
        found.append(
            (
                known[code].name if code in known else code,
                int(one.value or 0),
                int(one.denominator or 0),
                shown,
                one.period,
            )
        )
    return tuple(sorted(found, key=lambda row: row[1]))


def _transformation() -> tuple[tuple[str, str, str, str], ...]:
    """(group, priority, status, funding as printed) of each of the system's priorities, as printed."""
    figures = _newest(measurement.get("transformation_priority"))
    money = {(one.category, one.source_line): one.printed or "" for one in measurement.get("transformation_funding")}
    return tuple(
        (one.note.split("; ")[-1], one.category, one.printed or "", money.get((one.category, one.source_line), ""))
        for one in sorted(figures, key=lambda one: int(one.source_line))
    )


@dataclass(frozen=True, slots=True)
class ContractLine:
    """A row of the contract report as printed, with what can be said of it."""

    kind: str
    name: str
    provider: str
    cells: tuple[str, str, str, str]
    share: str
    judged: str
    source: str


def contract_report(elapsed: Decimal) -> list[tuple[str, list[ContractLine]]]:
    """The public health contracts by service in the committee's layout: plan, quarter 1, quarter 2, year to date.

    ``elapsed`` is the share of the year behind the figures. A count is judged by the share of its yearly plan reached
    against that; a percentage against its plan. Empty until the published tables are loaded.
    """
    rows: dict[int, dict[str, measurement.PublishedCell]] = {}
    try:
        cells = measurement.table_cells("000_ph_kpi.csv")
    except measurement.BadTableError:
        return []
    for cell in cells:
        rows.setdefault(cell.row, {})[cell.column] = cell
    found: dict[str, list[ContractLine]] = {}
    for row in rows.values():
        found.setdefault(row["service"].printed, []).append(_contract_line(row, elapsed))
    return list(found.items())


def _contract_line(row: dict[str, measurement.PublishedCell], elapsed: Decimal) -> ContractLine:
    plan, reached = row["plan_value"].value, row["ytd_value"].value
    share = judged = ""
    if plan and reached is not None and row["unit"].printed == "count":
        part = reached / plan
        share = f"{part * 100:.1f}%"
        judged = "on track" if part >= elapsed else "behind"
    elif plan is not None and reached is not None and row["unit"].printed == "percent":
        above = row["plan_comparator"].printed == ">"
        judged = "met" if (reached > plan if above else reached >= plan) else "missed"
    return ContractLine(
        row["row_kind"].printed,
        row["indicator"].printed,
        row["provider"].printed,
        (row["plan_printed"].printed, row["q1_printed"].printed, row["q2_printed"].printed, row["ytd_printed"].printed),
        share,
        judged,
        f"document 000 line {row['line'].printed}",
    )
