"""Care professionals: find a person, read the whole record, and what happens without a relationship."""

import csv
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .conftest import Site, Visitor

Arrives = Callable[..., Visitor]


def _people(site: Site) -> list[dict[str, str]]:
    with (site.truth / "people.csv").open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


def _vicky(site: Site) -> dict[str, str]:
    return next(row for row in _people(site) if row["nhs_number"] == site.demo["show"]["nhs_number"])


def test_a_social_worker_sees_the_gp_and_the_mental_health_team(site: Site, visitor: Arrives) -> None:
    # Given a social worker whose council supports Vicky
    worker = visitor().signs_in("social.worker")
    # When the record is found by NHS number and opened
    worker.opens_record(_vicky(site)["nhs_number"])
    # Then the GP practice, the mental-health team and the council's own team are all named
    involved = worker.page.locator("#involved")
    expect(involved).to_contain_text("General practice")
    expect(involved).to_contain_text("Mental health")
    expect(involved).to_contain_text("Adult social care")
    # And each source says when it was last heard from
    sources = worker.page.locator("#sources")
    assert len(sources.locator("tbody tr").all()) >= 3
    expect(sources).to_contain_text(re.compile(r"\d{1,2} \w+ 20\d\d"))
    worker.sees_no_barrier("record-social-worker")


def test_a_clinician_reads_one_timeline_across_sources(site: Site, visitor: Arrives) -> None:
    clinician = visitor().signs_in("clinician")
    clinician.opens_record(_vicky(site)["nhs_number"])
    page = clinician.page
    # The banner says who this is, NHS number written 3 3 4
    number = _vicky(site)["nhs_number"]
    expect(page.locator(".cw-banner")).to_contain_text(f"{number[:3]} {number[3:6]} {number[6:]}")
    # What must not be missed comes before everything else, in one order
    first = [heading.inner_text() for heading in page.locator(".cw-record h2").all()[:4]]
    assert first == ["Alerts", "Reasonable adjustments", "Allergies and adverse reactions", "Plans"]
    # The practice and the hospital have two addresses, and one denies an allergy: both stand, each with who says so
    disagreeing = page.locator("#differences tbody tr")
    subjects = ["Address", "Address", "Allergies", "Allergies"]
    assert [row.locator("th").inner_text() for row in disagreeing.all()] == subjects
    expect(page.locator("#allergies")).to_contain_text(
        re.compile(r"Disagrees: No known allergy .+ Trust, \d+ \w+ 2020")
    )
    # The usual doctor is named as the directory has them, and since when the practice looks after her
    expect(page.locator("#involved")).to_contain_text(re.compile(r"Dr \w+ [\w'-]+, general practitioner"))
    expect(page.locator("#involved")).to_contain_text(re.compile(r"General practice\s+Now, since \d+ \w+ \d{4}"))
    # The timeline holds entries of more than one source, newest first
    whose = {element.inner_text() for element in page.locator("#timeline .cw-where").all()}
    assert len(whose) > 1
    when = page.locator("#timeline time").evaluate_all("all => all.map(one => one.dateTime)")
    assert when == sorted(when, reverse=True)
    clinician.sees_no_barrier("record-clinician")


def test_plans_for_an_emergency_open_and_what_is_under_way_is_seen(site: Site, visitor: Arrives) -> None:
    # Given somebody old at home, whose practice keeps their plans
    clinician = visitor().signs_in("clinician")
    clinician.opens_record(site.demo["show"]["plans_nhs_number"])
    page = clinician.page
    for kind in ("Personalised care and support plan", "Advance care plan", "ReSPECT form"):
        expect(page.locator("#plans")).to_contain_text(kind)
    # Then what was asked for is there with whom it was asked of, and when it will be
    expect(page.locator("#referrals tbody")).to_contain_text(re.compile(r"To .+ (Trust|Hospital)"))
    expect(page.locator("#appointments tbody")).to_contain_text(re.compile(r"\d{4}, \d{1,2}(:\d\d)?[ap]m"))
    expect(page.locator("#involved")).to_contain_text("To ring:")
    # And so is what few sources fill: who decides for them and what they refuse, what they wear, what was found
    expect(page.locator("#legal")).to_contain_text("Refuses: Ventilation")
    for heading, words in (("devices", "pacemaker"), ("assessments", "Clinical Frailty Scale"), ("goals", "By ")):
        expect(page.locator(f"#{heading}")).to_contain_text(words)
    clinician.sees_no_barrier("record-plans")
    # And the form opens
    page.locator("#plans").get_by_role("link", name="ReSPECT form").first.click()
    expect(page.locator(".cw-document")).to_contain_text("What matters to me")


