# ruff: noqa: E501  a table is one text
"""Printed tables, as papers lay them out, and the lines whose figures cannot stand."""

import csv
import zipfile
from pathlib import Path

import pytest

from commonweal.domain.measurement.figures import Severity
from commonweal.domain.measurement.reconcile.declared import BadRelationsError
from commonweal.domain.measurement.reconcile.facts import canonical
from commonweal.domain.measurement.reconcile.run import reconcile
from commonweal.domain.measurement.reconcile.shares import feasible
from commonweal.domain.measurement.reconcile.sheets import sheet_of
from commonweal.feeds.workbooks.guard import HostileFileError
from commonweal.feeds.workbooks.reconciling import reconcile_files

PUBLISHED = Path(__file__).resolve().parents[3] / "examples" / "published"

# name, table, lines that no rounding explains
TABLES = [
    ("clean mixed list", "Measure,Value\nReferrals,100\nDischarges,80\nTotal population,30000\nBeds,20\n", []),
    ("top of table total", "Ward,Beds\nTotal,30\nA,10\nB,20\n", []),
    ("top of table total bad", "Ward,Beds\nTotal,35\nA,10\nB,20\n", [2]),
    ("all row", "Ward,Beds,Staff\nAll wards,30,9\nA,10,4\nB,20,5\n", []),
    ("all at the end bad", "Ward,Beds,Staff,Visits\nA,10,4,7\nB,20,5,8\nC,1,1,1\nAll,31,10,20\n", [5]),
    ("of which", "Item,£000\nIncome,100\nof which grant,40\nPay,50\nTotal,150\n", []),
    ("of which heading", "Item,Staff\nNurses,100\nOf which:,\nBand 5,60\nBand 6,40\nDoctors,50\nTotal,150\n", []),
    ("of which too big", "Item,Staff\nNurses,100\nof which agency,140\nDoctors,50\nTotal,150\n", [3]),
    (
        "finance full",
        "Directorate,Annual budget,YTD budget,YTD actual,YTD variance,Forecast outturn,Forecast variance\nAdults,1200,600,620,20,1230,30\nChildren,600,300,290,-10,590,-10\nPH,240,120,125,5,250,10\nTotal,2040,1020,1035,15,2070,30\n",
        [],
    ),
    (
        "finance full bad fv",
        "Directorate,Annual budget,YTD budget,YTD actual,YTD variance,Forecast outturn,Forecast variance\nAdults,1200,600,620,20,1230,30\nChildren,600,300,290,-10,590,-10\nPH,240,120,125,5,250,17\nTotal,2040,1020,1035,15,2070,37\n",
        [4, 5],
    ),
    (
        "months cols",
        "Ward,Apr,May,Jun,Q1,Jul,Aug,Sep,Q2,Total\nA,1,2,3,6,4,5,6,15,21\nB,10,20,30,60,40,50,60,150,210\nC,3,3,3,9,3,3,3,9,18\nTotal,14,25,36,75,47,58,69,174,249\n",
        [],
    ),
    (
        "months cols bad",
        "Ward,Apr,May,Jun,Q1,Jul,Aug,Sep,Q2,Total\nA,1,2,3,6,4,5,6,15,21\nB,10,20,30,60,40,50,60,150,210\nC,3,3,3,9,3,3,3,14,23\nTotal,14,25,36,75,47,58,69,179,254\n",
        [4, 5],
    ),
    ("persons", "Area,Male,Female,Persons\nA,10,12,22\nB,20,23,43\nC,5,5,10\nD,7,7,20\nE,1,2,3\n", [5]),
    ("one row", "Q1,Q2,Q3,Q4,Total\n10,20,30,40,110\n", [2]),
    ("year of quarters", "Ward,Q1,Q2,Q3,Q4,Year\nA,10,12,14,11,47\nB,9,8,7,10,34\nAll wards,19,20,21,21,81\n", []),
    (
        "year of quarters bad",
        "Ward,Q1,Q2,Q3,Q4,Year\nA,10,12,14,11,47\nB,9,8,7,10,43\nAll wards,19,20,21,21,81\n",
        [3, 4],
    ),
    ("a year is no figure", "Year,Count,Rate\n2018,10,1.2\n2019,12,1.4\n2020,14,1.6\n", []),
    ("years not summed", "Area,2018,2019,2020\nA,10,20,30\nB,11,21,32\nC,12,22,34\n", []),
    ("coincidence", "Area,Beds,Staff,Cars\nA,10,20,30\nB,11,21,32\nC,12,22,34\nD,1,2,9\n", []),
    ("ages clean", "Name,Age,Height\nA,40,170\nB,50,180\nTotal,2,2\n", []),
    ("european csv", 'Ward,Patients\nA,"1.234"\nB,"12.345"\nC,500\nTotal,"14.079"\n', []),
    ("european csv bad", 'Ward,Patients\nA,"1.234"\nB,"12.345"\nC,500\nTotal,"15.079"\n', [5]),
    ("missing part", "Ward,Beds,Staff\nA,10,3\nB,TBC,4\nC,5,2\nTotal,15,9\n", []),
    ("dash is nought", "Ward,Beds,Staff\nA,10,3\nB,-,4\nC,5,2\nTotal,15,9\n", []),
    ("survey", "Question,Yes,No,Base,% yes\nQ1,45,15,60,75%\nQ2,30,30,60,50%\nQ3,20,40,60,33%\nQ4,50,10,60,80%\n", [5]),
    ("infeasible", "Area,KPIs,% achieved\nA,7,14.3%\nB,8,25.0%\nC,11,63.6%\nD,13,53.8%\nE,5,61.0%\n", [6]),
    ("share of total", "Area,Spend,% of total\nA,50,25%\nB,100,50%\nC,30,15%\nD,20,10%\nTotal,200,100%\n", []),
    ("share of total bad", "Area,Spend,% of total\nA,50,25%\nB,100,50%\nC,30,19%\nD,20,10%\nTotal,200,100%\n", [4]),
    ("likert", "Answer,Percent\nGood,50%\nFair,30%\nPoor,25%\nTotal,100%\n", [5]),
    (
        "per 1000",
        "Area,Cases,Population,Rate per 100000\nA,50,100000,50.0\nB,20,50000,40.0\nC,30,200000,15.0\nD,10,40000,35.0\n",
        [5],
    ),
    ("notes under", "Ward,Beds\nA,10\nB,20\nTotal,30\nSource: ward list\n* provisional\n", []),
    (
        "titles",
        "Table 1: beds\n\nWard,Beds\nA,10\nB,20\nTotal,31\n\nTable 2: staff\n\nWard,Staff\nA,10\nB,20\nTotal,40\n",
        [6, 13],
    ),
    (
        "region groups",
        "Region,Ward,Beds\nNorth,A,10\nNorth,B,20\nNorth,Total,30\nSouth,C,5\nSouth,D,6\nSouth,Total,15\nTotal,,45\n",
        [7],
    ),
    ("nested", "Area,Beds\nNorth,\nA,10\nB,20\nNorth total,30\nSouth,\nC,5\nD,6\nSouth total,11\nTotal,41\n", []),
    ("nested bad", "Area,Beds\nNorth,\nA,10\nB,20\nNorth total,30\nSouth,\nC,5\nD,6\nSouth total,11\nTotal,44\n", [10]),
    ("negatives", "Ward,Number of beds\nA,10\nB,-5\nC,20\nD,4\n", [3]),
    ("rank of", "Area,Rank\nA,3/42\nB,43/42\nC,1/42\n", [3]),
    ("cells", "Area,Met\nA,45/60 (75%)\nB,30 of 60 (55%)\n", [3]),
    ("plan actual scale", "Area,Plan,Actual\nA,100,110\nB,200,210\nC,300,290000\nD,400,420\n", [4]),
    ("income/exp", "Line,£m\nIncome,100.0\nExpenditure,90.0\nSurplus,10.0\n", []),
    ("quarters percent", "Area,Q1,Q2,Q3,Q4,Year\nA,91%,92%,93%,94%,92.5%\nB,81%,82%,83%,84%,82.5%\n", []),
    (
        "pct total row avg",
        "Area,Seen,Within target,%\nA,100,90,90.0%\nB,200,100,50.0%\nC,100,70,70%\nTotal,400,260,65.0%\n",
        [],
    ),
    ("target col const", "Area,Target,Beds\nA,95,1\nB,95,2\nTotal,95,3\n", []),
    ("wte", "Role,Headcount,WTE\nA,10,8.5\nB,20,17.25\nTotal,30,25.8\n", []),
    ("date weekday", "Meeting,Date\nA,Thursday 28 October 2021\nB,Friday 28 October 2021\n", [3]),
    (
        "transposed",
        "Measure,North,South,Total\nPlan,10,20,30\nActual,12,18,30\nVariance,2,-2,0\nBeds,5,6,15\nStaff,1,2,3\n",
        [5],
    ),
    (
        "var pct of pp",
        "Measure,Plan,Actual,Variance\nSickness %,4.2%,4.4%,0.2%\nVacancy %,11.4%,7.5%,-3.9%\nTurnover %,10.0%,12.0%,3.0%\n",
        [4],
    ),
    (
        "surplus/def",
        "Org,Income,Expenditure,Surplus/(deficit)\nA,100,90,10\nB,50,60,(10)\nC,70,60,20\nD,20,10,10\n",
        [4],
    ),
    (
        "balance",
        "Month,Opening balance,In,Out,Closing balance\nApr,100,10,5,105\nMay,105,10,5,110\nJun,110,20,5,125\n",
        [],
    ),
    (
        "total ends % col",
        "Area,2019,2020,Total,% of total\nA,10,20,30,30%\nB,20,20,40,40%\nC,15,15,30,30%\nTotal,45,55,100,100%\n",
        [],
    ),
    ("footnotes", "Area,Beds\nA,10*\nB,20¹\nTotal,30†\n", []),
    ("avg col", "Area,Jan,Feb,Mar,Average\nA,10,20,30,20\nB,1,2,3,2\nC,4,5,9,6\nD,2,2,2,9\n", [5]),
    ("no labels", "a,b,c\n1,2,3\n4,5,9\n", []),
    ("survey with a no", "Area,Yes,No\nA,10,12\nB,11,15\nC,12,12\nD,13,9\n", []),
    ("number is a count", "Area,Number\nA,12\nB,15\nC,12\nTotal,40\n", [5]),
    ("said to be rounded", "Ward,Beds\nA,10\nB,20\nC,5\nTotal,36\n\nFigures may not add up due to rounding\n", []),
    ("less than nought hidden", "Ward,Deaths\nA,10\nB,<5\nC,5\nTotal,30\n", [5]),
    ("small number hidden", "Ward,Deaths\nA,10\nB,<5\nC,5\nTotal,19\n", []),
    ("part to come in the total", "Ward,Beds\nA,10\nB,TBC\nC,5\nTotal,30\n", [5]),
    ("slip in a part", "Fund,Spend £000\nA,300\nB,400000\nC,500\nD,600\nTotal,1800\n", [3]),
    (
        "as at after the meeting",
        "Board meeting of 12 September 2024\nFigures as at 30 September 2024\n\nWard,Beds\nA,10\nB,20\nTotal,30\n",
        [2],
    ),
    ("a line of accounts", "Line,Beds\nA,10\nB,20\nTotal,35\n", [4]),
]


