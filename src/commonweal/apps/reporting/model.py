"""What a board report holds: text and numbers ready to print, each tied to where it came from."""

from dataclasses import dataclass
from decimal import Decimal

from commonweal.apps.measurement.api import Finding, Measurement
from commonweal.charts.drawings import Chart


@dataclass(frozen=True, slots=True)
class Source:
    """One origin of figures: a line of a file, or a query; ``number`` is how the report refers to it."""

    number: int
    text: str
    as_at: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure as printed in a table. ``state`` is empty, or why there is no number; ``sources`` numbers.

    ``value`` is the number printed, in ``unit`` (None for words); ``note`` stands small below the text; ``tone`` is
    better, worse or empty; ``anchor`` is where the note leads.
    """

    text: str
    sources: tuple[int, ...] = ()
    state: str = ""
    value: Decimal | None = None
    unit: str = ""
    note: str = ""
    tone: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A relation between columns: ``rule`` over the columns ``of`` gives column ``result`` of the same row.

    Rules: ``difference`` (first less second), ``percent_of`` (first as a percentage of second), ``share`` (the same,
    of counts), ``sum``, ``rate`` (first per thousand of second), ``rate_difference`` and ``rate_ratio`` (of the rate
    of the first two and that of the last two).
    """

    name: str
    rule: str
    of: tuple[int, ...]
    result: int


@dataclass(frozen=True, slots=True)
class PlanLine:
    """Plan, actual and variance of one indicator. ``disagrees`` marks a printed variance that is not the computed."""

    name: str
    sentence: str
    plan: Cell
    actual: Cell
    variance: Cell
    variance_percent: Cell
    printed_variance: Cell
    judged: str
    year_on_year: Cell
    as_at: str
    disagrees: bool
    code: str = ""
    printed_change: Cell = Cell("–")
    printed_percent: Cell = Cell("–")


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure with its name, its period and a remark."""

    name: str
    value: Cell
    period: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Area:
    """One service area: indicators achieved x of y, plan against actual, other figures, one chart."""

    slug: str
    name: str
    group: str
    paused: bool
    achieved: Cell | None
    counted: Cell | None
    share: Cell | None
    lines: tuple[PlanLine, ...]
    facts: tuple[Fact, ...]
    ranks: tuple[Fact, ...]
    chart: Chart | None


@dataclass(frozen=True, slots=True)
class GapLine:
    """A register in one footprint: rate in the most and least deprived fifth and how far apart they are.

    ``counts``: cases and people of the most deprived fifth, then of the least.
    """

    footprint: str
    kind: str
    most: Cell
    least: Cell
    everyone: Cell
    difference: Cell
    ratio: str
    certain: bool
    counts: tuple[Cell, Cell, Cell, Cell]


@dataclass(frozen=True, slots=True)
class Register:
    """The inequality of one register or event count, widest footprint first."""

    slug: str
    name: str
    sentence: str
    unit: str
    summary: str
    system: tuple[GapLine, ...]
    networks: tuple[GapLine, ...]
    chart: Chart | None


@dataclass(frozen=True, slots=True)
class Table:
    """A plain table: columns, rows whose first cell is a row header, and which columns hold numbers.

    ``checks`` are the relations its figures satisfy, which the workbook recomputes; ``only_workbook`` the columns that
    stand there alone; ``folded`` hides the table on a page until it is asked for.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: tuple[int, ...]
    checks: tuple[Check, ...] = ()
    only_workbook: tuple[int, ...] = ()
    folded: bool = False

    @property
    def sourced(self) -> bool:
        """Whether any of its cells has a source."""
        return any(cell.sources for row in self.rows for cell in row)


@dataclass(frozen=True, slots=True)
class Finance:
    """Plan against actual, claims by state, figures in the text, one chart."""

    lines: tuple[PlanLine, ...]
    claims: Table | None
    facts: tuple[Fact, ...]
    chart: Chart | None


@dataclass(frozen=True, slots=True)
class Ratings:
    """Providers by rating, and the share of them that are good or outstanding."""

    table: Table | None
    chart: Chart | None


@dataclass(frozen=True, slots=True)
class Priorities:
    """Transformation priorities by status."""

    summary: str
    table: Table | None
    chart: Chart | None


@dataclass(frozen=True, slots=True)
class Headline:
    """One line a member reads first; ``tone`` is better, worse or empty; ``anchor`` leads to the figures.

    ``rule`` names the rule of ``pack.headlines.RULES`` that wrote it.
    """

    figure: str
    text: str
    tone: str
    anchor: str
    rule: str


@dataclass(frozen=True, slots=True)
class Restated:
    """A figure that is no longer what a published version said."""

    key: str
    name: str
    period: str
    was: str
    now: str
    version: int
    published: str


@dataclass(frozen=True, slots=True)
class BoardReport:
    """A whole board report for one month."""

    period: str
    month: str
    title: str
    published_for: str
    population_of: str
    disclosure: str
    synthetic: bool
    headlines: tuple[Headline, ...]
    delivery: Table | None
    delivery_chart: Chart | None
    areas: tuple[Area, ...]
    registers: tuple[Register, ...]
    health: Table | None
    health_ranks: tuple[Fact, ...]
    finance: Finance
    ratings: Ratings
    priorities: Priorities
    findings: tuple[Finding, ...]
    sources: tuple[Source, ...]
    figures: tuple[Measurement, ...]
    restated: tuple[Restated, ...]
