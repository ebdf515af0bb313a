"""What a register's page shows: released counts and rates by one lens in one footprint, with a chart."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from commonweal.apps.measurement import api as measurement
from commonweal.apps.places import api as places
from commonweal.charts.drawings import Bar, Chart, bar_by_category
from commonweal.domain.measurement.gap import Rate, event_rate, share
from commonweal.domain.population.categories import CATEGORIES
from commonweal.domain.population.declarations import DECLARATIONS, REGISTERED, Declaration, declaration, sentence

NETWORK = "network"
LENSES = {
    NETWORK: "Network",
    "deprivation_quintile": "Deprivation",
    "ethnicity": "Ethnicity",
    "age_band": "Age",
    "sex": "Sex",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One category. ``count`` and ``people`` as released, None where hidden; ``rate`` per 1,000 with 95% limits."""

    name: str
    count: int | None
    people: int | None
    rate: float | None
    low: float | None
    high: float | None

    @property
    def hidden(self) -> bool:
        """Whether disclosure control hides this count."""
        return self.count is None


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A register by one lens. ``rule`` says how small counts are treated, ``as_at`` the day counted on."""

    name: str
    title: str
    sentence: str
    unit: str
    lens: str
    heading: str
    footprint: str
    rows: tuple[Row, ...]
    total: Row | None
    chart: Chart | None
    as_at: str
    rule: str
    query: str


def registers() -> list[tuple[Declaration, str, Row | None]]:
    """Every register with its sentence and its figure for the whole system; None before the first refresh."""
    found = []
    for one in DECLARATIONS:
        figures = _latest(measurement.get(one.name, lens="all"))
        system = next((_row("All", one, figure) for figure in figures if figure.footprint_kind == "system"), None)
        found.append((one, sentence(one), system))
    return found


def footprints() -> list[tuple[str, str]]:
    """(code, name) of the system and its places and networks, widest first."""
    return [(one.code, f"{one.name} ({one.kind})") for one in places.footprints()]


def breakdown(name: str, lens: str, code: str) -> Breakdown:
    """The register ``name`` by ``lens`` (a key of ``LENSES``) in the footprint ``code``; by network, its own networks.

    Counts and rates as released: what disclosure control hides is None here and in the chart. Raises KeyError for a
    register, lens or footprint there is not.
    """
    declared, heading = declaration(name), LENSES[lens]
    known = {one.code: one for one in places.footprints()}
    chosen = known[code]
    figures = _latest(measurement.get(declared.name))
    if lens == NETWORK:
        inside = {
            one.code: one.name for one in known.values() if one.kind == NETWORK and _within(one.code, code, known)
        }
        shown = [(inside[one.footprint], one) for one in figures if one.lens == "all" and one.footprint in inside]
        shown.sort(key=lambda pair: pair[0])
    else:
        here = [one for one in figures if one.lens == lens and one.footprint == code]
        shown = _in_order([(one.category, one) for one in here], CATEGORIES[lens])
    rows = tuple(_row(name, declared, one) for name, one in shown)
    whole = next((one for one in figures if one.lens == "all" and one.footprint == code), None)
    return Breakdown(
        name=declared.name,
        title=declared.title,
        sentence=sentence(declared, whole.as_at if whole else None),
        unit=declared.unit,
        lens=lens,
        heading=heading,
        footprint=chosen.name,
        rows=rows,
        total=_row("Everyone", declared, whole) if whole else None,
        chart=_chart(declared, heading, chosen.name, rows),
        as_at=whole.as_at.isoformat() if whole and whole.as_at else "",
        rule=whole.note if whole else "",
        query=(whole.query or "") if whole else "",
    )


def _latest(figures: Sequence[measurement.Measurement]) -> list[measurement.Measurement]:
    """The figures of the newest as-at day among ``figures``."""
    newest = max((one.as_at for one in figures if one.as_at), default=None)
    return [one for one in figures if one.as_at == newest]


def _within(network: str, code: str, known: Mapping[str, places.Footprint]) -> bool:
    """Whether ``network`` lies in (or is) the footprint ``code``."""
    current: str = network
    while current in known:
        if current == code:
            return True
        current = known[current].parent
    return False


def _in_order(
    found: Iterable[tuple[str, measurement.Measurement]], names: Mapping[str, str]
) -> list[tuple[str, measurement.Measurement]]:
    """Named, in the order of ``names``; categories it does not name keep their code and come first, in order."""
    order = {category: place for place, category in enumerate(names)}
    ranked = sorted(found, key=lambda pair: (order.get(pair[0], -1), pair[0]))
    return [(names.get(category, category), one) for category, one in ranked]


def _row(name: str, declared: Declaration, figure: measurement.Measurement) -> Row:
    """A figure with its rate, where both counts are released."""
    count = None if figure.value is None else int(figure.value)
    people = None if figure.denominator is None else int(figure.denominator)
    rate: Rate | None = None
    if count is not None and people and declared.name != REGISTERED:
        rate = share(min(count, people), people) if declared.unit == "people" else event_rate(count, people)
    if rate is None:
        return Row(name, count, people, None, None, None)
    return Row(name, count, people, rate.value * 1000, rate.low * 1000, rate.high * 1000)


def _chart(declared: Declaration, heading: str, footprint: str, rows: Sequence[Row]) -> Chart | None:
    """Bars of the rates (of the counts, for the population itself); None where there is nothing to draw."""
    counts = declared.name == REGISTERED
    bars = []
    for row in rows:
        value = float(row.count) if counts and row.count is not None else row.rate
        if value is None:
            bars.append(Bar(row.name, None, "hidden" if row.hidden else "no people"))
        elif counts:
            bars.append(Bar(row.name, value, f"{value:,.0f}"))
        else:
            bars.append(Bar(row.name, value, f"{value:,.1f}", row.low, row.high))
    if all(bar.value is None for bar in bars):
        return None
    return bar_by_category(
        name=f"chart-{declared.name}",
        title=f"{declared.title} by {heading.lower()}, {footprint}",
        axis="People" if counts else "Per 1,000 registered people",
        heading=heading,
        bars=bars,
    )
