"""Tables of a report in their general form, with the relations their figures satisfy."""

from collections.abc import Sequence

from commonweal.apps.measurement.api import Finding
from commonweal.apps.reporting.formats import NONE, capital
from commonweal.apps.reporting.model import Cell, Check, Fact, GapLine, PlanLine, Restated, Table
from commonweal.domain.measurement.reconcile.sheets import TableFinding

_VERDICTS = {"worse": "Worse", "better": "Better"}


def plan_table(caption: str, lines: Sequence[PlanLine]) -> Table:
    """Plan, actual and variance; the workbook also holds each printed variance apart."""
    with_year = any(line.year_on_year.text != NONE for line in lines)
    columns = ["Measure", "Plan", "Actual", "Variance, computed", "Variance, printed", "Against plan"]
    apart = ["Variance %, computed", "Variance, as printed", "Variance %, as printed"]
    rows = []
    for line in lines:
        row = [
            Cell(line.name, note=line.as_at),
            line.plan,
            line.actual,
            _noted(line.variance, line.variance_percent.text),
            _printed(line),
            Cell(_VERDICTS.get(line.judged, NONE), tone=line.judged),
        ]
        if with_year:
            row.append(line.year_on_year)
        rows.append((*row, line.variance_percent, line.printed_change, line.printed_percent))
    if with_year:
        columns.append("Latest month on the year before")
    first = len(columns)
    checks = (
        Check("Variance, computed", "difference", (2, 1), 3),
        Check("Variance %, computed", "percent_of", (3, 1), first),
        Check("Variance, as printed", "difference", (2, 1), first + 1),
        Check("Variance %, as printed", "percent_of", (3, 1), first + 2),
    )
    numeric = (1, 2, 3, 4, *range(6, first + 3))
    return Table(
        caption,
        (*columns, *apart),
        tuple(rows),
        numeric,
        checks,
        only_workbook=(first, first + 1, first + 2),
    )


def _noted(cell: Cell, note: str) -> Cell:
    if note == NONE:
        return cell
    words = f"{note}. {cell.note}" if cell.note else note
    return Cell(cell.text, cell.sources, cell.state, cell.value, cell.unit, words, cell.tone, cell.anchor)


def _printed(line: PlanLine) -> Cell:
    found = line.printed_variance
    if not line.disagrees:
        return found
    return Cell(found.text, found.sources, found.state, note="Disagrees", anchor="findings")


def fact_table(caption: str, facts: Sequence[Fact], remark: str = "Remark") -> Table:
    """One figure a row, with its period and, where any has one, a remark."""
    with_remark = any(fact.remark for fact in facts)
    columns = ("Measure", "Figure", "Period", *((remark,) if with_remark else ()))
    rows = tuple(
        (Cell(fact.name), fact.value, Cell(fact.period), *((Cell(fact.remark),) if with_remark else ()))
        for fact in facts
    )
    return Table(caption, columns, rows, numeric=(1,))


def gap_table(caption: str, lines: Sequence[GapLine], *, folded: bool = False) -> Table:
    """Rates by deprivation and the gap; the workbook also holds the released counts they are made of."""
    columns = ("Area", "Everyone", "Most deprived fifth", "Least deprived fifth", "Gap (95% limits)", "Ratio")
    apart = ("Cases, most deprived", "People, most deprived", "Cases, least deprived", "People, least deprived")
    rows = []
    for line in lines:
        unsure = line.difference.text != NONE and not line.certain
        rows.append(
            (
                Cell(line.footprint, note="Whole system" if line.kind == "system" else ""),
                line.everyone,
                line.most,
                line.least,
                _noted(line.difference, "Chance could explain it" if unsure else NONE),
                Cell(line.ratio),
                *line.counts,
            )
        )
    checks = (
        Check("Most deprived fifth", "rate", (6, 7), 2),
        Check("Least deprived fifth", "rate", (8, 9), 3),
        Check("Gap", "rate_difference", (6, 7, 8, 9), 4),
    )
    numeric = (1, 2, 3, 4, 5, 6, 7, 8, 9)
    return Table(caption, columns + apart, tuple(rows), numeric, checks, (6, 7, 8, 9), folded)


def findings_table(findings: Sequence[Finding | TableFinding]) -> Table:
    """Figures that disagree, each with both numbers and where it stands."""
    rows = tuple(
        (
            Cell(one.message),
            Cell(one.printed),
            Cell(one.computed),
            Cell(one.difference),
            Cell(capital(one.severity), tone=str(one.severity)),
            Cell(f"{one.file} line {one.line}"),
        )
        for one in findings
    )
    columns = ("What", "Printed", "Computed", "Difference", "Severity", "Where")
    return Table("Figures that disagree", columns, rows, numeric=(1, 2, 3))


def restated_table(restated: Sequence[Restated]) -> Table:
    """Figures that are no longer what a published version said."""
    rows = tuple(
        (
            Cell(one.name),
            Cell(one.period),
            Cell(one.was),
            Cell(one.now),
            Cell(f"Version {one.version}"),
            Cell(one.published),
        )
        for one in restated
    )
    columns = ("Figure", "Period", "As published", "Now", "Published in", "Published on")
    return Table("Figures restated since they were published", columns, rows, numeric=(2, 3))
