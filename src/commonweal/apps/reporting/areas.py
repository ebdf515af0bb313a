"""Service areas: indicators achieved, plan against actual, other figures reported, one chart each."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from commonweal.apps.measurement.api import Kind, Measurement, State
from commonweal.apps.reporting.figures import Book
from commonweal.apps.reporting.formats import NONE, capital, day, period_text, slug
from commonweal.apps.reporting.model import Area, Cell, Check, Fact, PlanLine, Table
from commonweal.charts.drawings import Bar, Chart, PlanBar, bar_by_category, plan_and_actual
from commonweal.domain.measurement.planned import VARIANCE, VARIANCE_PERCENT, YEAR_ON_YEAR
from commonweal.domain.measurement.printed import last_digit
from commonweal.domain.measurement.variance import judged, rounded

_LATER = ("Community & Social Care", "Workforce")


def areas(book: Book) -> tuple[Area, ...]:
    """Every service area that has figures: those the dashboard counts in its order, then the others."""
    counted = [one.category for one in book.of("kpi_count", lens="service_area")]
    with_figures = {
        indicator.service_area for code in book.codes() if (indicator := book.indicators.get(code)) is not None
    }
    return tuple(_area(book, name) for name in [*counted, *(one for one in _LATER if one in with_figures)])


def _area(book: Book, name: str) -> Area:
    share = _of_area(book, "kpi_achieved_percent", name)
    counted = _of_area(book, "kpi_count", name)
    achieved = _of_area(book, "kpi_achieved_count", name)
    codes = book.codes_of(name)
    for figure in (share, achieved):  # sources are numbered in reading order
        book.cell(figure)
    planned = plan_lines(book, codes)
    facts, ranks = _facts(book, codes)
    group = ""
    if share is not None:
        group = share.note.split("; ")[1]
    return Area(
        slug=slug(name),
        name=name,
        group=group,
        paused=share is not None and share.state == State.PAUSED,
        achieved=book.cell(achieved) if achieved else None,
        counted=book.cell(_plainly(counted)) if counted else None,
        share=book.cell(share) if share else None,
        lines=planned,
        facts=facts,
        ranks=ranks,
        chart=_area_chart(book, name, codes, counted, achieved),
    )


def _plainly(figure: Measurement) -> Measurement:
    """The number of indicators is known even while their reporting is paused."""

    return replace(figure, state=State.FINAL)


def _of_area(book: Book, code: str, name: str) -> Measurement | None:
    return next((one for one in book.of(code, lens="service_area") if one.category == name), None)


def plan_lines(book: Book, codes: Sequence[str]) -> tuple[PlanLine, ...]:
    """A line for each indicator that has a plan or an actual of its own, in the order printed."""
    found: list[PlanLine] = []
    for code in codes:
        plan, actual = book.one(code, Kind.PLAN), book.one(code, Kind.ACTUAL)
        if plan is not None and actual is not None:
            found.append(_line(book, code, plan, actual))
    return tuple(found)


def _line(book: Book, code: str, plan: Measurement, actual: Measurement) -> PlanLine:
    indicator = book.indicators[code]
    at_a_point = indicator.aggregation == "last"
    change = book.one(code + VARIANCE, Kind.COMPUTED)
    share = book.one(code + VARIANCE_PERCENT, Kind.COMPUTED)
    printed = [
        one
        for one in (book.one(code + VARIANCE, Kind.PRINTED), book.one(code + VARIANCE_PERCENT, Kind.PRINTED))
        if one is not None
    ]
    twins = {VARIANCE: change, VARIANCE_PERCENT: share}
    disagrees = any(
        _differs(one, twins[VARIANCE_PERCENT if one.indicator.endswith(VARIANCE_PERCENT) else VARIANCE])
        for one in printed
    )
    sources = tuple(dict.fromkeys(book.source(one) for one in printed))
    return PlanLine(
        name=indicator.name,
        sentence=indicator.sentence,
        plan=book.cell(plan),
        actual=book.cell(actual),
        variance=book.cell(change, signed=True),
        variance_percent=_percent(book, share),
        printed_variance=Cell("; ".join(one.printed or NONE for one in printed), sources) if printed else Cell(NONE),
        judged=judged(change.value if change else None, indicator.direction_of_good),
        year_on_year=book.cell(book.one(code + YEAR_ON_YEAR), signed=True),
        as_at=f"At {day(actual.as_at)}" if at_a_point and actual.as_at else capital(period_text(actual.period)),
        disagrees=disagrees,
        code=code,
        printed_change=book.cell(book.one(code + VARIANCE, Kind.PRINTED), signed=True),
        printed_percent=book.cell(book.one(code + VARIANCE_PERCENT, Kind.PRINTED), signed=True),
    )


def _percent(book: Book, share: Measurement | None) -> Cell:
    """A computed percentage is stored to two decimals and shown to one."""
    if share is None or share.value is None:
        return book.cell(share)

    return book.cell(replace(share, value=rounded(share.value, Decimal("0.1"))), signed=True)


def _differs(printed: Measurement, computed: Measurement | None) -> bool:
    """Whether the computed figure, rounded as the print is, is another number."""
    if printed.value is None or computed is None or computed.value is None:
        return False

    step = last_digit(printed.value)
    if printed.unit in {"percent", "percentage points"}:
        step = min(step, Decimal("0.1"))
    return rounded(computed.value, step) != printed.value


def _facts(book: Book, codes: Sequence[str]) -> tuple[tuple[Fact, ...], tuple[Fact, ...]]:
    """Headline figures, and ranks among systems with the value ranked, best first."""
    facts: dict[tuple[str, str, str], Fact] = {}
    ranks: list[tuple[int, Fact]] = []
    for code in codes:
        indicator = book.indicators[code]
        for figure in book.of(code, lens="headline"):
            cell, period = book.cell(figure), capital(period_text(figure.period))
            known = facts.get((code, cell.text, period))
            if known is not None:  # the same figure printed in two places is one line with two sources
                cell = replace(cell, sources=(*known.value.sources, *cell.sources))
            facts[code, cell.text, period] = Fact(indicator.name, cell, period, remark_of(figure))
        if code.endswith(".rank"):
            rank, value = book.one(code), book.one(code.removesuffix(".rank"))
            if rank is None or value is None:
                continue
            remark = f"{rank.value} of {rank.denominator}"
            name = book.indicators[code.removesuffix(".rank")].name
            ranks.append((int(rank.value or 0), Fact(name, book.cell(value), value.period, remark)))
    return tuple(facts.values()), tuple(fact for _, fact in sorted(ranks, key=lambda pair: pair[0]))


def health_ranks(book: Book) -> tuple[Fact, ...]:
    """Ranks of measures that belong to no service area but to population health."""
    return _facts(book, book.codes_of("Population health"))[1]


def remark_of(figure: Measurement) -> str:
    """What the figure was compared with, and its words where the paper printed words."""
    remarks = [capital(one.replace("compared with since", "since")) for one in figure.note.split("; ")[1:]]
    printed = figure.printed or ""
    if figure.value is not None and any(c.isalpha() for c in printed):
        remarks.append(f"Printed as “{printed}”")
    return ". ".join(remarks)


def plan_chart(book: Book, name: str, slug_: str, codes: Sequence[str]) -> Chart | None:
    """Actual as a share of plan, so that counts of any size, money and percentages share one axis."""
    bars: list[PlanBar] = []
    for code in codes:
        plan, actual = book.one(code, Kind.PLAN), book.one(code, Kind.ACTUAL)
        if plan is None or actual is None or not plan.value or actual.value is None:
            continue
        share = float(actual.value / plan.value * 100)
        planned, happened = book.cell(plan).text, book.cell(actual).text
        bars.append(PlanBar(book.indicators[code].name, 100.0, share, planned, happened, f"{share:.1f}%"))
    if not bars:
        return None
    return plan_and_actual(
        name=f"chart-{slug_}",
        title=f"{name}: actual as a percentage of plan",
        axis="Percentage of plan",
        heading="Measure",
        bars=bars,
    )


def _area_chart(
    book: Book, name: str, codes: Sequence[str], counted: Measurement | None, achieved: Measurement | None
) -> Chart | None:
    chart = plan_chart(book, name, slug(name), codes)
    if chart is not None or counted is None or achieved is None or not counted.value or achieved.value is None:
        return chart
    missed = counted.value - achieved.value
    return bar_by_category(
        name=f"chart-{slug(name)}",
        title=f"{name}: indicators that met their standard",
        axis="Number of indicators",
        heading="Indicators",
        whole=True,
        bars=[
            Bar("Achieved", float(achieved.value), f"{achieved.value} of {counted.value}", emphasis=True),
            Bar("Not achieved", float(missed), f"{missed} of {counted.value}"),
        ],
    )


def delivery(book: Book, found: Sequence[Area]) -> tuple[Table | None, Chart | None]:
    """All service areas on one table and one drawing."""
    counted = [area for area in found if area.counted is not None]
    if not counted:
        return None, None
    rows = tuple(
        (
            Cell(area.name),
            Cell(
                f"{area.achieved.text} of {area.counted.text}" if area.achieved else f"{NONE} of {area.counted.text}",
                tuple(dict.fromkeys((area.achieved.sources if area.achieved else ()) + area.counted.sources)),
            ),
            area.share or Cell(NONE),
            Cell(area.group),
            area.achieved or Cell(NONE),
            area.counted,
        )
        for area in counted
        if area.counted is not None
    )
    table = Table(
        "Constitutional and Long Term Plan indicators that met their standard",
        ("Service area", "Achieved", "Share achieved", "Assurance group", "Indicators achieved", "Indicators"),
        rows,
        numeric=(1, 2),
        checks=(Check("Share achieved", "share", (4, 5), 2),),
        only_workbook=(4, 5),
    )
    bars = []
    for area in counted:
        figure = _of_area(book, "kpi_achieved_percent", area.name)
        value = float(figure.value) if figure is not None and figure.value is not None else None
        bars.append(Bar(area.name, value, area.share.text if area.share else NONE))
    chart = bar_by_category(
        name="chart-delivery",
        title="Share of indicators that met their standard, by service area",
        axis="Percentage of indicators achieved",
        heading="Service area",
        ticks=(0, 20, 40, 60, 80, 100),
        bars=bars,
    )
    return table, chart
