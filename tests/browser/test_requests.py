"""A person asks for a copy of their record and lets somebody act for them; staff review, release and check."""

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from .conftest import Site, Visitor

Arrives = Callable[..., Visitor]
REASON = "seen in room 3 with the passport"


def chooses(where: Page | Locator, option: str) -> None:
    where.get_by_label(option).check()


def test_a_copy_from_the_asking_to_the_reading(site: Site, visitor: Arrives) -> None:
    # Given that somebody asks for a copy of their record
    citizen = visitor().signs_in("citizen")
    citizen.opens("/my-record/copy")
    citizen.page.get_by_role("button", name="Ask for a copy").click()
    expect(citizen.page.get_by_text("Being prepared")).to_be_visible()
    citizen.sees_no_barrier("own-copy")
    number = citizen.page.url.rpartition("/")[2]
    # When their practice has decided on what is marked, as soon as the worker has put the draft together
    clinician = visitor().signs_in("clinician")
    clinician.opens("/requests")
    clinician.page.get_by_role("link", name="copy of the record").click()
    draft = clinician.page.url
    for _ in range(60):
        if not clinician.page.get_by_text("is being put together").count():
            break
        clinician.page.wait_for_timeout(500)
        clinician.page.goto(draft)
    clinician.sees_no_barrier("draft-copy")
    for box in clinician.page.locator("#item input[name=item]").all():
        box.check()
    chooses(clinician.page, "They go out whole")
    clinician.page.get_by_role("button", name="Decide on those ticked").click()
    chooses(clinician.page, "The review is finished")
    clinician.page.get_by_role("button", name="Save").click()
    # And the privacy officer releases it
    officer = visitor().signs_in("privacy.officer")
    officer.opens(f"/information-governance/copies/{number}")
    officer.sees_no_barrier("release-copy")
    chooses(officer.page, "Release it to the person")
    officer.page.get_by_role("button", name="Save").click()
    # Then they read it, with headings in order, and take it away as a PDF
    citizen.page.reload()
    citizen.page.get_by_role("link", name="Read it here").click()
    expect(citizen.page.get_by_role("heading", level=1)).to_contain_text("Copy of the record of")
    expect(citizen.page.get_by_role("heading", name="Who has looked at your record")).to_be_visible()
    citizen.sees_no_barrier("released-copy")
    found = citizen.page.request.get(f"{site.url}/my-record/copy/{number}/pdf")
    assert found.body().startswith(b"%PDF")
    # And nobody else does
    assert clinician.opens(f"/my-record/copy/{number}/read") == 404


def test_somebody_is_let_act_and_stopped(site: Site, visitor: Arrives) -> None:
    # Given a person who lets a neighbour read their medicines
    citizen = visitor().signs_in("citizen")
    citizen.opens("/my-record/acting-for-me")
    citizen.page.get_by_role("button", name="Ask for this").click()
    expect(citizen.page.get_by_role("link", name="Give their name")).to_be_visible()
    citizen.page.get_by_label("Their name").fill("Kim Neighbour")
    citizen.page.get_by_label("The user name they sign in with").fill("kim")
    chooses(citizen.page, "Medicines")
    citizen.page.get_by_role("button", name="Ask for this").click()
    row = citizen.page.get_by_role("row").filter(has_text="Kim Neighbour")
    expect(row).to_contain_text("Evidence not seen yet")
    citizen.sees_no_barrier("own-proxies")
    # When one member of staff has seen the evidence, the same one cannot see the person alone
    clinician = visitor().signs_in("clinician")
    clinician.opens("/requests")
    clinician.page.get_by_role("link", name="Kim Neighbour to act for them").click()
    kim = clinician.page.get_by_role("article").filter(has_text="Kim Neighbour")
    chooses(kim, "Seen the evidence")
    clinician.page.get_by_label("What you saw, and how, for Kim Neighbour").fill(REASON)
    clinician.page.get_by_role("button", name="Save for Kim Neighbour").click()
    chooses(kim, "alone: they want this")
    clinician.page.get_by_label("What you saw, and how, for Kim Neighbour").fill(REASON)
    clinician.page.get_by_role("button", name="Save for Kim Neighbour").click()
    expect(clinician.page.get_by_role("alert")).to_contain_text("Somebody else than who saw the evidence")
    clinician.sees_no_barrier("requests-of-a-person")
    # Then nothing is opened, and the person stops it at once
    citizen.page.reload()
    expect(row).to_contain_text("To be seen alone")
    row.get_by_role("button", name="Stop this now").click()
    expect(row).to_contain_text("Ended")