@pytest.mark.parametrize(("table", "lines"), [case[1:] for case in TABLES], ids=[case[0] for case in TABLES])
def test_tables(table: str, lines: list[int]) -> None:
    rows = list(csv.reader(table.splitlines()))
    found = [one for one in reconcile([sheet_of("table.csv", rows)]) if one.severity != Severity.NOTE]
    assert sorted({int(one.line) for one in found}) == lines


def test_the_published_papers_have_these_disagreements_and_no_others() -> None:
    """Each checked by hand: documents 003 (lines 242 and 245, 2687, 2689, 2710) and 004 (1380: no July)."""
    found = reconcile_files([(path, path.name) for path in sorted(PUBLISHED.glob("00*.csv"))])
    assert {(one.file, one.line, one.rule, one.printed, one.computed, str(one.severity)) for one in found} == {
        ("003_action_log.csv", "18", "id-is-unique", "B254", "an identifier of its own", "error"),
        (
            "003_finance_m5_plan_actual.csv",
            "3",
            "variance-percent-is-variance-over-plan",
            "-34.9%",
            "-35.1%",
            "note",
        ),
        ("003_finance_m5_true_up.csv", "2", "declared-relation-holds", "62.5", "62.6", "note"),
        ("003_workforce_plan_actual.csv", "3", "variance-is-actual-less-plan", "226", "227", "note"),
        ("004_vacancy_rates.csv", "5", "period-missing-or-twice", "2021-08", "the period after 2021-06", "warning"),
    }