def test_search_by_name_and_birth_date(site: Site, visitor: Arrives) -> None:
    person = _vicky(site)
    clinician = visitor().signs_in("clinician")
    clinician.opens("/people")
    year, month, day = person["birth_date"].split("-")
    clinician.page.get_by_label("Name").fill(f"{person['given'].split()[0]} {person['family']}")
    clinician.page.get_by_label("Day").fill(day)
    clinician.page.get_by_label("Month").fill(month)
    clinician.page.get_by_label("Year").fill(year)
    clinician.page.get_by_role("button", name="Find", exact=True).click()
    expect(clinician.page.get_by_role("table")).to_contain_text(person["family"].upper())
    # Nothing of the person is left in the address, where it would be kept in histories and logs
    assert clinician.page.url == site.url + "/people"
    clinician.sees_no_barrier("people-results")


def test_search_says_what_is_missing(visitor: Arrives) -> None:
    clinician = visitor().signs_in("clinician")
    clinician.opens("/people")
    clinician.sees_no_barrier("people")
    clinician.page.get_by_role("button", name="Find", exact=True).click()
    expect(clinician.page.get_by_role("alert")).to_contain_text("Enter an NHS number, or a name")
    clinician.page.get_by_label("NHS number").fill("999 000 0000 1")
    clinician.page.get_by_role("button", name="Find", exact=True).click()
    alert = clinician.page.get_by_role("alert")
    expect(alert).to_contain_text("NHS number must be 10 digits")
    alert.get_by_role("link").click()
    expect(clinician.page.get_by_label("NHS number")).to_be_focused()
    clinician.sees_no_barrier("people-error")


def test_no_one_found(visitor: Arrives) -> None:
    clinician = visitor().signs_in("clinician")
    clinician.opens("/people")
    clinician.page.get_by_label("Name").fill("Nobody Whatsoever")
    clinician.page.get_by_label("Postcode").fill("ZZ99 3VZ")
    clinician.page.get_by_role("button", name="Find", exact=True).click()
    expect(clinician.page.locator("#results")).to_have_text("No one found")
    clinician.sees_no_barrier("people-none")


def _stranger(site: Site, visitor: Visitor) -> str:
    """The NHS number of somebody who exists and with whom the visitor's organisation has no relationship."""
    for row in _people(site):
        visitor.finds(row["nhs_number"])
        if visitor.page.locator("#results").inner_text() == "1 record you cannot open":
            return row["nhs_number"]
    pytest.fail("everybody is open to this organisation, so the gate is open")


def test_without_a_relationship_a_reason_opens_the_record(site: Site, visitor: Arrives) -> None:
    # Given a clinician and a person their organisation does not look after
    clinician = visitor().signs_in("clinician")
    number = _stranger(site, clinician)
    person = next(row for row in _people(site) if row["nhs_number"] == number)
    # Then the search says that a record exists and does not say whose
    text = clinician.page.locator("main").inner_text()
    assert "no recorded relationship" in text
    assert person["family"].casefold() not in text.casefold()
    clinician.sees_no_barrier("people-closed")
    # When the address of the record is tried, it is refused and the way on is shown
    way_in = clinician.page.get_by_role("link", name="give a reason and open it").get_attribute("href")
    assert way_in
    assert clinician.opens(way_in.removesuffix("/emergency")) == 403
    expect(clinician.page.get_by_role("link", name="Give a reason and open it")).to_be_visible()
    clinician.sees_no_barrier("record-refused")
    # When no real reason is given, nothing opens
    clinician.page.get_by_role("link", name="Give a reason and open it").click()
    clinician.sees_no_barrier("emergency")
    clinician.page.get_by_role("button", name="Open the record").click()
    expect(clinician.page.get_by_role("alert")).to_contain_text("Enter why you need this record now")
    # When a reason is given, the record opens and says so
    clinician.page.get_by_label("Why do you need this record now?").fill("Unconscious in the emergency department")
    clinician.page.get_by_role("button", name="Open the record").click()
    expect(clinician.page.locator(".cw-banner")).to_contain_text(person["family"], ignore_case=True)
    expect(clinician.page.locator("main")).to_contain_text("opened this record in an emergency")
    clinician.sees_no_barrier("record-emergency")


