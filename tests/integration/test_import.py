"""Workbooks become figures: nothing lost, nothing stored twice, and printed tables come out as they went in."""

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml

pytestmark = pytest.mark.usefixtures("database")

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
PUBLISHED = Path(__file__).resolve().parents[2] / "examples" / "published"
ROWS: list[tuple[Any, ...]] = [
    ("Health checks", "Offered", 34000, 149, "3.077", "3,226*"),
    (None, "Received", "23,800", 103, 766, 869),
    ("Sexual health", "Accepting HIV test", ">60%", 0.12, 0.2, "20%"),
    (None, "Chlamydia", "75%>", "TBC", "ТВС", "-"),
    ("Staff vaccinated", "CHFT", "100% Offer", "42.8%", "n/a", None),
    ("Money", "Cost", "£2.8m", "£1.2m", "1О5", "lots"),
]


@pytest.fixture
def messy(tmp_path: Path) -> Path:
    """A workbook as they come: merged headings and labels, units in cells, look-alike letters, a footnote."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Performance"
    sheet["A1"] = "Performance report Quarter 2 2020/21"
    sheet.merge_cells("A1:F1")
    for place, text in zip("ABC", ("Service", "Indicator", "2020/21"), strict=True):
        sheet[f"{place}3"] = text
    sheet.merge_cells("C3:F3")
    for place, text in zip("CDEF", ("Plan", "Q1", "Q2", "YTD"), strict=True):
        sheet[f"{place}4"] = text
    for line, row in enumerate(ROWS, 5):
        for place, value in zip("ABCDEF", row, strict=True):
            if value is not None:
                sheet[f"{place}{line}"] = value
    sheet.merge_cells("A5:A6")
    sheet["C5"].number_format = "#,##0"
    sheet["D7"].number_format = sheet["E7"].number_format = "0%"
    sheet["A13"] = "* provisional"
    book.save(tmp_path / "perf.xlsx")
    return tmp_path / "perf.xlsx"


def mapped(path: Path) -> str:
    """The map proposed for a file, with what only a person knows."""
    from commonweal.apps.measurement import api

    text, asks = api.proposed_map(path)
    assert [one.split(":")[0] for one in asks] == ["reported", "footprint"]
    plain = yaml.safe_load(text)
    plain["reported"], plain["footprint"]["code"] = "2020-10", "QT1"
    return json.dumps(plain)  # JSON is YAML


def test_a_map_is_proposed_that_needs_only_what_nobody_could_know(messy: Path) -> None:
    plain = yaml.safe_load(mapped(messy))
    (table,) = plain["sheets"]
    assert (table["rows"], table["indicator"], table["within"]) == ("5-10", "B", ["A"])
    assert [(one["column"], one["kind"], one["period"]) for one in table["columns"]] == [
        ("C", "plan", "2020/21"),
        ("D", "actual", "2020/21 Q1"),
        ("E", "actual", "2020/21 Q2"),
        ("F", "actual", "2020/21 YTD"),
    ]


def test_every_cell_of_a_messy_workbook_is_a_figure_or_says_why_not(messy: Path) -> None:
    from commonweal.apps.measurement import api

    seen = api.preview_import(messy, mapped(messy))
    by_cell = {one.source_line.split("!")[1]: one for one in seen.figures}
    assert {cell: (one.printed, one.value, one.unit, one.state) for cell, one in by_cell.items()} == {
        "C5": ("34,000", Decimal(34000), "count", "final"),
        "D5": ("149", Decimal(149), "count", "final"),
        "E5": ("3.077", Decimal(3077), "count", "final"),
        "F5": ("3,226*", Decimal(3226), "count", "final"),
        "C6": ("23,800", Decimal(23800), "count", "final"),
        "D6": ("103", Decimal(103), "count", "final"),
        "E6": ("766", Decimal(766), "count", "final"),
        "F6": ("869", Decimal(869), "count", "final"),
        "C7": (">60%", Decimal(60), "percent", "final"),
        "D7": ("12%", Decimal(12), "percent", "final"),
        "E7": ("20%", Decimal(20), "percent", "final"),
        "F7": ("20%", Decimal(20), "percent", "final"),
        "C8": ("75%>", Decimal(75), "percent", "final"),
        "D8": ("TBC", None, "percent", "to_be_confirmed"),
        "E8": ("ТВС", None, "percent", "to_be_confirmed"),
        "C9": ("100% Offer", Decimal(100), "percent", "final"),
        "D9": ("42.8%", Decimal("42.8"), "percent", "final"),
        "C10": ("£2.8m", Decimal(280_000_000), "pence", "final"),
        "D10": ("£1.2m", Decimal(120_000_000), "pence", "final"),
        "E10": ("1О5", Decimal(105), "pence", "final"),
    }
    assert [(one.cell, one.printed, one.rule) for one in seen.unread] == [("F10", "lots", "not-a-figure")]
    became = {one.cell: one.became for one in seen.fates}
    assert (became["A1"], became["A13"], became["F8"], became["E9"]) == ("heading", "outside", "no_figure", "no_figure")
    assert by_cell["D6"].note == "Health checks"
    assert "printed as more than" in by_cell["C8"].note


def test_importing_again_changes_nothing_and_an_amended_file_replaces(messy: Path) -> None:
    from commonweal.apps.measurement import api

    text = mapped(messy)
    first, _ = api.hold_import(messy, messy.name, text, "user:a", NOW)
    assert api.get("offered") == []
    with pytest.raises(api.NotImportedError, match="nobody has defined"):
        api.confirm_import(first.number, NOW, define=False)
    _, changed = api.confirm_import(first.number, NOW, define=True)
    assert changed
    before = api.get("offered")
    assert len(before) == 4
    found = api.findings(source_key="import:perf.xlsx@2020-10")
    assert [one.line for one in found if one.severity == "error"] == ["Performance!F10"]
    again, _ = api.hold_import(messy, messy.name, text, "user:a", NOW)
    assert api.confirm_import(again.number, NOW, define=True)[1] is False
    assert api.get("offered") == before
    book = openpyxl.load_workbook(messy)
    book.active["D5"] = 150
    book.save(messy)
    amended, _ = api.hold_import(messy, messy.name, text, "user:a", NOW)
    assert api.confirm_import(amended.number, NOW, define=True)[1] is True
    assert Decimal(150) in {one.value for one in api.get("offered")}
    assert len(api.get("offered")) == 4
    assert [one.state for one in api.imports()][:3] == ["stored", "replaced", "replaced"]
    assert api.versions("offered")[0].standing == "to_be_confirmed"
    stored = api.import_fates(amended.number)
    assert {one.cell for one in stored} >= {"A1", "F10", "A13"}
    assert [one.printed for one in api.import_fates(amended.number, "unread")] == ["lots"]


def test_many_organisations_are_imported_at_once_and_each_row_says_whose_it_is(tmp_path: Path) -> None:
    from commonweal.apps.measurement import api

    file = tmp_path / "trusts.csv"
    file.write_text(
        "Code,Month,Age,Attendances,Cost\n"
        'RWY,2020-08-01,All,"1,200",£10\nRWY,2020-08-01,65+,300,£3\nRAE,2020-08-01,65+,90,-\n'
        "Nowhere NHS,2020-08-01,All,7,£1\nRAE,soon,All,8,£1\n"
    )
    table = {
        "sheet": "trusts",
        "rows": "2-6",
        "headings": [1],
        "footprint": "A",
        "footprint_kind": "organisation",
        "period": "B",
        "category": "C",
        "lens": "age",
        "columns": [
            {"column": "D", "kind": "actual", "indicator": "Attendances", "counts": True},
            {"column": "E", "kind": "actual", "indicator": "Cost"},
        ],
    }
    plain: dict[str, Any] = {
        "reported": "2020-10",
        "footprint": {"kind": "system", "code": "QT1"},
        "sheets": [table],
        "indicators": {"Attendances": "many_attended", "Cost": {"code": "many_cost", "unit": "pence"}},
    }
    seen = api.preview_import(file, json.dumps(plain))
    assert [(one.footprint, one.period, one.lens, one.category, one.value) for one in seen.figures] == [
        ("RWY", "2020-08", "all", "all", Decimal(1200)),
        ("RWY", "2020-08", "all", "all", Decimal(1000)),
        ("RWY", "2020-08", "age", "65+", Decimal(300)),
        ("RWY", "2020-08", "age", "65+", Decimal(300)),
        ("RAE", "2020-08", "age", "65+", Decimal(90)),
    ]
    assert {one.footprint_kind for one in seen.figures} == {"organisation"}
    assert [(one.cell, one.rule) for one in seen.unread] == [
        ("D5", "footprint-not-known"),
        ("E5", "footprint-not-known"),
        ("D6", "period-not-read"),
        ("E6", "period-not-read"),
    ]
    plain["footprints"] = {"Nowhere NHS": "RZZ"}
    again = api.preview_import(file, json.dumps(plain))
    assert ("RZZ", Decimal(7)) in {(one.footprint, one.value) for one in again.figures}


def test_a_series_goes_on_under_any_name_and_what_it_restates_is_kept(tmp_path: Path) -> None:
    from commonweal.apps.measurement import api

    def imported(name: str, text: str, reported: str) -> bool:
        file = tmp_path / name
        file.write_text(text)
        columns = [{"column": place, "kind": "actual", "period": f"2021-0{at}"} for at, place in ((1, "B"), (2, "C"))]
        plain = {
            "reported": reported,
            "series": "Ward book",
            "footprint": {"kind": "system", "code": "QT1"},
            "sheets": [{"sheet": Path(name).stem, "rows": "2", "indicator": "A", "columns": columns}],
            "indicators": {"Falls": "ward_falls"},
        }
        held, _ = api.hold_import(file, file.name, json.dumps(plain), "user:a", NOW)
        return api.confirm_import(held.number, NOW, define=True)[1]

    assert imported("january.csv", "Ward,Jan,Feb\nFalls,10,\n", "2021-01")
    assert imported("february.csv", "Ward,Jan,Feb\nFalls,12,9\n", "2021-02")  # the next month restates January
    assert [(one.reported, one.period, one.value) for one in api.get("ward_falls")] == [
        ("2021-01", "2021-01", Decimal(10)),
        ("2021-02", "2021-01", Decimal(12)),
        ("2021-02", "2021-02", Decimal(9)),
    ]
    assert imported("february corrected.csv", "Ward,Jan,Feb\nFalls,12,8\n", "2021-02")  # the same month once more
    (kept, later) = sorted(api.restated("ward_falls"), key=lambda one: one.period, reverse=True)
    assert (kept.period, kept.before, kept.now, kept.before_source) == (
        "2021-02",
        Decimal(9),
        Decimal(8),
        "february.csv february!C2",
    )
    assert (later.period, later.before, later.now, later.when) == ("2021-01", Decimal(10), Decimal(12), "2021-02")
    (tmp_path / "copy.csv").write_bytes((tmp_path / "february corrected.csv").read_bytes())
    last = api.imports()[0]
    again, _ = api.hold_import(tmp_path / "copy.csv", "copy.csv", last.mapping, "user:a", NOW)
    assert api.confirm_import(again.number, NOW, define=True)[1] is False  # the same bytes under another name
    assert len(api.get("ward_falls")) == 3


def test_the_arithmetic_of_an_imported_table_is_checked(tmp_path: Path) -> None:
    from commonweal.apps.measurement import api

    file = tmp_path / "wards.csv"
    file.write_text("Ward,Beds 2020-08\nOne,10\nTwo,20\nThree,30\nTotal,75\n")
    plain = json.loads(mapped(file))
    held, seen = api.hold_import(file, file.name, json.dumps(plain), "user:a", NOW)
    (wrong,) = [one for one in seen.disagreements if one.severity != "note"]
    assert (wrong.printed, wrong.computed, wrong.reported) == ("75", "60", "2020-10")
    api.confirm_import(held.number, NOW, define=True)
    assert wrong.message in {one.message for one in api.findings(source_key="import:wards.csv@2020-10")}
    assert Decimal(75) in {one.value for one in api.get("total")}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"reported": "October"}, "the month of the report"),
        ({"footprint": {"kind": "system", "code": "?"}}, "whose figures"),
        ({"sheets": []}, "names no table"),
        ({"colour": "red"}, "colour is not known here"),
        ({"indicators": {"Offered": "Not A Code"}}, "small letters"),
        ({"indicators": [1]}, "name: value lines"),
    ],
)
def test_a_map_that_cannot_be_followed_says_where(messy: Path, change: dict[str, Any], says: str) -> None:
    from commonweal.apps.measurement import api

    plain = yaml.safe_load(mapped(messy)) | change
    with pytest.raises(api.BadMappingError, match=says):
        api.preview_import(messy, json.dumps(plain))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rows": "all"}, "first and last row"),
        ({"rows": "9-3"}, "no rows"),
        ({"blank": "whatever"}, "choose one of"),
        ({"indicator": "3"}, "is not a column"),
        ({"columns": []}, "at least one column"),
        ({"columns": [{"column": "C", "kind": "guess", "period": "2020/21"}]}, "choose one of plan"),
        ({"columns": [{"column": "C", "kind": "plan", "period": "?"}]}, "which time column C covers"),
        ({"columns": [{"column": "C", "kind": "plan", "period": "1"}] * 2}, "named twice"),
    ],
)
def test_a_table_of_a_map_that_cannot_be_followed_says_where(messy: Path, change: dict[str, Any], says: str) -> None:
    from commonweal.apps.measurement import api

    plain = yaml.safe_load(mapped(messy))
    plain["sheets"][0] |= change
    with pytest.raises(api.BadMappingError, match=says):
        api.preview_import(messy, json.dumps(plain))


def test_a_label_or_sheet_the_map_lacks_is_kept_as_unread(messy: Path) -> None:
    from commonweal.apps.measurement import api

    plain = yaml.safe_load(mapped(messy))
    del plain["indicators"]["Cost"]
    plain["sheets"].append({**plain["sheets"][0], "sheet": "Nowhere"})
    seen = api.preview_import(messy, json.dumps(plain))
    assert {one.rule for one in seen.unread} == {"label-not-mapped", "no-such-sheet"}
    assert {one.printed for one in seen.unread} == {"£2.8m", "£1.2m", "1О5", "lots", ""}


def test_every_printed_table_comes_out_again_cell_for_cell() -> None:
    from commonweal.apps.measurement import api

    files = sorted([*PUBLISHED.glob("*.csv"), *PUBLISHED.glob("*.json")])
    assert len(files) > 100
    counts = api.load_tables(PUBLISHED, NOW)
    assert set(counts) == {path.name for path in files}
    for path in files:
        text = path.read_text("utf-8")
        if path.suffix == ".csv":
            again = list(csv.reader(io.StringIO(api.table_text(path.name))))
            assert again == list(csv.reader(io.StringIO(text))), path.name
        else:
            assert json.loads(api.table_text(path.name)) == json.loads(text), path.name
    assert api.load_tables(PUBLISHED, NOW) == counts
    assert sum(one.cells for one in api.stored_tables()) == sum(counts.values())
    with pytest.raises(api.BadTableError, match="is stored"):
        api.table_text("nothing.csv")


def test_a_printed_cell_is_read_beside_its_text() -> None:
    from commonweal.apps.measurement import api

    api.load_tables(PUBLISHED, NOW)
    cells = {(one.row, one.column): one for one in api.table_cells("002_flu_uptake_cohorts.csv")}
    target = cells[1, "target_printed"]
    assert (target.printed, target.value, target.comparator, target.unit) == ("75%>", Decimal(75), ">", "percent")
    waiting = next(one for one in cells.values() if one.printed == "TBC")
    assert (waiting.value, waiting.state) == (None, "to_be_confirmed")
    assert cells[1, "source"].value is None


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.csv", "a,b\n1\n", "line 2: cells do not match"),
        ("a.csv", "a,a\n1,2\n", "columns need names"),
        ("a.json", "{", "is no JSON"),
        ("a.txt", "x", "holds no"),
    ],
)
def test_a_broken_table_names_its_line(tmp_path: Path, name: str, text: str, says: str) -> None:
    from commonweal.apps.measurement import api

    (tmp_path / name).write_text(text)
    with pytest.raises(api.BadTableError, match=says):
        api.load_tables(tmp_path, NOW)