def test_a_fact_told_twice_under_another_name() -> None:
    one = [["Provider", "Beds"], ["NUH", "1500"], ["SFH", "600"], ["Community", "90"]]
    other = [["Provider", "Beds"], ["Nottingham University Hospitals", "1500"], ["SFH", "660"], ["Community", "90"]]
    names = {"nuh": "nottingham university hospitals"}
    (found,) = reconcile([sheet_of("a.csv", one), sheet_of("b.csv", other)], aliases=names)
    assert (found.file, found.line, found.rule, found.computed) == ("b.csv", "3", "same-fact-same-figure", "600")
    assert canonical("Beds at NUH", names) == "beds at nottingham university hospitals"


def test_two_months_of_one_table_are_not_one_fact() -> None:
    april = [["Provider", "Beds"], ["NUH", "1500"], ["SFH", "600"], ["Community", "90"]]
    may = [["Provider", "Beds"], ["NUH", "1510"], ["SFH", "590"], ["Community", "95"]]
    assert reconcile([sheet_of("april.csv", april), sheet_of("may.csv", may)]) == []


def test_percentages_a_count_can_give() -> None:
    assert feasible(14.3, 0.1, 7)
    assert not feasible(15.0, 0.1, 7)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.csv", b"", "is empty"),
        ("latin.csv", "Ward,Beds\nCafé,3\n".encode("cp1252"), "is not UTF-8 text"),
        ("binary.csv", b"a,b\n\x00,2\n", "holds binary data"),
        ("long.csv", b"a,b\n" + b"x" * 1_100_000, "it is no table"),
        ("cut.xlsx", b"PK\x03\x04cut", "is broken or cut short"),
        ("word.xlsx", b"no workbook", "is not a workbook"),
    ],
)
def test_a_file_that_is_no_table_is_one_clear_error(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(HostileFileError, match=says):
        reconcile_files([(path, name)])


def test_declared_relations_and_accepted_findings(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("what,pay,other,cost\na,10,5,15\nb,20,5,35\n", encoding="utf-8")
    assert reconcile_files([(table, "t.csv")]) == []
    beside = tmp_path / "t.csv.relations.yaml"
    beside.write_text("relations:\n  - {name: cost is pay and other, check: cost = pay + other}\n", encoding="utf-8")
    (found,) = reconcile_files([(table, "t.csv")])
    assert (found.line, found.printed, found.computed, found.severity) == ("3", "35", "25", Severity.WARNING)
    beside.write_text(
        beside.read_text("utf-8") + "accept:\n  - {rule: declared-relation-holds, line: 3, because: a bonus}\n", "utf-8"
    )
    assert reconcile_files([(table, "t.csv")]) == []


@pytest.mark.parametrize(
    "text", ["relations: 3", "x: 1", "relations: [{check: a}]", "relations: [{check: 'a = b()**2'}]"]
)
def test_bad_relations_are_refused(tmp_path: Path, text: str) -> None:
    table = tmp_path / "t.csv"
    table.write_text("a,b\n1,2\n", encoding="utf-8")
    (tmp_path / "t.csv.relations.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(BadRelationsError, match=r"t\.csv"):
        reconcile_files([(table, "t.csv")])


def test_relations_may_be_given_among_the_files(tmp_path: Path) -> None:
    """As a browser sends them: each file in a folder of its own."""
    table, declared = tmp_path / "a" / "claims.csv", tmp_path / "b" / "claims.csv.relations.yaml"
    for path in (table, declared):
        path.parent.mkdir()
    table.write_text("Claim,Pay,Other,Cost\nA,10,5,15\nB,20,5,29\n", "utf-8")
    declared.write_text("relations:\n  - name: cost is pay and other\n    check: Cost = Pay + Other\n", "utf-8")
    found = reconcile_files([(table, table.name), (declared, declared.name)])
    assert [(one.file, one.line, one.rule) for one in found] == [("claims.csv", "3", "declared-relation-holds")]
    with pytest.raises(BadRelationsError, match="which is not among the files"):
        reconcile_files([(declared, declared.name)])


REPORT = """# Board report

Ashby Hospitals had 12,345 attendances in May, up from 11,000; Barrow had 7,111 attendances.

| Provider | Attendances |
|---|---|
| Ashby Hospitals NHS Trust | 12,435 |
| Barrow | 7,111 |
"""


def docx(path: Path, xml: str) -> Path:
    """A document with one part, as small as a reader needs."""
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("word/document.xml", xml)
    return path


def test_a_sentence_is_held_to_the_table_of_its_paper(tmp_path: Path) -> None:
    paper = tmp_path / "report.md"
    paper.write_text(REPORT, "utf-8")
    found = reconcile_files([(paper, "report.md")])
    assert [(one.line, one.rule, one.printed, one.computed, one.difference) for one in found] == [
        ("3", "text-agrees-with-table", "12,345", "12435", "-90")
    ]
    w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    cell = "<w:tc><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc>"
    rows = [("Provider", "Attendances"), ("Ashby", "12,435"), ("Barrow", "7,111"), ("Total", "19,547")]
    table = "".join(f"<w:tr>{''.join(cell.format(text) for text in row)}</w:tr>" for row in rows)
    said = "<w:p><w:r><w:t>Attendances at Ashby were </w:t></w:r><w:r><w:t>12,345.</w:t></w:r></w:p>"
    xml = f"<w:document {w}><w:body>{said}<w:tbl>{table}</w:tbl></w:body></w:document>"
    found = reconcile_files([(docx(tmp_path / "report.docx", xml), "report.docx")])
    assert [(one.line, one.rule) for one in found] == [("1", "text-agrees-with-table"), ("5", "total-is-sum-of-parts")]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("cut.docx", b"PK\x03\x04 cut", "broken or cut short"),
        ("empty.txt", b"", "is empty"),
        ("old.txt", b"Caf\xe9 had 12 visits", "is not UTF-8 text"),
        ("binary.md", b"a\x00b", "holds binary data"),
    ],
)
def test_a_text_that_cannot_be_read_is_one_clear_error(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(HostileFileError, match=says):
        reconcile_files([(tmp_path / name, name)])


def test_a_document_that_defines_entities_is_refused(tmp_path: Path) -> None:
    bomb = docx(tmp_path / "bomb.docx", '<!DOCTYPE w [<!ENTITY a "aaaa">]><w>&a;</w>')
    with pytest.raises(HostileFileError, match="defines a document type"):
        reconcile_files([(bomb, "bomb.docx")])
