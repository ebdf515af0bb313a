"""A workbook as it comes: headings over several rows, a unit column, look-alike letters, a figure given twice."""

from decimal import Decimal

import pytest

from commonweal.domain.measurement.figures import Indicator
from commonweal.domain.measurement.printed import UnreadableCellError, read_cell
from commonweal.domain.measurement.workbook.extracting import Extract, extract
from commonweal.domain.measurement.workbook.mapping import read_map
from commonweal.domain.measurement.workbook.periods import month_in, period_in, with_year
from commonweal.domain.measurement.workbook.proposing import missing, propose
from commonweal.domain.measurement.workbook.sheets import Cell, Sheet

ROWS = [
    ["Performance report, August 2026"],
    ["Indicator", "Unit", "2026/27", "", "", ""],
    ["", "", "July", "", "August", ""],
    ["", "", "Plan", "Actual", "Plan", "Actual"],
    ["\u0410&E attendances", "count", "12.400", "12.913", "12 400", "13,004"],  # a Cyrillic A
    ["Agency spend (note 1)", "£m", "2.1", "£2.34m", "2.1", "TBC"],
    ["Length of stay¹", "days", "6.0", "6·2", "6.0", "6d"],
    ["Complaints answered", "%", "75%", "81% (65/80)", "75%>", "-"],
]
MERGED = ((2, 3, 2, 6), (3, 3, 3, 4), (3, 5, 3, 6), (2, 1, 4, 1), (2, 2, 4, 2))


def sheet_of(rows: list[list[str]], merged: tuple[tuple[int, int, int, int], ...] = ()) -> Sheet:
    cells = {(r, c): Cell(text) for r, line in enumerate(rows, 1) for c, text in enumerate(line, 1) if text}
    return Sheet("Performance", cells, merged)


def followed(sheet: Sheet, **defined: str) -> Extract:
    plain = propose(
        [sheet], [Indicator(code, code.replace("_", " "), "Defined before.", unit) for code, unit in defined.items()]
    )
    assert missing(plain) == ["footprint: whose figures these are"]
    plain["footprint"]["code"] = "QT1"
    return extract([sheet], read_map(plain), "m.xlsx", defined)


def test_months_below_a_financial_year_and_units_beside_the_names_are_read() -> None:
    found = followed(sheet_of(ROWS, MERGED))
    assert not found.unread
    said = {(one.indicator, one.period, str(one.kind)): (one.value, one.unit) for one in found.figures}
    assert said["a_e_attendances", "2026-07", "plan"] == (12400, "count")
    assert said["a_e_attendances", "2026-08", "actual"] == (13004, "count")
    assert said["agency_spend", "2026-07", "plan"] == (210_000_000, "pence")
    assert said["agency_spend", "2026-07", "actual"] == (234_000_000, "pence")
    assert said["agency_spend", "2026-08", "actual"] == (None, "pence")
    assert said["length_of_stay", "2026-07", "actual"] == (Decimal("6.2"), "days")
    assert said["length_of_stay", "2026-08", "actual"] == (6, "days")
    assert said["complaints_answered", "2026-07", "actual"] == (81, "percent")
    # And as the map says when the definition is in pence by then
    again = followed(sheet_of(ROWS, MERGED), agency_spend="pence")
    assert next(one.value for one in again.figures if one.indicator == "agency_spend") == 210_000_000


def test_the_same_figure_given_twice_is_not_stored_twice() -> None:
    rows = [["August 2026"], ["Measure", "Number", "Out of"], ["Seen in time", "65", "80"], ["Complaints", "7", "7"]]
    found = followed(sheet_of(rows))
    assert [(one.cell, one.rule) for one in found.unread] == [("C3", "figure-given-twice")]


def test_a_bare_number_among_money_is_not_taken_for_pence() -> None:
    rows = [["August 2026"], ["Measure", "Plan", "Actual"], ["Spend", "£2.1m", "2.1"]]
    assert [(one.cell, one.rule) for one in followed(sheet_of(rows)).unread] == [("C3", "money-without-unit")]


def test_counts_beside_a_percentage_must_give_it() -> None:
    assert read_cell("81% (65/80)").value == 81
    with pytest.raises(UnreadableCellError, match="its counts do not give"):
        read_cell("91% (65 of 80)")


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("2026/27 June Plan", "2026-06"),
        ("Feb 2026/27", "2027-02"),
        ("2026/27 YTD August", "2026/27 YTD"),
        ("2026/27 April to June", "2026/27"),
        ("2026/27 may differ", "2026/27"),
        ("Aug-20", "2020-08"),
    ],
)
def test_periods(text: str, period: str) -> None:
    assert period_in(text) == period


def test_a_month_of_a_heading_and_the_year_of_a_title() -> None:
    assert with_year("January", "Report for 2026/27") == "2027-01"
    assert month_in("Report of August 2026") == "2026-08"
    assert month_in("From June 2026 to August 2026") == ""
