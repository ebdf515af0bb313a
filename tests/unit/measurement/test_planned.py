"""A printed plan row becomes figures: nothing printed is lost, and what is computed is stored apart."""

from datetime import date
from decimal import Decimal

from commonweal.domain.measurement.figures import Indicator, Kind, Measurement, Severity, State
from commonweal.domain.measurement.planned import PlanRow, derived, plan_row_figures
from commonweal.domain.measurement.printed import read_printed

BASE = Measurement(
    indicator="x",
    footprint_kind="system",
    footprint="S",
    period="2020/21 YTD 2020-08",
    value=None,
    unit="staff",
    as_at=date(2020, 8, 30),
    source_file="f.csv",
    source_line="3",
    reported="2020-10",
)


def by_key(figures: list[Measurement]) -> dict[tuple[str, str], Measurement]:
    return {(one.indicator, str(one.kind)): one for one in figures}


def test_printed_and_computed_variance_stand_side_by_side() -> None:
    row = PlanRow(BASE, "Bank staff", *(read_printed(text, counts=True) for text in ("1204", "1431", "226")))
    figures, findings = plan_row_figures(row)
    found = by_key(figures)
    assert found["x.variance", "printed"].value == 226
    assert found["x.variance", "computed"].value == 227
    assert found["x.variance_percent", "computed"].value == Decimal("18.85")
    assert found["x", "plan"].printed == "1204"
    assert [one.severity for one in findings] == [Severity.NOTE]


def test_percent_rows_vary_in_points_and_have_no_percentage_of_a_percentage() -> None:
    from dataclasses import replace

    row = PlanRow(replace(BASE, unit="percent"), "Sickness", *(read_printed(one) for one in ("4.2%", "4.4%", "0.2%")))
    figures, findings = plan_row_figures(row)
    found = by_key(figures)
    assert found["x.variance", "computed"].unit == "percentage points"
    assert ("x.variance_percent", "computed") not in found
    assert findings == []


def test_a_figure_to_come_is_kept_as_such_and_nothing_is_computed() -> None:
    figures, findings = plan_row_figures(PlanRow(BASE, "Contacts", read_printed(""), read_printed("tbd")))
    assert [(one.kind, one.state, one.value) for one in figures] == [
        (Kind.PLAN, State.FINAL, None),
        (Kind.ACTUAL, State.TO_BE_CONFIRMED, None),
    ]
    assert findings == []


def test_money_is_scaled_to_pence_and_small_denominators_get_their_slack() -> None:
    row = PlanRow(
        BASE,
        "Capital",
        plan=read_printed("16.8"),
        actual=read_printed("10.9"),
        variance_percent=read_printed("-34.9%"),
        scale=Decimal(100_000_000),
    )
    figures, findings = plan_row_figures(row)
    found = by_key(figures)
    assert found["x", "actual"].value == Decimal(1_090_000_000)
    assert found["x.variance", "computed"].value == Decimal(-590_000_000)
    assert found["x.variance_percent", "printed"].value == Decimal("-34.9")
    (finding,) = findings
    assert (finding.computed, finding.severity, finding.file, finding.line) == ("-35.1", Severity.NOTE, "f.csv", "3")


def test_a_wrong_variance_is_a_warning() -> None:
    row = PlanRow(BASE, "Agency", *(read_printed(text, counts=True) for text in ("406", "481", "57")))
    (finding,) = plan_row_figures(row)[1]
    assert (finding.severity, finding.difference) == (Severity.WARNING, "-18")


def test_derived_indicators_of_a_percentage_are_points_only() -> None:
    assert [one.unit for one in derived(Indicator("x", "X", "X.", "percent"))] == ["percentage points"]
    assert [one.code for one in derived(Indicator("x", "X", "X.", "staff"))] == ["x.variance", "x.variance_percent"]
