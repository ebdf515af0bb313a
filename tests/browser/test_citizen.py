"""A citizen reads their own record and who looked, and nobody else's."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from .conftest import Site, Visitor

Arrives = Callable[..., Visitor]


def test_own_record_in_plain_words(site: Site, visitor: Arrives) -> None:
    citizen = visitor().signs_in("citizen")
    citizen.opens("/")
    citizen.page.get_by_role("link", name="Your record", exact=True).click()
    number = site.demo["show"]["nhs_number"]
    expect(citizen.page.locator(".cw-banner")).to_contain_text(f"{number[:3]} {number[3:6]} {number[6:]}")
    expect(citizen.page.get_by_role("heading", name="Who is looking after you")).to_be_visible()
    citizen.sees_no_barrier("my-record")


def test_who_looked_names_organisation_and_role(site: Site, visitor: Arrives) -> None:
    # Given that a social worker has opened the record
    worker = visitor().signs_in("social.worker")
    worker.opens_record(site.demo["show"]["nhs_number"])
    # When the person looks who looked
    citizen = visitor().signs_in("citizen")
    citizen.opens("/my-record/who-looked")
    # Then the look is there: role, organisation, when and why; and no member of staff is named
    row = citizen.page.get_by_role("row").filter(has_text="A social worker").filter(has_text="Opened your record")
    expect(row.first).to_contain_text("To care for you")
    expect(row.first).to_contain_text(re.compile("council", re.IGNORECASE))
    assert "Whitfield" not in citizen.page.locator("main").inner_text()
    citizen.sees_no_barrier("who-looked")


def test_nobody_elses_record(site: Site, visitor: Arrives) -> None:
    # Given another person's address, as a clinician may open it
    clinician = visitor().signs_in("clinician")
    clinician.opens_record(site.demo["show"]["nhs_number"])
    own = clinician.page.url.removeprefix(site.url)
    # Then the citizen's own record is at /my-record; the professional's page of anybody is not theirs
    citizen = visitor().signs_in("citizen")
    assert citizen.opens("/my-record") == 200
    other = own[:-12] + "000000000000"
    assert citizen.opens(other) == 404
    expect(citizen.page.get_by_role("heading", name="Page not found")).to_be_visible()
    # And a professional has no own record here
    assert clinician.opens("/my-record") == 404
    assert clinician.opens("/my-record/who-looked") == 404
