"""Definitions that two people change, a messy workbook imported by page, outcomes, oversight: by real browser."""

from collections.abc import Callable
from pathlib import Path

import openpyxl
from playwright.sync_api import expect

from .conftest import Visitor

Arrives = Callable[..., Visitor]
PUBLISHED = Path(__file__).resolve().parents[2] / "examples" / "published"


def test_a_definition_is_changed_by_two_people(visitor: Arrives, tmp_path: Path) -> None:
    # Given an analyst who finds an indicator
    analyst = visitor().signs_in("analyst")
    analyst.opens("/measurement/definitions?find=beds")
    expect(analyst.page.get_by_role("status")).to_contain_text("mention “beds”")
    analyst.sees_no_barrier("definitions")
    analyst.page.get_by_role("rowheader").get_by_role("link", name="Acute beds available per day").click()
    expect(analyst.page.locator("main")).to_contain_text("A longer period is the mean of its parts")
    analyst.sees_no_barrier("definition")
    # When she proposes a target without a reason, she is told what is missing
    analyst.page.get_by_role("link", name="Propose a change").click()
    analyst.page.get_by_label("Targets").fill("2020-04-01: >= 1500")
    analyst.page.get_by_label("Owner", exact=True).fill(f"Urgent care board {tmp_path.parent.name}")
    analyst.page.get_by_role("button", name="Propose").click()
    expect(analyst.page.get_by_role("alert")).to_contain_text("say why the definition changes")
    analyst.sees_no_barrier("definition-edit-error")
    # And with a reason it waits for somebody else
    analyst.page.get_by_label("Reason for the change").fill("Agreed at the urgent care board")
    analyst.page.get_by_role("button", name="Propose").click()
    expect(analyst.page.locator("main")).to_contain_text("Somebody else has to review it")
    expect(analyst.page.get_by_role("button", name="Approve")).to_have_count(0)
    address = analyst.page.url.removeprefix(analyst.site.url)
    # Then another person sees what changes and approves it
    lead = visitor().signs_in("performance.lead")
    lead.opens(address)
    expect(lead.page.get_by_role("table")).to_contain_text("Urgent care board")
    lead.sees_no_barrier("definition-review")
    lead.page.get_by_role("button", name="Approve").click()
    expect(lead.page.locator("main")).to_contain_text("Approved by Priya Nair")
    # And the definition says so, with its history
    lead.opens("/measurement/definitions/acute_beds")
    expect(lead.page.locator("main")).to_contain_text("Target: at least 1,500 beds from 1 April 2020")
    expect(lead.page.locator(".cw-timeline")).to_contain_text("approved by Priya Nair")


def test_a_messy_workbook_is_imported_by_page(visitor: Arrives, tmp_path: Path) -> None:
    # Given a workbook with a title, merged headings, a unit in a cell and a word nobody can read
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"] = "Beds report 2020/21"
    for column, text in zip("ABC", ("Indicator", "Plan", "Q2"), strict=True):
        sheet[f"{column}3"] = text
    for line, row in enumerate(
        [("Acute beds available per day", "1,500", "1.539*"), ("Home care packages", "TBC", "lots")], 4
    ):
        for column, text in zip("ABC", row, strict=True):
            sheet[f"{column}{line}"] = text
    path = tmp_path / "beds.xlsx"
    book.save(path)
    lead = visitor().signs_in("performance.lead")
    lead.opens("/measurement/import")
    lead.sees_no_barrier("import-start")
    # When she looks at it, a map is proposed that asks only what nobody could know
    lead.page.get_by_label("File", exact=True).set_input_files(path)
    lead.page.get_by_role("button", name="Look at the file").click()
    expect(lead.page.locator(".nhsuk-inset-text")).to_contain_text("whose figures these are")
    lead.sees_no_barrier("import-map")
    text = lead.page.get_by_label("Map").input_value().replace("reported: '?'", "reported: 2020-11")
    lead.page.get_by_label("Map").fill(text.replace("code: '?'", "code: QT1"))
    lead.page.get_by_label("File", exact=True).set_input_files(path)
    lead.page.get_by_role("button", name="Preview").click()
    # Then every row and every unread cell is shown before anything is stored
    expect(lead.page.locator("h1")).to_contain_text("nothing is stored yet")
    expect(lead.page.locator("main")).to_contain_text("'lots' is no number, no state and no declared absence")
    expect(lead.page.locator("main")).to_contain_text("1,539")
    lead.sees_no_barrier("import-preview")
    lead.page.get_by_role("button", name="Store 3 figures").click()
    expect(lead.page.locator("h1")).to_contain_text("Stored")