@pytest.mark.parametrize("username", ["analyst", "performance.lead", "citizen"])
def test_others_find_nobody(site: Site, visitor: Arrives, username: str) -> None:
    """A record looks absent to people who have no business with records, and the search is not theirs."""
    other = visitor().signs_in(username)
    stranger = visitor().signs_in("clinician")
    way_in = None
    number = _stranger(site, stranger)
    assert number
    way_in = stranger.page.get_by_role("link", name="give a reason and open it").get_attribute("href")
    assert way_in
    assert other.opens("/people") == 403
    assert other.opens(way_in.removesuffix("/emergency")) == 404
    assert other.opens(way_in) == 404
    assert other.opens("/people/00000000-0000-4000-8000-000000000000") == 404


def test_the_timeline_narrows_without_a_script_and_says_what_it_leaves_out(site: Site, visitor: Arrives) -> None:
    # Given a clinician reading a record of several sources
    clinician = visitor().signs_in("clinician")
    clinician.opens_record(_vicky(site)["nhs_number"])
    page = clinician.page
    every = page.locator("#timeline li").count()
    # When one kind of contact is chosen
    kind = page.get_by_label("Kind").locator("option").nth(1).inner_text()
    page.get_by_label("Kind").select_option(kind)
    page.get_by_role("button", name="Narrow").click()
    # Then only that kind is listed, and the page says how many others there are
    what = page.locator("#timeline .cw-what").all_inner_texts()
    assert what
    assert len(what) < every
    assert all(text.startswith(kind) for text in what)
    expect(page.locator("#timeline")).to_contain_text(f"{len(what)} of {every} contacts")
    page.get_by_role("link", name="Show all").click()
    assert page.locator("#timeline li").count() == every
    clinician.sees_no_barrier("record-timeline")


def test_repeated_measurements_fold_with_their_trend_in_words(site: Site, visitor: Arrives) -> None:
    clinician = visitor().signs_in("clinician")
    clinician.opens_record(_vicky(site)["nhs_number"])
    row = clinician.page.locator("#observations tr", has_text="Body weight").first
    words = row.locator("svg").get_attribute("aria-label") or ""
    assert re.match(r"\d+ values, from [\d.]+ kg in \w+ 20\d\d to", words)
    folded = row.locator(".cw-again")
    assert not folded.locator("li").first.is_visible()
    folded.locator("summary").click()
    assert folded.locator("li").count() + 1 == int(words.split()[0])


def test_a_letter_opens_and_is_recorded_as_a_look(site: Site, visitor: Arrives) -> None:
    # Given a person of this practice with a letter on file
    clinician = visitor().signs_in("clinician")
    clinician.opens_record(_vicky(site)["nhs_number"])
    clinician.page.locator("#documents").get_by_role("link", name="Outpatient clinic letter").first.click()
    # Then it reads as it was written, with who wrote it, and leads back
    expect(clinician.page.locator(".cw-document")).to_contain_text("Thank you for asking us to see this person")
    clinician.sees_no_barrier("record-document")
    clinician.page.get_by_role("link", name="Back to the record").click()
    expect(clinician.page.locator("#documents")).to_be_visible()
    # And the person can see that a letter was opened
    citizen = visitor().signs_in("citizen")
    citizen.opens("/my-record/who-looked")
    expect(citizen.page.locator("main")).to_contain_text("Opened one of your letters or plans")
