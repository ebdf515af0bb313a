"""A printed row of plan, actual and variance as figures, with the variance computed again beside the print."""

from dataclasses import dataclass, replace
from decimal import Decimal

from commonweal.domain.measurement.figures import Finding, Indicator, Kind, Measurement
from commonweal.domain.measurement.printed import Printed
from commonweal.domain.measurement.variance import compare, percent_slack, rounded, variance, variance_percent

VARIANCE = ".variance"
VARIANCE_PERCENT = ".variance_percent"
YEAR_ON_YEAR = ".year_on_year"
_DIGITS = Decimal("0.01")  # a computed percentage is kept to two decimals: one more than papers print


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One printed row; ``scale`` turns a printed unit into the stored one (£ million into pence)."""

    base: Measurement
    name: str
    plan: Printed
    actual: Printed
    variance: Printed | None = None
    variance_percent: Printed | None = None
    scale: Decimal = Decimal(1)


def derived(indicator: Indicator) -> list[Indicator]:
    """The indicators that follow from one with a plan: its variance, and that as a share of plan."""
    points = indicator.unit == "percent"
    found = [
        replace(
            indicator,
            code=indicator.code + VARIANCE,
            name=f"{indicator.name}: variance",
            sentence=f"Actual less plan. {indicator.sentence}",
            unit="percentage points" if points else indicator.unit,
            aggregation="none",
        )
    ]
    if not points:
        found.append(
            replace(
                indicator,
                code=indicator.code + VARIANCE_PERCENT,
                name=f"{indicator.name}: variance in percent",
                sentence=f"Actual less plan as a share of plan. {indicator.sentence}",
                unit="percent",
                aggregation="none",
            )
        )
    return found


def plan_row_figures(row: PlanRow) -> tuple[list[Measurement], list[Finding]]:
    """Plan, actual, each variance as printed and as computed, and where the two disagree.

    For a row in percent the variance is in percentage points and there is no percentage of a percentage.
    """
    base, points = row.base, row.base.unit == "percent"
    figures = [
        _printed(replace(base, kind=kind), cell, row.scale)
        for kind, cell in ((Kind.PLAN, row.plan), (Kind.ACTUAL, row.actual))
    ]
    change = replace(base, indicator=base.indicator + VARIANCE, unit="percentage points" if points else base.unit)
    share = replace(base, indicator=base.indicator + VARIANCE_PERCENT, unit="percent")
    if row.variance is not None:
        figures.append(_printed(replace(change, kind=Kind.PRINTED), row.variance, row.scale))
    if row.variance_percent is not None:
        figures.append(_printed(replace(share, kind=Kind.PRINTED), row.variance_percent, Decimal(1)))
    if row.plan.value is None or row.actual.value is None:
        return figures, []
    computed = replace(base, kind=Kind.COMPUTED, printed=None, query="actual less plan, as printed")
    absolute = variance(row.plan.value, row.actual.value)
    figures.append(replace(computed, indicator=change.indicator, unit=change.unit, value=absolute * row.scale))
    percent = None if points else variance_percent(row.plan.value, row.actual.value)
    if percent is not None:
        figures.append(
            replace(
                computed,
                indicator=share.indicator,
                unit="percent",
                value=rounded(percent, _DIGITS),
                numerator=absolute * row.scale,
                denominator=row.plan.value * row.scale,
                query="(actual less plan) / plan, as printed",
            )
        )
    return figures, _findings(row, absolute, percent)


def _printed(base: Measurement, cell: Printed, scale: Decimal) -> Measurement:
    value = None if cell.value is None else cell.value * scale
    return replace(base, value=value, state=cell.state, printed=cell.text)


def _findings(row: PlanRow, absolute: Decimal, percent: Decimal | None) -> list[Finding]:
    plan, actual, base = row.plan, row.actual, row.base
    checks: list[tuple[Printed, Decimal, Decimal, str, Decimal]] = []
    half_digits = ((plan.quantum or Decimal(0)) + (actual.quantum or Decimal(0))) / 2
    if row.variance is not None and row.variance.value is not None:
        checks.append((row.variance, row.variance.value, absolute, "variance-is-actual-less-plan", half_digits))
    share = row.variance_percent
    if (
        share
        and share.value is not None
        and percent is not None
        and plan.value is not None
        and actual.value is not None
    ):
        slack = percent_slack(plan.value, actual.value, plan.quantum or Decimal(0), actual.quantum or Decimal(0))
        checks.append((share, share.value, percent, "variance-percent-is-variance-over-plan", slack))
    found = []
    for cell, printed, computed, rule, slack in checks:
        finding = compare(
            printed=printed,
            printed_text=cell.text,
            computed=computed,
            file=base.source_file,
            line=base.source_line,
            rule=rule,
            what=f"{row.name}, variance",
            reported=base.reported,
            slack=slack,
            quantum=cell.quantum,
        )
        if finding:
            found.append(finding)
    return found
