"""Agreements kept by two officers; a person's objection, and the answer they read."""

from collections.abc import Callable

from playwright.sync_api import expect

from .conftest import Visitor

Arrives = Callable[..., Visitor]


def test_an_agreement_is_renewed_by_one_officer_and_approved_by_another(visitor: Arrives) -> None:
    # Given the agreement on planning, which ends soon
    first = visitor().signs_in("privacy.officer")
    first.opens("/information-governance/agreements")
    expect(first.page.get_by_role("row").filter(has_text="Planning of services")).to_contain_text("Ends soon")
    first.sees_no_barrier("agreements")
    # When one officer proposes it for longer
    first.page.get_by_role("link", name="Planning of services").click()
    first.page.get_by_role("link", name="Amend or renew it").click()
    first.page.get_by_label("Last day").fill("2022-12-31")
    first.page.get_by_label("Review on").fill("2022-01-10")
    first.sees_no_barrier("agreement-proposed")
    first.page.get_by_role("button", name="Propose it").click()
    expect(first.page.locator("main")).to_contain_text("another officer decides on it")
    # Then another approves it, and the former version is replaced
    second = visitor().signs_in_by_the_page("second.officer")  # other tests end this account's sessions
    second.opens("/information-governance/agreements/ISA-PLANNING-2020")
    second.page.get_by_label("Approve it").check()
    second.page.get_by_role("button", name="Save").first.click()
    expect(second.page.get_by_role("heading", name="Version 2: in force")).to_be_visible()
    expect(second.page.get_by_role("heading", name="Version 1: replaced")).to_be_visible()
    second.sees_no_barrier("agreement")


def test_a_person_objects_and_reads_the_answer(visitor: Arrives) -> None:
    citizen = visitor().signs_in("citizen")
    citizen.opens("/my-record/choices")
    citizen.sees_no_barrier("choices")
    # When the person says what troubles them
    citizen.page.get_by_label("What do you not want shown?").select_option("mental_health")
    citizen.page.get_by_label("Why").fill("It was twenty years ago and has nothing to do with my knee")
    citizen.page.get_by_role("button", name="Send your objection").click()
    expect(citizen.page.locator("main")).to_contain_text("Waiting for an answer")
    # Then an officer answers with reasons, and the person reads them
    officer = visitor().signs_in("privacy.officer")
    officer.opens("/information-governance/choices")
    officer.sees_no_barrier("officer-choices")
    officer.page.get_by_label("Refuse it").first.check()
    officer.page.get_by_label("Reasons").first.fill("Your medicines and the anaesthetic depend on it: UK GDPR 21(1)")
    officer.page.get_by_role("button", name="Save the decision").first.click()
    expect(officer.page.locator("main")).to_contain_text("None is waiting")
    citizen.opens("/my-record/choices")
    expect(citizen.page.locator("main")).to_contain_text("the anaesthetic depend on it")
    citizen.sees_no_barrier("choices-answered")
