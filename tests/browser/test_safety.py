"""What waits, what is withheld, an enquiry into harm and an account closed: each on its page, with a reason."""

import json
from collections.abc import Callable

from playwright.sync_api import expect

from .conftest import Site, Visitor

Arrives = Callable[..., Visitor]


def somebody(site: Site) -> tuple[str, dict[str, object]]:
    """A person on the list of the clinician's practice: their NHS number, and the Patient their practice sent."""
    practice = site.demo["show"]["gp"]
    with (site.truth.parent / "feeds" / "gp" / f"{practice}.ndjson").open(encoding="utf-8") as lines:
        for line in lines:
            patient = json.loads(line)
            numbers = [one["value"] for one in patient.get("identifier", ()) if one["system"].endswith("nhs-number")]
            shown = site.demo["show"].values()
            if patient["resourceType"] == "Patient" and numbers and numbers[0] not in shown:
                return numbers[0], patient
    raise AssertionError("the practice sent nobody with an NHS number")


def test_a_second_practices_claim_waits_until_the_first_one_or_an_officer_decides(site: Site, visitor: Arrives) -> None:
    # Given another practice's file, which says that somebody of the clinician's practice is on its own list
    number, patient = somebody(site)
    code = "https://fhir.nhs.uk/Id/ods-organization-code"
    claimed = {
        **patient,
        "id": "claimed-by-another",
        "generalPractitioner": [{"identifier": {"system": code, "value": "X99999"}}],
        "managingOrganization": {"identifier": {"system": code, "value": "X99999"}},
    }
    path = site.home / "claim.ndjson"
    path.write_text(json.dumps(claimed) + "\n", encoding="utf-8")
    site.runs("land", "gp", str(path), "--source", "X99999")
    site.runs("identify", "--changed")
    # Then an officer sees that it waits, and who says so
    officer = visitor().signs_in("privacy.officer")
    officer.opens("/information-governance/relationships")
    row = officer.page.get_by_role("row").filter(has_text="X99999")
    expect(row).to_contain_text("on its list")
    officer.sees_no_barrier("relationships-to-confirm")
    # And the practice is asked on the record, and refuses it
    clinician = visitor().signs_in("clinician")
    clinician.opens_record(number)
    clinician.page.get_by_role("link", name="confirm or refuse").click()
    clinician.sees_no_barrier("relationships-of-a-person")
    clinician.page.get_by_role("button", name="They do not").click()
    expect(clinician.page.get_by_role("alert")).to_contain_text("ten characters")
    clinician.page.get_by_label("How you know").fill("Seen by me this week; has not moved")
    clinician.page.get_by_role("button", name="They do not").click()
    expect(clinician.page.locator("main")).to_contain_text("refused")
    officer.opens("/information-governance/relationships")
    expect(officer.page.get_by_role("row").filter(has_text="X99999")).to_contain_text("Refused")
    officer.sees_no_barrier("relationships-decided")


def test_a_clinician_withholds_from_the_record(site: Site, visitor: Arrives) -> None:
    number, _ = somebody(site)
    clinician = visitor().signs_in("clinician")
    clinician.opens_record(number)
    clinician.page.get_by_role("link", name="Withhold something").click()
    clinician.page.get_by_role("button", name="Withhold it").click()
    expect(clinician.page.get_by_role("alert")).to_contain_text("ten characters")
    clinician.sees_no_barrier("withhold-refused")
    clinician.page.get_by_label("Why", exact=True).select_option("objection")
    clinician.page.get_by_label("What has happened").fill("Asked me today not to share this")
    clinician.page.get_by_role("button", name="Withhold it").click()
    expect(clinician.page.locator("main")).to_contain_text("Asked me today not to share this")
    clinician.sees_no_barrier("withheld-by-us")
    clinician.page.get_by_label("Why it can be shown again").fill("Said today that it may be shared")
    clinician.page.get_by_role("button", name="Lift it").click()
    expect(clinician.page.locator("main")).to_contain_text("Nothing.")


def test_a_social_worker_opens_a_record_for_an_enquiry(site: Site, visitor: Arrives) -> None:
    worker = visitor().signs_in("social.worker")
    worker.opens_record(site.demo["show"]["nhs_number"])
    worker.page.get_by_role("link", name="Open for a safeguarding enquiry").click()
    worker.sees_no_barrier("enquiry")
    worker.page.get_by_label("What are you enquiring into?").fill("Section 42 enquiry 2020/118")
    worker.page.get_by_role("button", name="Open the record").click()
    expect(worker.page.locator("main")).to_contain_text("You opened this record for a safeguarding enquiry")
    expect(worker.page.get_by_role("link", name="Open in an app")).to_have_count(0)
    worker.sees_no_barrier("record-for-an-enquiry")
    citizen = visitor().signs_in("citizen")
    citizen.opens("/my-record/who-looked")
    expect(citizen.page.locator("main")).not_to_contain_text("afeguarding")


def test_an_administrator_closes_an_account(visitor: Arrives) -> None:
    administrator = visitor(java_script_enabled=False).signs_in("reviewer")
    administrator.opens("/administration/accounts?q=neighbour")
    expect(administrator.page.locator("main")).to_contain_text("No account is found")
    administrator.page.get_by_label("Find an account").fill("second")
    administrator.page.get_by_role("button", name="Find").click()
    expect(administrator.page.get_by_role("row").filter(has_text="second.reviewer")).to_contain_text("Open")
    administrator.page.get_by_label("User name").fill("reviewer")
    administrator.page.get_by_label("Why").fill("Left on Friday, by the list")
    administrator.page.get_by_role("button", name="Close it now").click()
    expect(administrator.page.get_by_role("alert")).to_contain_text("Ask another administrator")
    looking = visitor().signs_in("reviewer")
    looking.opens("/administration/accounts")
    looking.sees_no_barrier("accounts")
