"""The inequality gap of each register: rates in the most and least deprived fifths, footprint by footprint."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from commonweal.apps.measurement.api import Indicator, Measurement, State
from commonweal.apps.reporting.figures import Book
from commonweal.apps.reporting.formats import NONE, slug
from commonweal.apps.reporting.model import Cell, GapLine, Register
from commonweal.charts.drawings import Bar, Chart, bar_by_category
from commonweal.domain.measurement.gap import Gap, Rate, event_rate, gap, share

PER_THOUSAND = "per thousand"
POPULATION = "registered_population"
QUINTILES = "deprivation_quintile"
_ORDER = {"system": 0, "place": 1, "network": 2}
_NAMES = {"1": "1 (most deprived)", "2": "2", "3": "3", "4": "4", "5": "5 (least deprived)"}


@dataclass(frozen=True, slots=True)
class _Counts:
    """Released counts of one footprint by category ("all" and quintiles)."""

    kind: str
    code: str
    by_category: Mapping[str, Measurement]


def registers(book: Book, names: Mapping[str, str]) -> tuple[Register, ...]:
    """Every register or event count given by deprivation, with its gap. ``names`` maps footprint to name."""
    found = sorted(
        {one.indicator for one in book.figures if one.lens == QUINTILES} - {POPULATION},
        key=lambda code: (book.indicators[code].unit != "people", book.indicators[code].name),
    )
    people = _by_footprint(book, POPULATION)
    return tuple(_register(book, book.indicators[code], people, names) for code in found)


def _by_footprint(book: Book, code: str) -> dict[tuple[str, str], _Counts]:
    found: dict[tuple[str, str], dict[str, Measurement]] = {}
    for one in book.of(code):
        if one.lens in {"all", QUINTILES}:
            found.setdefault((one.footprint_kind, one.footprint), {})[one.category] = one
    return {key: _Counts(*key, by_category) for key, by_category in found.items()}


def _register(
    book: Book, indicator: Indicator, people: Mapping[tuple[str, str], _Counts], names: Mapping[str, str]
) -> Register:
    counts = _by_footprint(book, indicator.code)
    lines: list[GapLine] = []
    system_gap: Gap | None = None
    chart: Chart | None = None
    for key in sorted(counts, key=lambda key: (_ORDER.get(key[0], 9), names.get(key[1], key[1]))):
        if key not in people:
            continue
        rates = {name: _rate(indicator, counts[key], people[key], name) for name in ("all", *_NAMES)}
        most, least = rates["1"], rates["5"]
        between = gap(most, least) if most is not None and least is not None else None
        lines.append(_line(book, counts[key], people[key], rates, between, names))
        if key[0] == "system":
            system_gap = between
            chart = _chart(indicator, rates)
    return Register(
        slug=slug(indicator.code),
        name=indicator.name,
        sentence=indicator.sentence,
        unit="per 1,000 registered people",
        summary=_summary(indicator, system_gap),
        system=tuple(line for line in lines if line.kind != "network"),
        networks=tuple(line for line in lines if line.kind == "network"),
        chart=chart,
    )


def _rate(indicator: Indicator, counts: _Counts, people: _Counts, category: str) -> Rate | None:
    """The rate of one category, None where either count is missing, hidden or cannot make a rate."""
    over, under = counts.by_category.get(category), people.by_category.get(category)
    if under is None or under.value is None or under.state == State.SUPPRESSED or under.value <= 0:
        return None
    if over is not None and (over.value is None or over.state == State.SUPPRESSED):
        return None
    numerator = int(over.value) if over is not None and over.value is not None else 0
    if indicator.unit == "people":
        return share(min(numerator, int(under.value)), int(under.value))
    return event_rate(numerator, int(under.value))


def _line(
    book: Book,
    counts: _Counts,
    people: _Counts,
    rates: Mapping[str, Rate | None],
    between: Gap | None,
    names: Mapping[str, str],
) -> GapLine:
    def cell(category: str) -> Cell:
        used = [one.by_category[category] for one in (counts, people) if category in one.by_category]
        sources = tuple(dict.fromkeys(book.source(one) for one in used))
        rate = rates[category]
        if rate is None:
            hidden = any(one.state == State.SUPPRESSED for one in used)
            return Cell("Hidden" if hidden else NONE, sources, "hidden" if hidden else "none")
        return Cell(per_thousand(rate.value), sources, value=_tenth(rate.value), unit=PER_THOUSAND)

    def counted(category: str) -> tuple[Cell, Cell]:
        """What the rate is made of: nobody counted is nought, as in the rate."""
        over = counts.by_category.get(category)
        return (
            book.cell(over) if over is not None else Cell("0", value=Decimal(0)),
            book.cell(people.by_category.get(category)),
        )

    difference = Cell(NONE)
    ratio = NONE
    if between is not None:
        text = f"{signed(between.difference)} ({signed(between.low)} to {signed(between.high)})"
        difference = Cell(text, (), value=_tenth(between.difference), unit=PER_THOUSAND)
        ratio = f"{between.ratio:.2f}" if between.ratio is not None else NONE
    return GapLine(
        footprint=names.get(counts.code, counts.code),
        kind=counts.kind,
        most=cell("1"),
        least=cell("5"),
        everyone=cell("all"),
        difference=difference,
        ratio=ratio,
        certain=between is not None and between.certain,
        counts=(*counted("1"), *counted("5")),
    )


def _tenth(rate: float) -> Decimal:
    """A share as printed: per thousand, to one decimal."""
    return Decimal(f"{rate * 1000:.1f}")


def per_thousand(rate: float) -> str:
    """``74.2`` for a share of 0.0742."""
    return f"{rate * 1000:,.1f}"


def signed(rate: float) -> str:
    """``+12.3`` or ``−4.0`` per thousand."""
    text = f"{abs(rate) * 1000:,.1f}"
    return ("−" if rate < 0 else "+") + text if text != "0.0" else text


def _summary(indicator: Indicator, between: Gap | None) -> str:
    """One sentence that says how the most deprived fifth compares, and whether chance could explain it."""
    if between is None:
        return f"{indicator.name}: the counts are too small to show a gap for the whole system."
    most, least = per_thousand(between.most.value), per_thousand(between.least.value)
    text = (
        f"{indicator.name}: {most} per 1,000 people in the most deprived fifth, {least} in the least deprived: "
        f"a gap of {signed(between.difference)}"
    )
    if between.certain and between.ratio is not None:
        return f"{text}, {between.ratio:.2f} times."
    return f"{text}, which chance alone could explain."


def _chart(indicator: Indicator, rates: Mapping[str, Rate | None]) -> Chart | None:
    bars = []
    for category, name in _NAMES.items():
        rate = rates[category]
        if rate is None:
            bars.append(Bar(name, None, "Not shown"))
            continue
        bars.append(
            Bar(
                name,
                rate.value * 1000,
                per_thousand(rate.value),
                rate.low * 1000,
                rate.high * 1000,
                emphasis=category == "1",
            )
        )
    if sum(bar.value is not None for bar in bars) < 2:  # one fifth alone compares with nothing
        return None
    return bar_by_category(
        name=f"chart-{slug(indicator.code)}",
        title=f"{indicator.name} by deprivation, whole system",
        axis="Per 1,000 registered people",
        heading="Deprivation fifth",
        bars=bars,
    )