def test_a_file_that_is_no_workbook_says_what_to_do(visitor: Arrives, tmp_path: Path) -> None:
    path = tmp_path / "figures.xlsx"
    path.write_text("a,b\n1,2\n")
    lead = visitor().signs_in("performance.lead")
    lead.opens("/measurement/import")
    lead.page.get_by_label("File", exact=True).set_input_files(path)
    lead.page.get_by_role("button", name="Look at the file").click()
    expect(lead.page.get_by_role("alert")).to_contain_text("if it is text in columns, name it .csv")
    lead.sees_no_barrier("import-error")


def test_printed_tables_are_kept_cell_for_cell(visitor: Arrives) -> None:
    lead = visitor().signs_in("performance.lead")
    lead.opens("/measurement/tables")
    lead.page.get_by_role("link", name="002_flu_uptake_cohorts.csv").click()
    expect(lead.page.get_by_role("table")).to_contain_text("> 75 percent")
    expect(lead.page.get_by_role("table")).to_contain_text("to be confirmed")
    lead.sees_no_barrier("printed-table")
    with lead.page.expect_download() as file:
        lead.page.get_by_role("link", name="The file, cell for cell").click()
    assert file.value.path().read_bytes() == (PUBLISHED / "002_flu_uptake_cohorts.csv").read_bytes()


def test_outcomes_and_their_gaps(visitor: Arrives) -> None:
    lead = visitor().signs_in("performance.lead")
    lead.opens("/performance/outcomes")
    expect(lead.page.locator("main")).to_contain_text("3 domains")
    lead.page.get_by_text("Outcomes with no measure:").click()
    lead.sees_no_barrier("outcomes")
    lead.page.get_by_role("link", name="Life expectancy at birth", exact=True).first.click()
    expect(lead.page.locator("main")).to_contain_text("Increase in life expectancy")
    lead.sees_no_barrier("outcome-trace")


def test_oversight_segments_and_contracts(visitor: Arrives) -> None:
    lead = visitor().signs_in("performance.lead")
    lead.opens("/performance/oversight")
    expect(lead.page.locator("main")).to_contain_text("23 of 47 indicators met their standard; 8 more are paused")
    lead.sees_no_barrier("oversight")
    lead.opens("/performance/contracts")
    expect(lead.page.locator("main")).to_contain_text("NHS Health Checks")
    lead.sees_no_barrier("contracts")
    # Scores without thresholds give no segment; with them, and a what-if, they do
    lead.opens("/performance/segments?method=NHS+Oversight+Framework+2026/27")
    lead.page.get_by_label("Scores").fill("A&E in 4 hours: 3.2\nWaits over 18 weeks: 2.1\nStaff survey: -")
    lead.page.get_by_role("button", name="Work it out").click()
    expect(lead.page.get_by_role("alert")).to_contain_text("thresholds have not been supplied")
    lead.page.get_by_label("Highest averages").fill("1.5 2.5 3.5")
    lead.page.get_by_label("What if").fill("A&E in 4 hours: 2.0")
    lead.page.get_by_role("button", name="Work it out").click()
    expect(lead.page.locator(".nhsuk-inset-text")).to_contain_text("What if: segment 2")
    lead.sees_no_barrier("segments")
    # And the segment is kept with its quarter, once it is said whose it is
    lead.page.get_by_label("Organisation").fill("RX1")
    lead.page.get_by_role("button", name="Keep segment").click()
    expect(lead.page.get_by_role("alert")).to_contain_text("period")
    lead.page.get_by_label("Organisation").fill("RX1")
    lead.page.get_by_label("Quarter").fill("2026/27 Q1")
    lead.page.get_by_role("button", name="Keep segment").click()
    expect(lead.page.get_by_role("row").filter(has_text="RX1")).to_contain_text("2026/27 Q1")
    lead.sees_no_barrier("segments-kept")


def test_care_staff_do_not_see_definitions(visitor: Arrives) -> None:
    doctor = visitor().signs_in("clinician")
    assert doctor.opens("/measurement/definitions") == 403
    assert doctor.opens("/performance/oversight") == 403
