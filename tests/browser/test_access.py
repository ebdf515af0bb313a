"""Signing in and out, what each role is offered, the keyboard, no scripts, and what goes wrong politely."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .conftest import Site, Visitor

Arrives = Callable[..., Visitor]

OFFERED = {
    "clinician": [
        "Find a person",
        "Alerts",
        "Referrals in and out",
        "My people, and who is away",
        "Lists from analysis",
        "Requests people have made",
    ],
    "social.worker": [
        "Find a person",
        "Alerts",
        "Referrals in and out",
        "My people, and who is away",
        "Lists from analysis",
        "Requests people have made",
    ],
    "citizen": [
        "Your record",
        "Who has looked at your record",
        "Your choices about sharing",
        "A copy of your record",
        "Who acts for you",
        "People you act for",
    ],
    "analyst": [
        "Registers",
        "Analysis projects",
        "Whom linkage serves worse",
        "Indicators over time",
        "Definitions",
        "Import figures",
        "Reconcile tables",
        "Feeds",
    ],
    "privacy.officer": [
        "Emergencies and questions to review",
        "Relationships to confirm",
        "Requests for a copy of a record",
        "Sharing agreements",
        "Objections, opt-outs and restrictions",
        "Looks that somebody should ask about",
        "Who may see what",
        "Could they see it, and why?",
        "Analysis projects",
        "Whom linkage serves worse",
    ],
    "performance.lead": [
        "Board report of the latest month",
        "Packs and versions",
        "Indicators over time",
        "Oversight",
        "Outcomes",
        "Registers",
        "Definitions",
        "Import figures",
        "Reconcile tables",
        "How alerts are answered",
        "Feeds",
    ],
}


def test_a_stranger_is_told_what_this_is_and_where_to_sign_in(visitor: Arrives) -> None:
    stranger = visitor()
    assert stranger.opens("/") == 200
    expect(stranger.page.get_by_text("Synthetic data.")).to_be_visible()
    stranger.sees_no_barrier("home-signed-out")
    for path in ("/accessibility", "/privacy", "/sign-in"):
        assert stranger.opens(path) == 200
        expect(stranger.page.get_by_text("Synthetic data.")).to_be_visible()
        stranger.sees_no_barrier(path.strip("/"))


@pytest.mark.parametrize("path", ["/people", "/registers", "/feeds", "/reports/board/2020-10", "/my-record"])
def test_a_stranger_is_sent_to_sign_in_and_back(site: Site, visitor: Arrives, path: str) -> None:
    stranger = visitor()
    stranger.opens(path)
    assert stranger.page.url.startswith(site.url + "/sign-in?next=")


@pytest.mark.parametrize(("username", "cards"), OFFERED.items())
def test_home_offers_what_the_role_can_do(visitor: Arrives, username: str, cards: list[str]) -> None:
    person = visitor().signs_in(username)
    person.opens("/")
    assert person.page.locator(".nhsuk-card__heading").all_inner_texts() == cards
    # And each of them opens
    for address in person.page.locator(".nhsuk-card__link").evaluate_all("all => all.map(a => a.pathname)"):
        assert person.opens(address) == 200, address
    person.opens("/")
    person.sees_no_barrier(f"home-{username}")


def test_a_wrong_password_says_so_and_nothing_more(visitor: Arrives) -> None:
    stranger = visitor()
    stranger.opens("/sign-in")
    stranger.page.get_by_label("User name").fill("clinician")
    stranger.page.get_by_label("Password", exact=True).fill("not the password")
    stranger.page.get_by_role("button", name="Sign in").click()
    expect(stranger.page.get_by_role("alert")).to_contain_text("user name and password that match")
    stranger.sees_no_barrier("sign-in-error")


def test_signing_out_closes_the_record_behind_the_back_button(site: Site, visitor: Arrives) -> None:
    clinician = visitor().signs_in_by_the_page("clinician")
    clinician.opens_record(site.demo["show"]["nhs_number"])
    clinician.page.get_by_role("button", name="Sign out").click()
    expect(clinician.page.get_by_role("link", name="Sign in").first).to_be_visible()
    clinician.page.go_back()
    assert clinician.page.locator(".cw-banner").count() == 0


def test_by_keyboard_alone(site: Site, visitor: Arrives) -> None:
    # Given a clinician who uses no mouse
    clinician = visitor()
    page = clinician.page
    clinician.opens("/sign-in")
    # The first stop is the skip link, seen once it has focus; it moves past the header
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to main content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("User name")).to_be_focused()
    # Sign in, search and open the record by keys only
    page.keyboard.type("clinician")
    page.keyboard.press("Tab")
    page.keyboard.type("commonweal-demo")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sign out").wait_for()
    clinician.opens("/people")
    page.get_by_label("NHS number").focus()
    page.keyboard.type(site.demo["show"]["nhs_number"])
    page.keyboard.press("Enter")
    page.locator("#results").wait_for()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('main table') !== null"):
            break
    page.keyboard.press("Enter")
    expect(page.locator(".cw-banner")).to_be_visible()


def test_without_scripts(site: Site, visitor: Arrives) -> None:
    """Reading and sending both work with scripts off."""
    clinician = visitor(java_script_enabled=False).signs_in_by_the_page("clinician")
    clinician.opens_record(site.demo["show"]["nhs_number"])
    expect(clinician.page.locator("#involved")).to_contain_text("General practice")
    clinician.page.get_by_role("button", name="Sign out").click()
    citizen = visitor(java_script_enabled=False).signs_in_by_the_page("citizen")
    assert citizen.opens("/my-record/who-looked") == 200
    expect(citizen.page.locator("main")).to_contain_text("clinician")


def test_a_page_that_is_not_there(visitor: Arrives) -> None:
    stranger = visitor()
    assert stranger.opens("/no-such-page") == 404
    stranger.sees_no_barrier("error-404")


def test_a_page_of_another_role(visitor: Arrives) -> None:
    citizen = visitor().signs_in("citizen")
    for path in ("/people", "/registers", "/feeds", "/reports/board/2020-10"):
        assert citizen.opens(path) == 403, path
    expect(citizen.page.get_by_role("heading", name="You cannot open this")).to_be_visible()
    citizen.sees_no_barrier("error-403")


def test_a_form_sent_from_elsewhere_is_refused(site: Site, visitor: Arrives) -> None:
    clinician = visitor().signs_in("clinician")
    clinician.opens("/people")
    clinician.page.evaluate("document.querySelectorAll('[name=csrfmiddlewaretoken]').forEach(one => one.value = 'x')")
    with clinician.page.expect_navigation() as sent:
        clinician.page.get_by_role("button", name="Find", exact=True).click()
    assert sent.value.status == 403
    clinician.sees_no_barrier("error-form-expired")


def test_every_answer_carries_the_headers_that_protect_it(site: Site, visitor: Arrives) -> None:
    clinician = visitor().signs_in("clinician")
    clinician.opens_record(site.demo["show"]["nhs_number"])
    answer = clinician.page.goto(clinician.page.url)
    assert answer is not None
    headers = answer.headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
