"""A table of many organisations is proposed as one: whose each row is, of what month, an indicator a column."""

import pytest

from commonweal.domain.measurement.workbook.extracting import extract
from commonweal.domain.measurement.workbook.mapping import BadMappingError, read_map
from commonweal.domain.measurement.workbook.proposing import missing, propose
from commonweal.domain.measurement.workbook.sheets import Cell, Sheet

ROWS = [
    ["Month", "Trust code", "Trust", "Attendances", "Within 4 hours"],
    ["2020-08", "RWY", "Calderdale", "1,200", "91%"],
    ["2020-08", "RAE", "Bradford", "900", "88%"],
    ["2020-09", "RWY", "Calderdale", "1,250", "90%"],
]
SHEET = Sheet(
    "Trusts", {(row, place): Cell(text) for row, line in enumerate(ROWS, 1) for place, text in enumerate(line, 1)}
)
PLACES = {"rwy": ("organisation", "RWY"), "rae": ("organisation", "RAE"), "bradford": ("organisation", "RAE")}


def test_a_column_of_known_codes_says_whose_the_rows_are() -> None:
    plain = propose([SHEET], [], "2020-10", PLACES)
    (table,) = plain["sheets"]
    assert (table["footprint"], table["footprint_kind"], table["period"]) == ("B", "organisation", "A")
    assert "indicator" not in table
    assert [one["indicator"] for one in table["columns"]] == ["Attendances", "Within 4 hours"]
    assert missing(plain) == ["footprint: whose figures these are"]
    plain["footprint"]["code"] = "QT1"
    found = extract([SHEET], read_map(plain), "t.xlsx", {}, {key: code for key, (_, code) in PLACES.items()})
    assert not found.unread
    assert [(one.footprint, one.period, str(one.value), one.unit) for one in found.figures][:3] == [
        ("RWY", "2020-08", "1200", "count"),
        ("RWY", "2020-08", "91", "percent"),
        ("RAE", "2020-08", "900", "count"),
    ]


def test_a_table_without_places_is_proposed_as_before() -> None:
    (table,) = propose([SHEET], [], "2020-10")["sheets"]
    assert "footprint" not in table


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"footprint_kind": ""}, "footprint_kind"),
        (
            {"columns": [{"column": "D", "kind": "actual", "period": "2020-08"}]},
            "give each column of figures an indicator",
        ),
        ({"footprint": "1"}, "is not a column"),
    ],
)
def test_a_map_that_leaves_open_whose_or_what_is_refused(change: dict[str, object], says: str) -> None:
    plain = propose([SHEET], [], "2020-10", PLACES)
    plain["footprint"]["code"] = "QT1"
    plain["sheets"][0] |= change
    with pytest.raises(BadMappingError, match=says):
        read_map(plain)
