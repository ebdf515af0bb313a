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
