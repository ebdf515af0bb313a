"""Writes of the finance app: published finance tables become figures in whole pence."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from commonweal.apps.measurement import api as measurement
from commonweal.apps.measurement.api import Finding, Kind, Measurement, PublishedRow, State
from commonweal.domain.measurement.planned import PlanRow, derived, plan_row_figures
from commonweal.domain.measurement.printed import Printed, UnreadableError, pence, read_printed
from commonweal.domain.measurement.variance import compare

DEFINITIONS = Path(__file__).with_name("definitions") / "indicators.csv"
PLAN_ACTUAL, TRUE_UP, NARRATIVE = "003_finance_m5_plan_actual", "003_finance_m5_true_up", "003_finance_narrative"
_Labels = dict[tuple[str, str], measurement.Indicator]


def load_published(directory: Path) -> dict[str, int]:
    """Load the published finance tables; each replaces what it said before.

    Money is stored as whole pence beside the printed text. Returns figures stored by table. Raises
    ``BadTableError`` naming file and line.
    """
    known = measurement.definitions(DEFINITIONS)
    labels = {(one.table, one.label): one.indicator for one in known}
    extra = [more for one in known if one.table == PLAN_ACTUAL for more in derived(one.indicator)]
    measurement.register_indicators([*(one.indicator for one in known), *extra])
    counts = {}
    for table, load in ((PLAN_ACTUAL, _plan_actual), (TRUE_UP, _true_up), (NARRATIVE, _narrative)):
        rows = measurement.published_rows(directory, table)
        try:
            figures, findings = load(rows, labels)
        except UnreadableError as problem:
            raise measurement.BadTableError(f"{table}.csv: {problem}") from problem
        counts[table] = measurement.put(f"published:{table}", figures, findings)
    return counts


def _base(row: PublishedRow, indicator: measurement.Indicator, period: str, as_at: str = "") -> Measurement:
    return Measurement(
        indicator=indicator.code,
        footprint_kind="system",
        footprint=row.document.footprint,
        period=period,
        reported=row.document.reported,
        value=None,
        unit=indicator.unit,
        as_at=date.fromisoformat(as_at) if as_at else None,
        source_file=row.file,
        source_line=str(row.line),
        note=row.note,
    )


def _indicator(row: PublishedRow, labels: _Labels, table: str, label: str) -> measurement.Indicator:
    try:
        return labels[table, label]
    except KeyError:
        raise measurement.BadTableError(
            f"{row.file} line {row.line}: no indicator is printed as {label!r}; add it to {DEFINITIONS.name}"
        ) from None


def _in_pence(cell: Printed, unit: str) -> Decimal | None:
    return None if cell.value is None else pence(cell.value, unit)


def _plan_actual(rows: list[PublishedRow], labels: _Labels) -> tuple[list[Measurement], list[Finding]]:
    figures: list[Measurement] = []
    findings: list[Finding] = []
    for row in rows:
        indicator = _indicator(row, labels, PLAN_ACTUAL, row["item"])
        period = f"2020/21 YTD {row['as_at'][:7]}"
        more, found = plan_row_figures(
            PlanRow(
                _base(row, indicator, period, row["as_at"]),
                indicator.name,
                plan=read_printed(row["plan_printed"]),
                actual=read_printed(row["actual_printed"]),
                variance_percent=read_printed(row["variance_printed"]),
                scale=pence(Decimal(1), row["unit"]),
            )
        )
        figures += more
        findings += found
    return figures, findings


def _true_up(rows: list[PublishedRow], labels: _Labels) -> tuple[list[Measurement], list[Finding]]:
    """Claims by state. The claim as printed is kept apart from the sum of its confirmed and other parts."""
    figures: list[Measurement] = []
    findings: list[Finding] = []
    funds: dict[str, list[tuple[PublishedRow, Printed]]] = {}
    for row in rows:
        indicator = _indicator(row, labels, TRUE_UP, row["fund"])
        cell = read_printed(row["printed"])
        funds.setdefault(row["fund"], []).append((row, cell))
        figures.append(
            replace(
                _base(row, indicator, f"2020/21 YTD {row['as_at'][:7]}", row["as_at"]),
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
        indicator = _indicator(row, labels, TRUE_UP, fund)
        figures.append(
            replace(
                _base(row, indicator, f"2020/21 YTD {row['as_at'][:7]}", row["as_at"]),
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


def _narrative(rows: list[PublishedRow], labels: _Labels) -> tuple[list[Measurement], list[Finding]]:
    figures: list[Measurement] = []
    findings: list[Finding] = []
    by_code: dict[str, tuple[PublishedRow, Measurement]] = {}
    for row in rows:
        indicator = _indicator(row, labels, NARRATIVE, row["item"])
        amount = Decimal(row["value"])
        figure = replace(
            _base(row, indicator, row["period"] or "not printed"),
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
