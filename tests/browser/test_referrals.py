"""Referrals in and out, and what waits to be matched; a feed's message looked at by who mends feeds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

from playwright.sync_api import Page, expect

from commonweal.feeds.bars import simulator

from .conftest import Site, Visitor

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


def test_a_clinician_books_a_slot_at_a_partner_for_a_referral(site: Site, visitor: Arrives, tmp_path: Path) -> None:
    with _partner() as (receiver, port):
        # Given a referral that a partner's service has taken
        shown, service = site.demo["show"], f"20000{port:05}"
        listed = (Path(site.demo["feeds"]) / "referrals" / "services.csv").read_text()
        added = f"{service},{shown['community']},Podiatry,http://127.0.0.1:{port},,\n"
        (tmp_path / "services.csv").write_text(listed + added)
        site.runs("bars", "services", str(tmp_path / "services.csv"))
        clinician = visitor().signs_in("clinician")
        page = clinician.page
        clinician.opens("/referrals/send")
        page.get_by_label("NHS number").fill(shown["nhs_number"])
        for label, text in zip(("Year", "Month", "Day"), shown["birth_date"].split("-"), strict=True):
            page.get_by_label(label, exact=True).fill(text)
        page.get_by_role("button", name="Find their referrals").click()
        page.get_by_role("radio").first.check()
        page.get_by_label("To which service").select_option(service)
        page.get_by_role("button", name="Send it").click()
        _comes_to(page, "Not yet answered")
        # When she chooses one of the times the service offers, and books it
        page.get_by_role("link", name="Book a time at the service").click()
        page.get_by_role("button", name="Book it").click()
        expect(page.get_by_role("alert")).to_contain_text("Choose a time")
        clinician.sees_no_barrier("booking-problem")
        page.get_by_role("radio").first.check()
        slot = page.get_by_role("radio").first.input_value()
        page.get_by_role("button", name="Book it").click()
        # Then the service has that booking, and its page says so once it does
        _comes_to(page, "Booked")
        assert list(receiver.slots) == [slot]
        expect(page.locator(".cw-timeline")).to_contain_text("Taken by the service")
        clinician.sees_no_barrier("booked")


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


@contextmanager
def _partner() -> Iterator[tuple[simulator.Receiver, int]]:
    """The simulator of a partner's service, and its port on this machine."""
    receiver = simulator.Receiver(lambda: datetime.now(UTC))
    serving = simulator.server(receiver, 0)
    thread = Thread(target=serving.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield receiver, serving.server_port
    finally:
        serving.shutdown()
        thread.join()
        serving.server_close()


def _comes_to(page: Page, state: str) -> None:
    """Open the page of a referral again until the worker has brought it to a state."""
    shown = page.locator("dd strong").first
    for _ in range(100):
        if shown.inner_text() == state:
            return
        page.wait_for_timeout(100)
        page.reload()
    expect(shown).to_have_text(state)
