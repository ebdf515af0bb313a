"""From an analyst's project to a care provider's list: nobody in between learns who anybody is."""

from collections.abc import Callable

from playwright.sync_api import expect

from .conftest import Visitor

Arrives = Callable[..., Visitor]


def test_a_list_from_analysis_is_taken_up_by_care(visitor: Arrives) -> None:
    # Given the demonstration's project, which its analyst reads and nobody else's extract
    analyst = visitor().signs_in("analyst")
    assert analyst.opens("/projects/diabetes-2020") == 200
    expect(analyst.page.locator("#extract-1")).to_contain_text("who opted out are in no extract")
    expect(analyst.page.get_by_role("link", name="person.csv")).to_be_visible()
    analyst.sees_no_barrier("project")
    assert analyst.opens("/projects/diabetes-2020/extracts/1/mark") == 200
    analyst.page.get_by_label("Pseudonyms").fill("A" * 26)
    analyst.page.get_by_role("button", name="Send for a decision").click()
    expect(analyst.page.get_by_role("alert")).to_contain_text("Give the list a title")
    analyst.sees_no_barrier("mark-error")
    # And who may see no list: the analyst who marked it, and the officer who allowed it
    assert analyst.opens("/lists/1") == 403
    officer = visitor().signs_in("privacy.officer")
    assert officer.opens("/lists/1") == 403
    assert officer.opens("/information-governance/lists/1") == 200
    officer.sees_no_barrier("list-decided")
    # When a clinician says that the practice will act on it
    clinician = visitor().signs_in("clinician")
    assert clinician.opens("/lists/1") == 200
    clinician.sees_no_barrier("list-to-take-up")
    if clinician.page.get_by_role("button", name="Take this list up").count():
        clinician.page.get_by_label("Who will act on this list, and how?").fill("Our diabetes nurse rings each of them")
        clinician.page.get_by_role("button", name="Take this list up").click()
    # Then the list says so, and shows the practice's own people or that they are being found
    expect(clinician.page.get_by_text("Our diabetes nurse rings each of them")).to_be_visible()
    clinician.sees_no_barrier("list-taken-up")


def test_a_proposal_that_cannot_stand_is_sent_back_with_what_was_typed(visitor: Arrives) -> None:
    analyst = visitor().signs_in("analyst")
    assert analyst.opens("/projects/new") == 200
    analyst.page.get_by_label("Title").fill("Falls at home")
    analyst.page.get_by_role("button", name="Propose").click()
    expect(analyst.page.get_by_role("alert")).to_contain_text("Give a short name.")
    expect(analyst.page.get_by_label("Title")).to_have_value("Falls at home")
    analyst.sees_no_barrier("propose-error")
