"""A pack chosen, frozen and signed off by two people, read by anyone; reasons and actions beside a figure."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from .conftest import Visitor

Arrives = Callable[..., Visitor]


def test_a_pack_is_built_frozen_signed_off_by_another_and_opened(visitor: Arrives, tmp_path: Path) -> None:
    # Given a performance lead at the pack builder
    lead = visitor().signs_in("performance.lead")
    lead.opens("/reports/packs")
    lead.sees_no_barrier("packs")
    # When she previews the public summary
    lead.page.get_by_label("Month").select_option("2020-10")
    lead.page.get_by_label("Who it is for").select_option("public")
    lead.page.get_by_role("button", name="Preview").click()
    expect(lead.page.get_by_role("heading", level=1)).to_contain_text("Health and care in October 2020")
    expect(lead.page.locator("#standing")).to_contain_text("Draft: not frozen")
    lead.sees_no_barrier("pack-preview")
    with lead.page.expect_download() as sent:
        lead.page.get_by_role("link", name="PDF").click()
    assert Path(sent.value.path()).read_bytes().startswith(b"%PDF-")
    # And freezes it, she cannot sign it off herself
    lead.page.get_by_role("button", name="Freeze a version").click()
    expect(lead.page.locator("main")).to_contain_text("You prepared this version. Somebody else has to sign it off.")
    lead.sees_no_barrier("version-own")
    address = lead.page.url.removeprefix(lead.site.url)
    # Then anyone sees no report yet
    anyone = visitor()
    key = address.rsplit("/", 1)[1]
    assert anyone.opens(f"/open-data/reports/{key}.html") == 404
    # And the board secretary signs it off
    secretary = visitor().signs_in("board.secretary")
    secretary.opens(address)
    secretary.page.get_by_role("button", name="Return").click()
    expect(secretary.page.get_by_role("alert")).to_contain_text("say why")
    secretary.sees_no_barrier("version-error")
    secretary.page.get_by_role("button", name="Sign off").click()
    expect(secretary.page.locator("main")).to_contain_text("No figure has changed since it was signed off")
    # And anyone reads it, with its figures, without signing in
    anyone.opens("/open-data")
    anyone.sees_no_barrier("open-data")
    anyone.page.get_by_role("link", name="read Health and care in October 2020").first.click()
    expect(anyone.page.get_by_role("heading", level=1)).to_contain_text("Health and care in October 2020")
    expect(anyone.page.locator("#standing")).to_contain_text("Published by")
    assert not anyone.axe()


def test_a_reason_and_an_action_are_written_beside_a_figure(visitor: Arrives) -> None:
    # Given an indicator that fails
    lead = visitor().signs_in("performance.lead")
    lead.opens("/reports/notes/2020-10")
    lead.sees_no_barrier("notes")
    lead.page.get_by_role("link", name="Elective admissions").click()
    # When an action is written without an owner, the page says what is missing
    lead.page.get_by_label("What it is").select_option("action")
    lead.page.get_by_label("Text").fill("Reopen two theatres")
    lead.page.get_by_role("button", name="Keep it").click()
    expect(lead.page.get_by_role("alert")).to_contain_text("Say who owns the action")
    lead.sees_no_barrier("figure-notes-error")
    # And with owner and day it is kept, and can be started
    lead.page.get_by_label("Owner of the action").fill("Planned care board")
    for label, text in (("Day", "1"), ("Month", "12"), ("Year", "2020")):
        lead.page.get_by_label(label, exact=True).fill(text)
    lead.page.get_by_role("button", name="Keep it").click()
    expect(lead.page.locator("main")).to_contain_text("Owner: Planned care board. Due 1 December 2020.")
    lead.page.get_by_role("button", name="Start action").last.click()
    expect(lead.page.locator("main")).to_contain_text("Under way")
    lead.sees_no_barrier("figure-notes")
    # Then the exception report prints it
    lead.opens("/reports/packs/preview?period=2020-10&audience=board&section=exceptions")
    expect(lead.page.locator("main")).to_contain_text("Reopen two theatres. Owner: Planned care board.")
    lead.sees_no_barrier("exception-report")
