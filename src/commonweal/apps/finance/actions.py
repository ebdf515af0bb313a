"""Writes of the finance app: published finance tables become figures in whole pence."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from commonweal.apps.measurement import api as measurement
from commonweal.apps.measurement.api import Finding, Kind, Labels, Measurement, PublishedRow, State, year_to_date
from commonweal.domain.measurement.planned import PlanRow, derived, plan_row_figures
from commonweal.domain.measurement.printed import Printed, UnreadableError, pence
from commonweal.domain.measurement.variance import compare

DEFINITIONS = Path(__file__).with_name("definitions") / "indicators.csv"
PLAN_ACTUAL, TRUE_UP, NARRATIVE = "003_finance_m5_plan_actual", "003_finance_m5_true_up", "003_finance_narrative"


def load_published(directory: Path) -> dict[str, int]:
    """Load the published finance tables; each replaces what it said before.

    Money is stored as whole pence beside the printed text. Returns figures stored by table. Raises
    ``BadTableError`` naming file and line.
    """
    labels = Labels(DEFINITIONS)
    extra = [more for one in labels.all if one.table == PLAN_ACTUAL for more in derived(one.indicator)]
    measurement.register_indicators([*(one.indicator for one in labels.all), *extra])
    counts = {}
    for table, load in ((PLAN_ACTUAL, _plan_actual), (TRUE_UP, _true_up), (NARRATIVE, _narrative)):
        rows = measurement.published_rows(directory, table)
        try:
            figures, findings = load(rows, labels)
        except UnreadableError as problem:
            raise measurement.BadTableError(f"{table}.csv: {problem}") from problem
        counts[table] = measurement.put(f"published:{table}", figures, findings)
    return counts


def _in_pence(cell: Printed, unit: str) -> Decimal | None:
    return None if cell.value is None else pence(cell.value, unit)


def _plan_actual(rows: list[PublishedRow], labels: Labels) -> tuple[list[Measurement], list[Finding]]:
    figures: list[Measurement] = []
    findings: list[Finding] = []
    for row in rows:
        indicator = labels.find(row, PLAN_ACTUAL, row["item"])
        period = year_to_date(row["as_at"])
        more, found = plan_row_figures(
            PlanRow(
                row.figure(indicator, period, row["as_at"]),
                indicator.name,
                plan=row.printed("plan_printed"),
                actual=row.printed("actual_printed"),
                variance_percent=row.printed("variance_printed"),
                scale=pence(Decimal(1), row["unit"]),
            )
        )
        figures += more
        findings += found
    return figures, findings


def _true_up(rows: list[PublishedRow], labels: Labels) -> tuple[list[Measurement], list[Finding]]:
    """Claims by state. The claim as printed is kept apart from the sum of its confirmed and other parts."""
    figures: list[Measurement] = []
    findings: list[Finding] = []
    funds: dict[str, list[tuple[PublishedRow, Printed]]] = {}
    for row in rows:
        indicator = labels.find(row, TRUE_UP, row["fund"])
        cell = row.printed("printed")
        funds.setdefault(row["fund"], []).append((row, cell))
        figures.append(
            replace(
                row.figure(indicator, year_to_date(row["as_at"]), row["as_at"]),
                lens="claim_state",
                category=row["measure"],
                kind=Kind.PRINTED if row["measure"] == "claimed" else Kind.ACTUAL,
                value=_in_pence(cell, row["unit"]),
                printed=cell.text,
                state=cell.state,
            )
        )
    for fund, cells in funds.items():
        (row, claimed), *parts = sorted(cells, key=lambda pair: pair[0]["measure"] != "claimed")
        if row["measure"] != "claimed" or claimed.value is None:
            continue
        total = sum((cell.value or Decimal(0) for _, cell in parts), Decimal(0))
        indicator = labels.find(row, TRUE_UP, fund)
        figures.append(
            replace(
                row.figure(indicator, year_to_date(row["as_at"]), row["as_at"]),
                lens="claim_state",
                category="claimed",
                kind=Kind.COMPUTED,
                value=pence(total, row["unit"]),
                query="confirmed plus unconfirmed plus rejected, as printed",
            )
        )
        finding = compare(
            printed=claimed.value,
            printed_text=claimed.text,
            computed=total,
            file=row.file,
            line=str(row.line),
            rule="claim-is-the-sum-of-its-states",
            what=f"{fund}, £ million claimed",
            reported=row.document.reported,
            slack=sum((cell.quantum or Decimal(0) for _, cell in parts), Decimal(0)) / 2,
            quantum=claimed.quantum,
        )
        if finding:
            findings.append(finding)
    return figures, findings


# A sum the narrative prints, and the parts it prints beside it: total, parts with sign, rule.
_SUMS = (
    (
        "covid_capital_rejected",
        (("covid_capital_rejected_sfh", 1), ("covid_capital_rejected_nuh", 1)),
        "rejected-claims-are-the-sum-of-the-trusts",
    ),
    (
        "cash_shortfall",
        (("cash_support_applied", 1), ("cash_support_available", -1)),
        "shortfall-is-applied-less-offered",
    ),
)


def _narrative(rows: list[PublishedRow], labels: Labels) -> tuple[list[Measurement], list[Finding]]:
    figures: list[Measurement] = []
    findings: list[Finding] = []
    by_code: dict[str, tuple[PublishedRow, Measurement]] = {}
    for row in rows:
        indicator = labels.find(row, NARRATIVE, row["item"])
        amount = Decimal(row["value"])
        figure = replace(
            row.figure(indicator, row["period"] or "not printed"),
            lens="narrative",
            kind=Kind.PRINTED,
            value=amount if row["unit"] == "percent" else pence(amount, row["unit"]),
            printed=row["printed"],
            state=State.FINAL,
        )
        by_code[indicator.code] = (row, figure)
        figures.append(figure)
    for total, parts, rule in _SUMS:
        if not {total, *(code for code, _ in parts)} <= by_code.keys():
            continue
        row, figure = by_code[total]
        summed = sum((sign * (by_code[code][1].value or Decimal(0)) for code, sign in parts), Decimal(0))
        figures.append(
            replace(figure, kind=Kind.COMPUTED, value=summed, printed=None, query=f"{rule.replace('-', ' ')}")
        )
        finding = compare(
            printed=figure.value or Decimal(0),
            printed_text=figure.printed or "",
            computed=summed,
            file=row.file,
            line=str(row.line),
            rule=rule,
            what=row["item"],
            reported=figure.reported,
            slack=Decimal(len(parts)) * pence(Decimal("0.05"), "GBP million"),
            quantum=pence(Decimal("0.1"), "GBP million"),
        )
        if finding:
            findings.append(finding)
    return figures, findings
