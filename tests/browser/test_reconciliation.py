"""A performance lead checks a paper's tables before the board reads them."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from .conftest import Visitor

Arrives = Callable[..., Visitor]
SPOILT = "Ward,Plan,Actual,Variance\nAshby,100,110,10\nBarrow,200,190,-10\nCalder,50,60,14\nTotal,350,360,14\n"


def test_a_paper_is_reconciled(visitor: Arrives, tmp_path: Path) -> None:
    paper, report, declared = (tmp_path / name for name in ("wards.csv", "report.md", "wards.csv.relations.yaml"))
    paper.write_text(SPOILT, encoding="utf-8")
    report.write_text("The plan at Barrow was 200.\n\nActual discharges at Barrow were 199.\n", encoding="utf-8")
    declared.write_text("relations:\n  - name: no ward above 150\n    check: Plan = 150 ± 50\n", encoding="utf-8")
    # Given a performance lead on the page
    lead = visitor().signs_in("performance.lead")
    lead.opens("/reconciliation")
    lead.sees_no_barrier("reconciliation")
    # When a paper with a wrong variance is sent, with a report in words and what it should satisfy
    lead.page.get_by_label("Files").set_input_files([str(paper), str(report), str(declared)])
    lead.page.get_by_role("button", name="Reconcile").click()
    # Then the page says where, what was printed and what follows from its neighbours
    expect(lead.page.get_by_role("heading", name="What was found in wards.csv, report.md")).to_be_visible()
    rows = lead.page.get_by_role("row")
    expect(rows.filter(has_text="line 4, Variance")).to_contain_text("Actual less Plan is 10")
    # And what the report says otherwise than the table, and what was declared
    expect(rows.filter(has_text="report.md")).to_contain_text("says 199, but wards.csv line 3, Actual")
    expect(rows.filter(has_text="no ward above 150").first).to_contain_text("line 4, Plan")
    lead.sees_no_barrier("reconciliation-found")


def test_what_is_no_table_is_refused_in_one_line(visitor: Arrives, tmp_path: Path) -> None:
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04 not a workbook")
    lead = visitor().signs_in("performance.lead")
    lead.opens("/reconciliation")
    lead.page.get_by_label("Files").set_input_files(str(broken))
    lead.page.get_by_role("button", name="Reconcile").click()
    expect(lead.page.get_by_role("alert")).to_contain_text("broken.xlsx is broken or cut short")
    lead.sees_no_barrier("reconciliation-refused")
