"""Two people who decide whether records are one person's."""

from collections.abc import Callable

from playwright.sync_api import expect

from .conftest import Visitor

Arrives = Callable[..., Visitor]


def test_a_reviewer_compares_two_records_and_decides(visitor: Arrives) -> None:
    # Given somebody who reviews identities, and a queue
    reviewer = visitor().signs_in("reviewer")
    assert reviewer.opens("/identity/review") == 200
    reviewer.sees_no_barrier("identity-review")
    expect(reviewer.page.get_by_role("heading", name="to decide")).to_be_visible()

    # When they open the first pair
    link = reviewer.page.locator("table").first.get_by_role("link").first
    name = link.inner_text()
    link.click()
    reviewer.page.get_by_role("heading", name="Compare two records").wait_for()
    reviewer.sees_no_barrier("identity-pair")
    expect(reviewer.page.get_by_role("table").first).to_contain_text("Date of birth")

    # And save without deciding, they are told what is missing
    reviewer.page.get_by_role("button", name="Save decision").click()
    expect(reviewer.page.get_by_role("alert")).to_contain_text("Select whether the records are one person’s")
    reviewer.sees_no_barrier("identity-pair-error")

    # Then a decision is listed, and can be undone with a reason
    reviewer.page.get_by_label("No, two people’s").check()
    reviewer.page.get_by_label("What did you go by?").fill("Two people of one street")
    reviewer.page.get_by_role("button", name="Save decision").click()
    reviewer.page.get_by_role("heading", name="Latest decisions").wait_for()
    reviewer.page.locator("table").last.get_by_role("link", name=name).first.click()
    expect(reviewer.page.get_by_text("You have decided this pair")).to_be_visible()
    reviewer.sees_no_barrier("identity-pair-decided")
    reviewer.page.get_by_label("Why this decision is undone").fill("Looked again")
    reviewer.page.get_by_role("button", name="Undo this decision").click()
    expect(reviewer.page.get_by_text("Looked again")).to_be_visible()


def test_an_analyst_sees_whom_linkage_serves_worse(visitor: Arrives) -> None:
    # Given a reviewer, who finds the report from the queue
    reviewer = visitor().signs_in("reviewer")
    reviewer.opens("/identity/review")
    reviewer.page.get_by_role("link", name="Whom linkage serves worse").click()
    expect(reviewer.page.get_by_role("link", name="Identity review", exact=True)).to_be_visible()

    # When an analyst opens it from the menu
    analyst = visitor().signs_in("analyst")
    analyst.opens("/")
    analyst.page.get_by_role("link", name="Linkage", exact=True).first.click()
    expect(analyst.page.get_by_role("heading", name="Whom linkage serves worse")).to_be_visible()
    analyst.sees_no_barrier("identity-fairness")

    # Then each kind of group has a chart and the same figures as a table, and the review is not offered
    for heading in ("Ethnicity", "Deprivation", "Age", "Sex", "Who holds the record", "GP practice"):
        section = analyst.page.get_by_role("region", name=heading, exact=True)
        expect(section.get_by_role("img")).to_be_visible()
        expect(section.get_by_role("columnheader", name="Against the rest")).to_be_visible()
    expect(analyst.page.get_by_role("link", name="identity review")).to_have_count(0)


def test_a_clinician_is_not_let_in(visitor: Arrives) -> None:
    clinician = visitor().signs_in("clinician")
    assert clinician.opens("/identity/review") in {403, 404}
    assert clinician.opens("/identity/fairness") in {403, 404}
