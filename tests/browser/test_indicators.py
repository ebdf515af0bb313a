"""Indicators over time: the list, a chart with its words and sources, and the form that chooses another."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from .conftest import Visitor

Arrives = Callable[..., Visitor]


def test_a_performance_lead_reads_what_a_chart_says(visitor: Arrives) -> None:
    # Given a performance lead who comes by the menu
    lead = visitor().signs_in("performance.lead")
    lead.opens("/")
    lead.page.get_by_role("link", name="Indicators over time").click()
    lead.sees_no_barrier("indicators")
    # When they open the four-hour standard
    lead.page.get_by_role("link", name="Four hours in accident and emergency").click()
    # Then the verdicts, the signals in words and the source of every figure are there
    main = lead.page.locator("main")
    expect(main).to_contain_text("Special cause of concerning nature: lower, which is worse")
    expect(main).to_contain_text("Consistently failing: the target will be missed unless something changes")
    expect(main).to_contain_text("by chance about 1 in")
    expect(main).to_contain_text(re.compile(r"series/ae_attendances\.csv line \d+"))
    assert main.locator(".cw-chart svg.chart").count() == 2
    rows = lead.page.get_by_role("table", name=re.compile("every figure, its limits")).locator("tbody tr")
    assert rows.count() == 36
    lead.sees_no_barrier("indicator")


def test_the_form_chooses_another_series(visitor: Arrives) -> None:
    # Given the chart of one trust
    lead = visitor().signs_in("performance.lead")
    lead.opens("/performance/indicators/ae_four_hours")
    # When another indicator and trust are chosen
    page = lead.page
    page.get_by_label("Indicator", exact=True).select_option(value="ae_attendances_type1")
    page.get_by_label("Of", exact=True).select_option(label="University Hospitals Birmingham")
    page.get_by_role("button", name="Show").click()
    # Then its own address shows them, and an indicator that is none is not found
    expect(page).to_have_url(re.compile(r"/performance/indicators/ae_attendances_type1\?series=RRK$"))
    expect(page.locator("h1")).to_contain_text("University Hospitals Birmingham")
    assert lead.opens("/performance/indicators/no-such") == 404


def test_figures_are_for_those_who_work_with_them(visitor: Arrives) -> None:
    citizen = visitor().signs_in("citizen")
    assert citizen.opens("/performance/indicators/ae_four_hours") in {403, 404}
    assert "Barts" not in citizen.page.content()


def test_two_people_start_the_lines_afresh(visitor: Arrives) -> None:
    # Given an analyst who knows why the level of an indicator changed
    analyst = visitor().signs_in("analyst")
    analyst.opens("/performance/indicators/ae_attendances_type1/recalibrations")
    page = analyst.page
    # When she proposes to recalibrate without a day, she is told how to write one
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_role("alert")).to_contain_text("Write a day like 2020-03-01")
    analyst.sees_no_barrier("recalibrations-error")
    page.get_by_label("From", exact=True).fill("2017-10-01")
    page.get_by_label("What changed").fill("A minor injuries unit opened next door")
    page.get_by_role("button", name="Propose").click()
    page.get_by_role("link", name="1 October 2017").first.click()
    # Then she cannot decide it herself, and sees what it does to the lines
    expect(page.locator("main")).to_contain_text("Somebody else has to decide it")
    expect(page.get_by_role("table")).to_contain_text("University Hospitals Birmingham")
    analyst.sees_no_barrier("recalibration")
    address = page.url.removeprefix(analyst.site.url)
    # And another person rejects it with a reason, so that the lines stay
    lead = visitor().signs_in("performance.lead")
    lead.opens(address)
    lead.page.get_by_label("Note").fill("It opened a year later")
    lead.page.get_by_role("button", name="Reject").click()
    expect(lead.page.locator("main")).to_contain_text("It opened a year later")
    lead.opens("/performance/indicators/ae_attendances_type1")
    expect(lead.page.locator("main")).to_contain_text("None: the lines are computed from every figure.")


def test_figures_stand_beside_earlier_ones(visitor: Arrives) -> None:
    # Given a performance lead who asks how much of the activity before October 2017 is back
    lead = visitor().signs_in("performance.lead")
    lead.opens("/performance/indicators/ae_attendances_type1?series=RRK")
    lead.page.get_by_label("Level of the twelve months before").fill("2017-10")
    lead.page.get_by_role("button", name="Compare").click()
    # Then each later month has its share
    table = lead.page.get_by_role("table", name=re.compile("beside earlier ones"))
    expect(table.locator("tbody tr").first).to_contain_text(re.compile(r"\d+\.\d%$"))
    lead.sees_no_barrier("indicator-compared")
