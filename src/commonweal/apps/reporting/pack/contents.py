"""Sections of a pack from a report's figures."""

from collections.abc import Sequence
from datetime import date

from commonweal.apps.measurement.api import Indicator, Measurement, State
from commonweal.apps.reporting.formats import day, month
from commonweal.apps.reporting.model import Area, BoardReport, Cell, Register, Table
from commonweal.apps.reporting.pack.model import Block, Bullets, Headlines, Para, Section, Sources
from commonweal.apps.reporting.pack.signals import Signalled
from commonweal.apps.reporting.pack.tables import fact_table, findings_table, gap_table, plan_table, restated_table
from commonweal.domain.measurement.definitions import in_english

WORKFORCE = "Workforce"
QUALITY = "Quality"


def present(*blocks: Block | None) -> tuple[Block, ...]:
    """Those that are there."""
    return tuple(block for block in blocks if block is not None)


def headlines(report: BoardReport) -> Section:
    """What a member reads first."""
    if not report.headlines:
        return Section("headlines", "Headlines", 2, (Para("No rule found anything to say of this month's figures."),))
    return Section("headlines", "Headlines", 2, (Headlines(report.headlines),))


def delivery(report: BoardReport) -> list[Section]:
    """All service areas on one table."""
    if report.delivery is None:
        return []
    return [Section("delivery", "Delivery of standards", 2, present(report.delivery_chart, report.delivery))]


def areas(report: BoardReport) -> list[Section]:
    """A section an area, but for workforce, which has its own."""
    own = [_area(area, 3) for area in report.areas if area.name not in {WORKFORCE, QUALITY}]
    return [Section("areas", "Service areas", 2, ()), *own] if own else []


def _area(area: Area, level: int) -> Section:
    blocks: list[Block] = []
    held = f"; {area.group} holds the assurance" if area.group else ""
    if area.paused and area.counted is not None:
        noun = "indicator" if area.counted.text == "1" else "indicators"
        sources = area.share.sources if area.share else ()
        blocks.append(Para(f"Reporting on the {area.counted.text} {noun} of this area was paused{held}.", sources))
    elif area.achieved is not None and area.counted is not None and area.share is not None:
        text = f"{area.achieved.text} of {area.counted.text} indicators achieved (printed as {area.share.text}){held}."
        sources = tuple(dict.fromkeys((*area.achieved.sources, *area.share.sources)))
        blocks.append(Para(text, sources))
    blocks += present(area.chart)
    if area.lines:
        blocks.append(plan_table(f"{area.name}: plan, actual and variance", area.lines))
    if area.facts:
        blocks.append(fact_table(f"{area.name}: also reported", area.facts))
    if area.ranks:
        blocks.append(fact_table(f"{area.name}: rank among the 42 systems", area.ranks, "Rank"))
    return Section(f"area-{area.slug}", area.name, level, tuple(blocks))


def workforce(report: BoardReport) -> Section:
    """Staff in post and away, against plan."""
    own = next((area for area in report.areas if area.name == WORKFORCE), None)
    if own is None:
        said = f"Not supplied: no workforce figures were reported in {report.month}."
        return Section("workforce", "Workforce", 2, (Para(said),))
    return _area(own, 2)


def quality(report: BoardReport) -> list[Section]:
    """Ratings and quality indicators, and what a quality page needs that nobody supplied."""
    own = next((area for area in report.areas if area.name == QUALITY), None)
    missing = "Not supplied for this month: incidents, complaints, mortality and infection figures."
    made = [Section("quality", "Quality and safety", 2, (Para(missing),))]
    if own is not None:
        made.append(_area(own, 3))
    if report.ratings.table is not None:
        made.append(Section("ratings", "Ratings", 3, present(report.ratings.chart, report.ratings.table)))
    return made


def inequality(report: BoardReport) -> list[Section]:
    """Registers by deprivation, and published life expectancy."""
    first: list[Block] = []
    if not report.registers:
        first.append(Para(f"No register has been computed for {report.month}."))
    if report.health_ranks:
        first.append(fact_table("Population health: rank among the 42 systems", report.health_ranks, "Rank"))
    if report.health is not None:
        first.append(report.health)
    made = [Section("inequality", "Population health and inequality", 2, tuple(first))]
    return made + [_register(one) for one in report.registers]


def _register(one: Register) -> Section:
    blocks: list[Block] = [Para(one.sentence), Para(one.summary, tone="strong")]
    blocks += present(one.chart)
    if one.system:
        blocks.append(gap_table(f"{one.name} {one.unit}, not adjusted for age", one.system))
    if one.networks:
        blocks.append(gap_table(f"{one.name} by network, {one.unit}", one.networks, folded=True))
    return Section(f"register-{one.slug}", one.name, 3, tuple(blocks))


