"""Referrals in and out, and what waits to be matched; a feed's message looked at by who mends feeds."""

from collections.abc import Callable

from playwright.sync_api import expect

from .conftest import Visitor

Arrives = Callable[..., Visitor]


def test_a_social_worker_accepts_a_referral_and_its_history_says_so(visitor: Arrives) -> None:
    # Given referrals that a practice's system sent to the council
    worker = visitor().signs_in("social.worker")
    worker.opens("/referrals")
    page = worker.page
    expect(page.get_by_role("heading", name="Received")).to_be_visible()
    worker.sees_no_barrier("referrals")
    # When she opens one that nobody has answered, and accepts it
    page.get_by_role("row").filter(has_text="Not yet answered").first.get_by_role("link").click()
    expect(page.get_by_role("heading", name="What is to become of it")).to_be_visible()
    worker.sees_no_barrier("referral")
    page.get_by_role("button", name="Do not accept it").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why")
    worker.sees_no_barrier("referral-problem")
    page.get_by_role("button", name="Accept it", exact=True).click()
    # Then its history says who did, and when
    expect(page.locator(".cw-timeline")).to_contain_text("Jo Whitfield")
    expect(page.locator(".cw-timeline")).to_contain_text("Accepted")
    worker.opens("/referrals/send")
    worker.sees_no_barrier("referral-send")


def test_a_referral_clerk_declines_what_nobody_matches_without_scripts(visitor: Arrives) -> None:
    clerk = visitor(java_script_enabled=False).signs_in("referral.clerk")
    page = clerk.page
    clerk.opens("/referrals/waiting")
    page.get_by_role("table").get_by_role("link").first.click()
    expect(page.get_by_text("do not all agree with one person")).to_be_visible()
    page.get_by_role("button", name="Match it again").click()
    expect(page.get_by_role("alert")).to_contain_text("Still nobody agrees")
    page.get_by_label("Why, if you decline it").fill("Nobody of that name and birth date")
    page.get_by_role("button", name="Decline it").click()
    expect(page.get_by_text("Nothing waits")).to_be_visible()


def test_an_administrator_looks_at_a_message_of_a_feed(visitor: Arrives) -> None:
    administrator = visitor().signs_in("reviewer")
    page = administrator.page
    administrator.opens("/alerts")
    administrator.sees_no_barrier("feed-alerts")
    administrator.opens("/feeds")
    page.get_by_role("link", name="Find a message by its control id").click()
    administrator.sees_no_barrier("find-message")
    administrator.opens("/feeds")
    page.get_by_role("link", name="RZ1.hl7").first.click()
    page.get_by_label("Number of the line").fill("1")
    page.get_by_role("button", name="Show it").click()
    expect(page.get_by_role("heading", name="Field by field")).to_be_visible()
    expect(page.get_by_text("PID-5 Patient name")).to_be_visible()
    administrator.sees_no_barrier("accepted-line")
