"""Analysts and performance leads: registers, the board report and feeds; counts, and nobody's name."""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .conftest import Site, Visitor

Arrives = Callable[..., Visitor]


def _names(site: Site) -> set[str]:
    """Surnames and NHS numbers nobody with counts only may see (short ones could be words of a page)."""
    with (site.truth / "people.csv").open(encoding="utf-8", newline="") as rows:
        return {row["nhs_number"] for row in csv.DictReader(rows)}


@pytest.mark.parametrize(
    ("by", "says"),
    [
        ("Network", "network"),
        ("Deprivation", "most deprived fifth"),
        ("Ethnicity", "White: British"),
        ("Age", "65-74"),
        ("Sex", "Female"),
    ],
)
def test_a_register_by_each_lens(site: Site, visitor: Arrives, by: str, says: str) -> None:
    # Given an analyst at the hypertension register
    analyst = visitor().signs_in("analyst")
    analyst.opens("/registers/hypertension")
    # Then it says in English what it counts
    expect(analyst.page.locator("main")).to_contain_text("People alive and registered with a general practice")
    # When a breakdown is chosen
    analyst.page.get_by_label("By", exact=True).select_option(label=by)
    analyst.page.get_by_role("button", name="Show").click()
    # Then the table and the chart show it, hidden counts are explained, and there is no person in it
    expect(analyst.page.get_by_role("table")).to_contain_text(re.compile(says, re.IGNORECASE))
    expect(analyst.page.locator("main")).to_contain_text("A hidden count is not zero")
    assert analyst.page.locator(".cw-chart svg").count() == 1
    text = analyst.page.content()
    assert not [number for number in _names(site) if number in text]
    analyst.sees_no_barrier(f"register-{by.lower()}")


def test_small_counts_are_hidden(visitor: Arrives) -> None:
    """With 400 people, most ethnic groups have fewer than eight on a register: no count from 1 to 7 is shown."""
    analyst = visitor().signs_in("analyst")
    analyst.opens("/registers/diabetes?by=ethnicity")
    counts = analyst.page.locator("tbody tr td:first-of-type").all_inner_texts()
    assert "hidden" in counts
    shown = [int(text.replace(",", "")) for text in counts if text != "hidden"]
    assert all(count == 0 or count > 7 for count in shown)


def test_every_register_is_listed_with_its_sentence(visitor: Arrives) -> None:
    lead = visitor().signs_in("performance.lead")
    lead.opens("/registers")
    for title in ("Diabetes register", "Hypertension register", "Carers register", "Emergency admissions"):
        expect(lead.page.get_by_role("link", name=title)).to_be_visible()
    lead.sees_no_barrier("registers")
    assert lead.opens("/registers/no-such-register") == 404


def test_the_board_report(visitor: Arrives) -> None:
    lead = visitor().signs_in("performance.lead")
    lead.opens("/")
    lead.page.get_by_role("link", name="Board report of the latest month").click()
    expect(lead.page).to_have_url(re.compile("/reports/board/2020-10$"))
    main = lead.page.locator("main")
    for heading in ("Headlines", "Service areas", "Population health and inequality", "Finance", "Sources"):
        expect(main.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    assert main.locator("svg").count() > 3
    lead.sees_no_barrier("board-report")
    assert lead.opens("/reports/board/1999-01") == 404


def test_feeds_and_their_quarantine(site: Site, visitor: Arrives) -> None:
    lead = visitor().signs_in("performance.lead")
    lead.opens("/feeds")
    # Every feed is there with how it is, every file that was sent has a receipt, and each row is accounted for
    expect(lead.page.get_by_role("table", name="How each feed is")).to_contain_text("Community services")
    rows = lead.page.locator("#receipts-table tbody tr")
    assert rows.count() >= 4
    for row in rows.all():
        read, accepted, duplicate, aside = (
            int(text.replace(",", "")) for text in row.locator(".cw-number").all_inner_texts()
        )
        assert read == accepted + duplicate + aside
    lead.sees_no_barrier("feeds")
    rows.first.get_by_role("link").click()
    expect(lead.page.get_by_role("heading", level=1)).to_be_visible()
    lead.sees_no_barrier("receipt")
    assert lead.opens("/feeds/999999") == 404


def test_every_fault_planted_in_the_feeds_is_set_aside_and_can_be_read_about(site: Site, visitor: Arrives) -> None:
    assert site.demo["quarantined"] == site.demo["faults_planted"] >= 9
    with (site.truth / "faults.csv").open(encoding="utf-8", newline="") as table:
        faults = list(csv.DictReader(table))
    assert len(faults) == site.demo["faults_planted"]
    lead = visitor().signs_in("performance.lead")
    for feed in ("gp", "adt", "cld", "mh", "community"):
        path = next(fault["path"] for fault in faults if fault["feed"] == feed)
        lead.opens("/feeds")
        # Newest first, and this morning's file has the name of the earlier one.
        with lead.page.expect_navigation():
            lead.page.get_by_role("link", name=Path(path).name).last.click()
        rows = lead.page.locator("tbody tr")
        shown = [(row.locator("th").inner_text(), row.locator(".cw-rule").inner_text()) for row in rows.all()]
        assert shown == [(fault["line"], fault["rule"]) for fault in faults if fault["path"] == path]


def test_a_row_set_aside_shows_the_rule_and_not_the_person(site: Site, visitor: Arrives, tmp_path: Path) -> None:
    # Given a practice file of which one line is cut short and another has an impossible birth date
    bad = tmp_path / "with-faults.ndjson"
    bad.write_text(
        '{"resourceType":"Patient","id":"6f1c1c0e-0000-4000-8000-00000000beef","birthDate":"1957-13-45",'
        '"name":[{"family":"Quarantineson"}]}\n{"resourceType":"Condition","id":"cut sho\n',
        encoding="utf-8",
    )
    landed = site.runs("land", "gp", str(bad), "--source", site.demo["show"]["gp"], "--json")
    assert json.loads(landed)["quarantined"] == 2
    # When the performance lead opens its receipt
    lead = visitor().signs_in("performance.lead")
    lead.opens("/feeds")
    lead.page.get_by_role("link", name="with-faults.ndjson").click()
    # Then both lines are there with field and rule, and nothing the lines said of the person
    rows = lead.page.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("birthDate")
    text = lead.page.content()
    assert "1957-13-45" not in text
    assert "Quarantineson" not in text
    expect(lead.page.locator("main")).to_contain_text("your role does not see it")
    lead.sees_no_barrier("receipt-quarantine")


def test_a_line_set_aside_is_opened_by_those_who_mend_feeds_alone(site: Site, visitor: Arrives) -> None:
    # Given an administrator at the feed of the community trust
    reviewer = visitor().signs_in("reviewer")
    reviewer.opens("/feeds")
    health = reviewer.page.get_by_role("table", name="How each feed is")
    health.get_by_role("link", name=re.compile("Community services")).first.click()
    expect(reviewer.page.get_by_role("heading", name="Completeness")).to_be_visible()
    reviewer.sees_no_barrier("feed")
    # When a line that was set aside is opened from its file
    reviewer.page.get_by_role("table", name="Files, newest first").get_by_role("link").first.click()
    reviewer.page.locator("tbody th a").first.click()
    # Then it is there as it came, it says that this was recorded, and somebody who only counts is refused
    expect(reviewer.page.locator("main")).to_contain_text("That you opened it has been recorded")
    expect(reviewer.page.locator("pre").first).to_contain_text("31/02/2020")
    reviewer.sees_no_barrier("line")
    assert visitor().signs_in("performance.lead").opens(reviewer.page.url.removeprefix(site.url)) == 403