def finance(report: BoardReport) -> Section:
    """Plan against actual, claims by state, and figures of the finance report's text."""
    money = report.finance
    blocks: list[Block] = list(present(money.chart))
    if money.lines:
        blocks.append(plan_table("Finance: plan, actual and variance", money.lines))
    blocks += present(money.claims)
    if money.facts:
        blocks.append(fact_table("Figures in the finance report", money.facts))
    if not blocks:
        blocks.append(Para(f"Not supplied: no finance figures were reported in {report.month}."))
    return Section("finance", "Finance", 2, tuple(blocks))


def priorities(report: BoardReport) -> list[Section]:
    """Transformation priorities by status."""
    found = report.priorities
    if found.table is None:
        return []
    blocks = present(Para(found.summary), found.chart, found.table)
    return [Section("priorities", "Transformation priorities", 2, blocks)]


def data_quality(report: BoardReport, found: Sequence[Signalled]) -> list[Section]:
    """What to know of the figures before relying on them."""
    doubts = [one for one in report.figures if one.state in {State.PROVISIONAL, State.PAUSED, State.TO_BE_CONFIRMED}]
    hidden = sum(one.state == State.SUPPRESSED for one in report.figures)
    old = [one for one in report.figures if _old(one, report.period)]
    said = [f"This pack rests on {len(report.figures):,} figures."]
    for state, words in (
        (State.PROVISIONAL, "provisional"),
        (State.PAUSED, "paused"),
        (State.TO_BE_CONFIRMED, "to be confirmed"),
    ):
        count = sum(one.state == state for one in doubts)
        if count:
            said.append(f"{count} {'is' if count == 1 else 'are'} {words}.")
    if hidden:
        said.append(f"{hidden} are hidden by disclosure control: {report.disclosure}")
    if old:
        said.append(
            f"{len(old)} were more than three months old at the end of {report.month}; the oldest: {_oldest(old)}."
        )
    stale = {one.indicator.name: one.at for one in found if one.old}
    said += [f"{name}: the newest point over time is of {at}." for name, at in stale.items()]
    made = [Section("data-quality", "Data quality", 2, (Bullets(tuple(said)),))]
    if report.restated:
        made.append(
            Section("restated", "Figures restated since they were published", 3, (restated_table(report.restated),))
        )
    if report.findings:
        told = (
            "Each printed figure is kept beside the one computed from its neighbours. A note is a difference that "
            "rounding explains; a warning is one that it does not; an error cannot be true."
        )
        blocks: tuple[Block, ...] = (Para(told), findings_table(report.findings))
    else:
        blocks = (Para("Every printed figure agrees with the one computed from its neighbours."),)
    return [*made, Section("findings", "Figures that disagree", 3, blocks)]


def _old(one: Measurement, period: str) -> bool:
    """Whether a figure tells of a time more than three months before the end of the month reported."""
    if one.as_at is None:
        return False
    year, number = (int(part) for part in period.split("-"))
    return (year - one.as_at.year) * 12 + number - one.as_at.month > 3


def _oldest(figures: Sequence[Measurement]) -> str:
    first = min(figures, key=lambda one: one.as_at or date.max)
    return f"{first.indicator.replace('_', ' ')}, as at {day(first.as_at)}"


def definitions(report: BoardReport, known: dict[str, Indicator], on: date) -> Section:
    """What each figure of the pack means, and who answers for it."""
    codes = sorted(
        {one.indicator for one in report.figures if one.indicator in known},
        key=lambda code: (known[code].service_area, known[code].name),
    )
    rows = tuple(
        (
            Cell(known[code].name, note=known[code].service_area),
            Cell(in_english(known[code], on)),
            Cell(known[code].unit),
            Cell(known[code].owner or "Not supplied"),
        )
        for code in codes
        if not code.endswith((".variance", ".variance_percent", ".rank", ".year_on_year"))
    )
    table = Table("Definitions of every indicator in this pack", ("Indicator", "Meaning", "Unit", "Owner"), rows, ())
    said = Para("A variance is actual less plan; a rank is the place among the 42 systems of England, best first.")
    return Section("definitions", "Definitions", 2, (said, table))


def sources(report: BoardReport, referred: set[int]) -> Section:
    """Where every figure printed came from: the sources referred to, under the numbers the whole report gives them."""
    said = (
        "Every figure above carries the number of its source. A file line is a line of the published tables kept with "
        "this software; the document line is the line of the paper’s text."
    )
    return Section(
        "sources", "Sources", 2, (Para(said), Sources(tuple(one for one in report.sources if one.number in referred)))
    )


def about(report: BoardReport) -> list[Block]:
    """Whose figures these are, for the cover."""
    found: list[Block] = []
    if report.published_for:
        text = "Performance, workforce, finance, ratings and priorities are the published figures of "
        found.append(Para(f"{text}{report.published_for}."))
    if report.population_of:
        made_up = ", a made-up system of made-up people: do not read the two together" if report.synthetic else ""
        text = f"Registers and admissions are of {report.population_of}{made_up}."
        found.append(Para(f"{text} {report.disclosure}".strip()))
    else:
        found.append(Para(f"There are no registers for {month(report.period)} yet."))
    return found
