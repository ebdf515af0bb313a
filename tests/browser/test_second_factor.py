"""A passkey and an authenticator app, added and used in a real browser; with Chromium's own virtual authenticator."""

import base64
import re
import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

from commonweal.domain.access.one_time import code_at

from .conftest import PASSWORD, Visitor

Arrives = Callable[..., Visitor]


def has_a_key(page: Page) -> None:
    """Plug a virtual key into the browser, which touches itself and verifies its holder."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def signs_in_with_password(somebody: Visitor, username: str) -> None:
    somebody.opens("/sign-in")
    somebody.page.get_by_label("User name").fill(username)
    somebody.page.get_by_label("Password", exact=True).fill(PASSWORD)
    somebody.page.get_by_role("button", name="Sign in").click()


def test_a_passkey_and_an_app_are_added_used_and_removed(visitor: Arrives) -> None:
    # given somebody signed in, at the site's name, since a passkey belongs to a name
    somebody = visitor()
    somebody.site.url = somebody.site.url.replace("127.0.0.1", "localhost")
    try:
        _journey(somebody)
    finally:
        somebody.site.url = somebody.site.url.replace("localhost", "127.0.0.1")


def _journey(somebody: Visitor) -> None:
    page = somebody.page
    has_a_key(page)
    signs_in_with_password(somebody, "second.officer")
    somebody.opens("/account/second-factor")
    expect(page.get_by_text("You have none")).to_be_visible()
    somebody.sees_no_barrier("second-factor-none")
    # when a passkey is added
    page.get_by_role("button", name="Add a second step").click()
    somebody.sees_no_barrier("second-factor-add")
    page.get_by_label("What you will call it").fill("ward laptop")
    page.get_by_role("button", name="Add a passkey").click()
    # then recovery codes are shown once
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    assert page.locator(".cw-codes code").count() == 8
    somebody.sees_no_barrier("second-factor-codes")
    page.get_by_role("button", name="I have kept them").click()
    expect(page.get_by_role("row", name="ward laptop")).to_be_visible()
    # and an app
    somebody.opens("/account/second-factor/add")
    found = re.search(r"Key: ([A-Z2-7 ]+)", page.locator("main").inner_text())
    assert found
    secret = base64.b32decode(found[1].replace(" ", ""))
    page.get_by_label("Six digits from the app").fill("1")
    page.get_by_role("button", name="Add the app").click()
    somebody.sees_no_barrier("second-factor-add-error")
    page.get_by_label("Six digits from the app").fill(code_at(secret, int(time.time()) // 30 - 1))
    page.get_by_role("button", name="Add the app").click()
    expect(page.get_by_text("2 second steps")).to_be_visible()
    somebody.sees_no_barrier("second-factor")
    # when they sign in again, the password is not enough
    page.get_by_role("button", name="Sign out").click()
    signs_in_with_password(somebody, "second.officer")
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    somebody.sees_no_barrier("sign-in-second")
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    # and a passkey that knows its holder needs no password
    page.get_by_role("button", name="Sign out").click()
    somebody.opens("/sign-in")
    somebody.sees_no_barrier("sign-in-passkey")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    # and both can be removed
    for name in ("ward laptop", "Authenticator app"):
        somebody.opens("/account/second-factor")
        page.get_by_role("button", name=f"Remove {name}").click()
    expect(page.get_by_text("You have none")).to_be_visible()
