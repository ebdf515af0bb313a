"""Alerts at a bedside: what changed, taking it on, closing it; with the stream, and with neither stream nor scripts."""

from collections.abc import Callable

from playwright.sync_api import expect

from .conftest import Visitor

Arrives = Callable[..., Visitor]


def test_a_social_worker_takes_an_alert_on_and_closes_it(visitor: Arrives) -> None:
    # Given the hospital's messages of this morning, a worker of the team that looks after the person
    worker = visitor().signs_in("social.worker")
    worker.opens("/alerts?show=team")
    page = worker.page
    cards = page.locator(".cw-alert-card")
    expect(cards.first).to_be_visible()
    waiting = cards.count()
    worker.sees_no_barrier("alerts")
    # When she opens one and takes it on, she owns it
    cards.first.get_by_role("link").click()
    expect(page.get_by_text("What it suspends")).to_be_visible()
    worker.sees_no_barrier("alert")
    page.get_by_role("button", name="I will deal with this").click()
    expect(page.get_by_role("heading", name="You have this alert")).to_be_visible()
    address = page.url
    # Then it is no longer waiting for the team
    worker.opens("/alerts?show=team")
    expect(cards).to_have_count(waiting - 1)
    # And it is closed only with a few words
    page.goto(address)
    page.get_by_role("button", name="Close it: done").click()
    expect(page.get_by_role("alert")).to_contain_text("a few words")
    worker.sees_no_barrier("alert-problem")
    page.get_by_label("What you did").fill("rang the ward, carers told")
    page.get_by_role("button", name="Close it: done").click()
    expect(page.get_by_text("Closed", exact=True).first).to_be_visible()
    worker.opens("/alerts/figures")
    expect(page.get_by_role("heading", name="How alerts are answered")).to_be_visible()
    worker.sees_no_barrier("alert-figures")


def test_a_worker_has_her_people_first_and_a_colleague_covers(visitor: Arrives) -> None:
    # Given a council's list that names her, one of the morning's alerts is hers before it is the team's
    worker = visitor().signs_in("social.worker")
    page = worker.page
    worker.opens("/alerts?show=mine")
    page.locator(".cw-alert-card").first.get_by_role("link").click()
    expect(page.get_by_text("you work with this person")).to_be_visible()
    # And her people are a page of their own
    worker.opens("/caseload")
    people = page.get_by_role("table").get_by_role("rowheader")
    expect(people.first).to_be_visible()
    worker.sees_no_barrier("caseload")
    # When she opens one, the record and the page of who works with them say her name
    people.first.get_by_role("link").click()
    expect(page.get_by_role("row", name="Jo Whitfield").first).to_be_visible()
    page.get_by_role("link", name="Who works with them by name").click()
    expect(page.get_by_role("row", name="(you)")).to_be_visible()
    worker.sees_no_barrier("who-works")
    # And when she goes on leave, a colleague covers until it is cancelled
    worker.opens("/caseload")
    day, month, year = page.locator("#starts-hint").inner_text().split()[-3:]
    for field in ("starts", "ends"):
        for part, value in (("", day), ("_month", month), ("_year", year)):
            page.locator(f"#{field}{part}").fill(value)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The team covers.")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Nobody of your organisation is down as away.")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("first day")
    worker.sees_no_barrier("caseload-problem")


def test_without_scripts_and_without_the_stream_the_lists_work(visitor: Arrives) -> None:
    worker = visitor(java_script_enabled=False).signs_in("social.worker")
    assert worker.opens("/alerts") == 200
    lists = worker.page.get_by_role("navigation", name="Lists of alerts")
    for name in ("Mine", "Escalated", "Ended", "My team’s"):
        lists.get_by_role("link", name=name).click()
        expect(worker.page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    worker.page.get_by_role("link", name="Check for new alerts").click()
    expect(worker.page.get_by_role("heading", name="Alerts", exact=True)).to_be_visible()


def test_nobody_else_has_alerts(visitor: Arrives) -> None:
    assert visitor().signs_in("citizen").opens("/alerts") in (403, 404)
    clinician = visitor().signs_in("clinician")
    clinician.opens("/alerts")
    expect(clinician.page.get_by_text("Nothing is waiting for your team.")).to_be_visible()
