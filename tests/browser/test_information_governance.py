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


def test_an_emergency_is_reviewed_and_then_the_person_sees_it(site: Site, visitor: Arrives) -> None:
    # Given a clinician of another practice who opened the record in an emergency
    said = "Unconscious at the door, no relative to ask"
    clinician = visitor().signs_in("social.worker")
    clinician.opens(f"/people/{site.demo['show']['person_id']}/emergency")
    clinician.page.get_by_label("Why do you need this record now?").fill(said)
    clinician.page.get_by_role("button").filter(has_text="record").first.click()
    # Then it waits for the privacy officer, counted in the menu, and the person does not see it yet
    officer = visitor().signs_in("privacy.officer")
    officer.opens("/information-governance/cases")
    expect(officer.page.get_by_role("navigation", name="Menu")).to_contain_text("Reviews (")
    officer.sees_no_barrier("cases")
    citizen = visitor().signs_in("citizen")
    citizen.opens("/my-record/who-looked")
    assert said not in citizen.page.locator("main").inner_text()
    # When the officer lets them see it and finds it justified
    officer.page.get_by_role("row").filter(has_text=said).get_by_role("link").last.click()
    officer.sees_no_barrier("case")
    officer.page.get_by_role("button", name="Save").click()
    expect(officer.page.get_by_role("alert")).to_contain_text("Choose what to do")
    officer.page.get_by_label("Let the person see it now").check()
    officer.page.get_by_role("button", name="Save").click()
    expect(officer.page.locator("main")).to_contain_text("they can see this under Who looked")
    officer.page.get_by_label("It was justified").check()
    officer.page.get_by_label("Why", exact=True).fill("Rang the department: she was brought in at two")
    officer.page.get_by_role("button", name="Save").click()
    expect(officer.page.locator("main")).to_contain_text("Found justified")
    # Then the person sees it
    citizen.opens("/my-record/who-looked")
    expect(citizen.page.locator("main")).to_contain_text(said)


def test_the_person_questions_a_look_and_reads_the_answer(site: Site, visitor: Arrives) -> None:
    worker = visitor().signs_in("social.worker")
    worker.opens_record(site.demo["show"]["nhs_number"])
    # Given a look that worries the person
    citizen = visitor().signs_in("citizen")
    citizen.opens("/my-record/who-looked")
    citizen.page.get_by_role("link", name="Ask about this look").first.click()
    citizen.page.get_by_role("button", name="Ask").click()
    expect(citizen.page.get_by_role("alert")).to_contain_text("Say what you want to know")
    citizen.sees_no_barrier("question-error")
    # When they ask
    citizen.page.get_by_label("What would you like to know?").fill("I was not at the council that day. Why?")
    citizen.page.get_by_role("button", name="Ask").click()
    expect(citizen.page.locator("main")).to_contain_text("It is being looked into")
    citizen.sees_no_barrier("who-looked-asked")
    # Then two officers decide, and the person reads what they found
    first = visitor().signs_in("privacy.officer")
    first.opens("/information-governance/cases")
    first.page.get_by_role("row").filter(has_text="I was not at the council").get_by_role("link").last.click()
    address = first.page.url.removeprefix(site.url)
    first.page.get_by_label("It was not justified").check()
    first.page.get_by_label("Why", exact=True).fill("No visit was planned and none was made")
    first.page.get_by_role("button", name="Save").click()
    expect(first.page.locator("main")).to_contain_text("A second person must now look")
    second = visitor().signs_in("second.officer")
    second.opens(address)
    second.page.get_by_label("I agree: it was not justified").check()
    second.page.get_by_label("Why", exact=True).fill("The diary shows nothing either")
    second.page.get_by_role("button", name="Save").click()
    second.sees_no_barrier("case-decided")
    citizen.opens("/my-record/who-looked")
    expect(citizen.page.locator("main")).to_contain_text("they should not have looked: “No visit was planned")


def test_where_an_account_is_signed_in(visitor: Arrives) -> None:
    first = visitor().signs_in_by_the_page("second.officer")
    second = visitor().signs_in_by_the_page("second.officer")
    second.opens("/account/devices")
    expect(second.page.get_by_role("row").filter(has_text="This one")).to_have_count(1)
    second.sees_no_barrier("devices")
    second.page.get_by_role("button", name="Sign out everywhere").click()
    expect(second.page.get_by_role("heading", name="Sign in")).to_be_visible()
    first.opens("/account/devices")
    assert "/sign-in" in first.page.url
