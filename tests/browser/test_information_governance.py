"""The privacy officer reads the rules, asks what they decide, and sees no record."""

from collections.abc import Callable

from playwright.sync_api import expect

from .conftest import Site, Visitor

Arrives = Callable[..., Visitor]


def test_the_rules_in_plain_english(visitor: Arrives) -> None:
    officer = visitor().signs_in("privacy.officer")
    assert officer.opens("/information-governance/rules") == 200
    expect(officer.page.get_by_role("heading", name="Direct care")).to_be_visible()
    card = officer.page.locator(".nhsuk-card").filter(has_text="Care staff read the outline of a person referred")
    expect(card).to_contain_text("clinician, social worker")
    expect(card).to_contain_text("demographics, clinical, medication")
    officer.sees_no_barrier("rules")


def test_could_a_social_worker_see_mental_health_contacts_and_why(visitor: Arrives) -> None:
    # Given the question the page opens with: a social worker, direct care, a person under their care
    officer = visitor().signs_in("privacy.officer")
    officer.opens("/information-governance/trial")
    # When it is put to the gate, the answer names the rule
    officer.page.get_by_role("button", name="Ask the gate").click()
    answer = officer.page.locator("#answer")
    expect(answer).to_contain_text("They would see it")
    expect(answer).to_contain_text("Care staff read the record of a person in their care")
    officer.sees_no_barrier("trial-yes")
    # And for a person only referred it is no, with the words the social worker would read
    officer.page.get_by_label("Relationship of their organisation with the person").select_option("referred")
    officer.page.get_by_role("button", name="Ask the gate").click()
    expect(answer).to_contain_text("They would not see it")
    expect(answer).to_contain_text("something is held and withheld from you")
    officer.sees_no_barrier("trial-no")


def test_a_day_that_is_none_is_said_beside_its_field(visitor: Arrives) -> None:
    officer = visitor().signs_in("privacy.officer")
    officer.opens("/information-governance/trial")
    officer.page.get_by_label("Day").fill("yesterday")
    officer.page.get_by_role("button", name="Ask the gate").click()
    expect(officer.page.get_by_role("alert")).to_contain_text("Enter a day")
    officer.sees_no_barrier("trial-error")


def test_the_privacy_officer_opens_no_record(site: Site, visitor: Arrives) -> None:
    officer = visitor().signs_in("privacy.officer")
    assert officer.opens("/people") == 403
    assert officer.opens(f"/people/{site.demo['show']['person_id']}") == 404
    for username in ("clinician", "analyst", "reviewer"):
        other = visitor().signs_in(username)
        assert other.opens("/information-governance/rules") == 403
