"""What care staff may do with a record beside reading it (withhold, enquire into harm), and closing an account."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client

from commonweal.domain.access.scope import Actor, Refused
from commonweal.domain.access.vocabulary import Category, Purpose, Role
from tests.integration.acting import as_batch, as_user

pytestmark = pytest.mark.usefixtures("database")

PRACTICE, TRUST, COUNCIL = "P1", "RXX", "C1"
PERSON = uuid4()
SOURCES = {1: PRACTICE, 2: TRUST, 3: COUNCIL}
PASSWORD = "a long password"
ACCOUNTS = {
    "gp": (Role.CLINICIAN, PRACTICE),
    "gp.too": (Role.CLINICIAN, PRACTICE),
    "nurse": (Role.CLINICIAN, TRUST),
    "sam": (Role.SOCIAL_WORKER, COUNCIL),
    "far": (Role.SOCIAL_WORKER, "C9"),
    "admin": (Role.ADMINISTRATOR, "QOX"),
    "ann": (Role.PRIVACY_OFFICER, "QOX"),
}
TOKENS: dict[str, str] = {}


@pytest.fixture(scope="module", autouse=True)
def world(database: str) -> None:
    """One person whom a practice, a trust and a council know, look after and wrote something clinical of."""
    from commonweal.apps.access import api as access
    from commonweal.apps.identity.models import Demographics, Person

    Person.objects.create(person_id=PERSON, founder=1, created="2020-01-01T00:00Z")
    with connection.cursor() as cursor:
        for n, source in SOURCES.items():
            cursor.execute(
                "INSERT INTO record_compartment (id, source, local_id) OVERRIDING SYSTEM VALUE VALUES (%s, %s, 'x')",
                [n, source],
            )
            cursor.execute(
                "INSERT INTO access_relationship (organisation, compartment_id, kind, source, actor_key, starts_at) "
                "VALUES (%s, %s, 'under_care', %s, '', '2000-01-01')",
                [source, n, source],
            )
            cursor.execute(
                "INSERT INTO identity_membership (compartment_id, person_id, basis, since) "
                "VALUES (%s, %s, 'verified', now())",
                [n, PERSON],
            )
            Demographics.objects.create(compartment_id=n, source=source, local_id="x", updated="2020-01-01T00:00Z")
    for name, (role, organisation) in ACCOUNTS.items():
        access.create_user(name, PASSWORD, role, organisation, name.title())
    access.create_user("vicky", PASSWORD, Role.CITIZEN, "", "Vicky Person", person_id=PERSON)
    TOKENS["sam"] = access.create_token("sam", 1)


def sees(name: str, purpose: Purpose = Purpose.DIRECT_CARE) -> set[tuple[int, str]]:
    """What is open to an account of the person: (compartment, category)."""
    from commonweal.apps.access import api as access

    role, organisation = ACCOUNTS[name]
    try:
        with access.session(Actor(f"user:{name}", name, role, organisation), purpose, "open record") as session:
            scope = session.open_person(PERSON, SOURCES)
    except Refused:
        return set()
    return {(n, c.value) for n in SOURCES for c in Category if scope.opens(n, c.value)}


def audited(actor: str, action: str) -> list[tuple[Any, ...]]:
    """Purpose, target, outcome, reason and person of an account's accesses of this kind, oldest first."""
    with as_batch(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT purpose, target, a.outcome, reason, person_id FROM access_audit a LEFT JOIN "
            "access_audit_subject s ON s.audit_id = a.id WHERE actor = %s AND action = %s ORDER BY a.id",
            [f"user:{actor}", action],
        )
        return list(cursor.fetchall())


EVERYTHING = {(n, c.value) for n in SOURCES for c in Category}
CLINICAL_OF_OTHERS = {(2, "clinical"), (3, "clinical")}
WHERE = f"/people/{PERSON}/withheld"


def number_on(page: str) -> str:
    return page.split('name="number" value="', 1)[1].split('"', 1)[0]


def test_a_clinician_withholds_a_category_and_a_colleague_lifts_it(as_app: None) -> None:
    gp, colleague = as_user("gp"), as_user("gp.too")
    sent = {"form": "withhold", "what": "clinical", "reason": "safeguarding", "words": "Partner works on the ward"}
    assert gp.post(WHERE, {**sent, "words": "short"}).status_code == 400
    assert gp.post(WHERE, {**sent, "what": "everything"}).status_code == 400
    refused = gp.post(WHERE, {**sent, "reason": "objection"})
    assert (refused.status_code, "decided by an information-governance lead" in refused.content.decode()) == (400, True)
    assert sees("nurse") == EVERYTHING
    assert gp.post(WHERE, sent).status_code == 302
    assert sees("nurse") == EVERYTHING - {(1, "clinical"), (3, "clinical")}  # its own it still sees
    assert sees("gp") == EVERYTHING - CLINICAL_OF_OTHERS
    page = gp.get(WHERE).content.decode()
    assert "Partner works on the ward" in page
    assert 'name="number"' not in page  # who set it does not lift it
    number = number_on(colleague.get(WHERE).content.decode())
    lift = {"form": "lift", "number": number, "words": "The partner has left the ward"}
    assert gp.post(WHERE, lift).status_code == 400
    assert as_user("nurse").post(WHERE, lift).status_code == 400  # another organisation's
    assert colleague.post(WHERE, {**lift, "words": ""}).status_code == 400
    assert colleague.post(WHERE, lift).status_code == 302
    assert sees("nurse") == EVERYTHING
    assert audited("gp.too", "restrict record")[-1] == (
        "direct_care", f"lift {number}", "allowed", "The partner has left the ward", PERSON,
    )  # fmt: skip


def test_what_shuts_a_partners_whole_compartment_is_listed_and_lifted_whole(as_app: None) -> None:
    """An agreement that opens nothing but the category withheld: without it the partner's compartment drops out."""
    from tests.conftest import _point_at

    name, role = str(connection.settings_dict["NAME"]), str(connection.settings_dict["USER"])

    def agreed(categories: str) -> None:
        _point_at(name, "commonweal_owner")
        with connection.cursor() as cursor:
            cursor.execute("UPDATE access_agreement SET categories = %s WHERE reference = 'TEST'", [categories])
        _point_at(name, role)

    agreed("{clinical}")
    try:
        before = sees("gp"), sees("nurse"), sees("gp.too")
        assert (2, "clinical") in before[0]
        sent = {"form": "withhold", "what": "clinical", "reason": "safeguarding", "words": "Partner works on the ward"}
        assert as_user("gp").post(WHERE, sent).status_code == 302
        assert not {n for n, _ in sees("gp")} & {2, 3}
        page = as_user("gp.too").get(WHERE).content.decode()
        assert page.count('name="number"') == 1
        lift = {"form": "lift", "number": number_on(page), "words": "The partner has left the ward"}
        assert as_user("gp.too").post(WHERE, lift).status_code == 302
        assert (sees("gp"), sees("nurse"), sees("gp.too")) == before
    finally:
        agreed("{demographics,clinical,medication,mental_health,social_care}")


def test_what_hides_allergies_says_that_something_is_withheld(as_app: None) -> None:
    sent = {"form": "withhold", "what": "own", "reason": "safeguarding", "words": "Partner works at the council"}
    assert as_user("nurse").post(WHERE, sent).status_code == 302
    text = b"".join(as_user("gp").get(f"/people/{PERSON}").streaming_content).decode()
    assert "Allergies: something is held and withheld from you" in text
    lifting = as_user("ann").get("/information-governance/choices").content.decode()
    assert "Partner works at the council" in lifting
    number = lifting.split('name="form" value="lift"><input type="hidden" name="number" value="', 1)[1].split('"', 1)[0]
    assert as_user("ann").post(
        "/information-governance/choices", {"form": "lift", "number": number, "words": "Found to be mistaken"}
    ).status_code == 302  # fmt: skip
    assert sees("gp") == EVERYTHING


def test_serious_harm_is_withheld_from_the_persons_own_view_alone(as_app: None) -> None:
    from commonweal.apps.access import api as access

    sent = {"form": "withhold", "what": "own", "reason": "serious_harm", "words": "Would learn of the informant"}
    assert as_user("sam").post(WHERE, sent).status_code == 302
    assert sees("gp") == EVERYTHING
    own = Actor("user:vicky", "Vicky", Role.CITIZEN, "", person_id=PERSON)
    with access.session(own, Purpose.OWN_RECORD, "own record") as session:
        scope = session.open_person(PERSON, SOURCES)
    assert (scope.compartments, scope.withheld) == (frozenset({1, 2}), ())


@pytest.mark.parametrize(
    ("name", "path", "field"),
    [
        ("gp", f"/people/{PERSON}/emergency", "reason"),
        ("sam", f"/people/{PERSON}/safeguarding", "reason"),
        ("ann", "/information-governance/trial?role=nobody&on=never", "on"),
        ("ann", "/information-governance/choices", "person"),
        ("admin", "/administration/accounts", "username"),
    ],
    ids=["emergency", "safeguarding", "trial", "choices", "accounts"],  # a person's id is another in each process
)
def test_a_form_sent_wrong_says_so_above_and_beside_the_field(as_app: None, name: str, path: str, field: str) -> None:
    client = as_user(name)
    sent = {"form": "restrict", "reason": "safeguarding" if field == "person" else "", "words": "known to be in danger"}
    response = client.get(path) if "?" in path else client.post(path, sent)
    text = response.content.decode()
    assert response.status_code == 400
    assert (f'<li><a href="#{field}">' in text, f'id="{field}-error"' in text) == (True, True)


def test_nobody_else_withholds_anything(as_app: None) -> None:
    sent = {"form": "withhold", "what": "own", "reason": "safeguarding", "words": "Because I should like to"}
    for name in ("far", "admin", "ann", "vicky"):
        assert as_user(name).post(WHERE, sent).status_code in (403, 404), name
    with connection.cursor() as cursor:  # and row security holds to it
        cursor.execute("SELECT set_config('commonweal.restricting', %s, false)", [PRACTICE])
        cursor.execute("SELECT count(*) FROM access_restriction")
        assert cursor.fetchone()[0] == 0
        cursor.execute("SELECT set_config('commonweal.restricting', '', false)")


def test_a_social_worker_opens_a_record_for_an_enquiry_and_the_person_is_never_told(as_app: None) -> None:
    from datetime import timedelta

    from django.conf import settings

    from commonweal.apps.access import api as access
    from commonweal.web.formats import moment

    sam = as_user("sam")
    ask, record = f"/people/{PERSON}/safeguarding", f"/people/{PERSON}/for-safeguarding"
    assert sam.get(record).headers["Location"] == ask
    assert sam.get(ask).status_code == 200
    assert sam.post(ask, {"reason": "harm"}).status_code == 400
    assert "Enter what you are enquiring into" in sam.post(ask, {}).content.decode()
    stated = "Section 42 enquiry 2020/118, bruising"
    assert sam.post(ask, {"reason": stated}).headers["Location"] == record
    page = b"".join(sam.get(record).streaming_content).decode()
    assert "for a safeguarding enquiry" in page
    until = settings.COMMONWEAL_NOW() + timedelta(hours=4)
    assert any(f"Access ends on {moment(until - timedelta(minutes=n))}." in page for n in range(3))
    assert "/workers" not in page
    assert audited("sam", "safeguarding.open") == [("safeguarding", "", "allowed", stated, PERSON)]
    assert audited("sam", "open record")[-1] == ("safeguarding", "", "allowed", "", PERSON)
    own = Actor("user:vicky", "Vicky", Role.CITIZEN, "", person_id=PERSON)
    with access.session(own, Purpose.OWN_RECORD, "who looked") as session:
        looks = access.looked(session.open_person(PERSON, SOURCES).compartments)
    assert looks
    assert not [one for one in looks if one.purpose == "safeguarding" or "safeguarding" in one.action]


def test_over_fhir_an_enquiry_says_its_reason_each_time(as_app: None) -> None:
    import json

    client, address = Client(SERVER_NAME="127.0.0.1"), f"/fhir/R4/Patient/{PERSON}/$everything"
    headers = {"Authorization": f"Bearer {TOKENS['sam']}", "Commonweal-Purpose": "safeguarding"}
    for said in ({}, {"Commonweal-Reason": "harm"}, {"Commonweal-Reason": "%20" * 12 + "%00"}):
        refused = client.get(address, headers=headers | said)
        assert (refused.status_code, json.loads(refused.content)["resourceType"]) == (403, "OperationOutcome")
        assert "Commonweal-Reason" in refused.content.decode()
    assert audited("sam", "fhir.everything") == [("safeguarding", "Patient", "refused", "", None)] * 3
    why = {"Commonweal-Reason": "Section 42 enquiry, Zo%C3%AB%00"}
    assert client.get(address, headers=headers | why).status_code == 200
    read = ("safeguarding", "Patient", "allowed", "Section 42 enquiry, Zo\u00eb", PERSON)
    assert audited("sam", "fhir.everything")[3:] == [read]
    inner = {"request": {"method": "GET", "url": f"Patient/{PERSON}/$everything"}}
    sent = json.dumps({"resourceType": "Bundle", "type": "batch", "entry": [inner]})
    answer = client.post("/fhir/R4/", sent, "application/fhir+json", headers=headers | why)
    assert json.loads(answer.content)["entry"][0]["response"]["status"] == "200"
    assert audited("sam", "fhir.everything")[4:] == [read]


def test_only_who_may_enquire_is_asked_and_only_with_a_relationship(as_app: None) -> None:
    ask = f"/people/{PERSON}/safeguarding"
    for name in ("gp", "admin", "ann", "vicky"):
        assert as_user(name).get(ask).status_code == 404, name
    far = as_user("far")
    assert far.post(ask, {"reason": "I heard something of them"}).status_code == 404
    assert far.get(f"/people/{PERSON}/for-safeguarding").headers["Location"] == ask
    assert audited("far", "safeguarding.open")[0][2] == "refused"


def test_an_enquiry_ends_after_its_time(as_app: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from django.conf import settings

    sam, record = as_user("sam"), f"/people/{PERSON}/for-safeguarding"
    sam.post(f"/people/{PERSON}/safeguarding", {"reason": "Section 42 enquiry 2020/118"})
    assert sam.get(record).status_code == 200
    later = settings.COMMONWEAL_NOW() + timedelta(hours=4, minutes=1)
    monkeypatch.setattr(settings, "COMMONWEAL_NOW", lambda: later)
    assert sam.get(record).status_code == 302


ACCOUNTS_PAGE = "/administration/accounts"


def test_an_administrator_closes_an_account_and_it_is_out_at_once(database: str, as_app: None) -> None:
    from commonweal.apps.access import api as access

    with as_batch():
        access.create_user("leaver", PASSWORD, Role.CLINICIAN, PRACTICE, "Lee Aver")
        token = access.create_token("leaver")
    leaver, admin = as_user("leaver"), as_user("admin")
    assert leaver.get("/people").status_code == 200
    page = admin.get(ACCOUNTS_PAGE, {"q": "lee"}).content.decode()
    assert "Lee Aver" in page
    assert "signed in once, 1 token" in page
    sent = {"username": "leaver", "words": "Left on Friday, by the list"}
    assert admin.post(ACCOUNTS_PAGE, {**sent, "words": "left"}).status_code == 400
    assert admin.post(ACCOUNTS_PAGE, {**sent, "username": "admin"}).status_code == 400  # oneself
    assert admin.post(ACCOUNTS_PAGE, {**sent, "username": "vicky"}).status_code == 400  # a member of the public
    assert as_user("ann").post(ACCOUNTS_PAGE, sent).status_code in (403, 404)
    assert leaver.get("/people").status_code == 200
    assert admin.post(ACCOUNTS_PAGE, sent).status_code == 302
    assert leaver.get("/people").status_code == 302
    bearer: Any = {"Authorization": f"Bearer {token}"}
    assert Client(SERVER_NAME="127.0.0.1").get("/fhir/R4/Patient?_id=x", headers=bearer).status_code == 401
    assert admin.post(ACCOUNTS_PAGE, sent).status_code == 400  # closed already
    assert ("operations", "user:leaver", "allowed", "Left on Friday, by the list", None) in audited(
        "admin", "account.close"
    )


def test_no_member_of_the_public_is_among_the_accounts_listed(as_app: None) -> None:
    admin = as_user("admin")
    for sought in ("", "vicky", "Person"):
        assert "Vicky" not in admin.get(ACCOUNTS_PAGE, {"q": sought}).content.decode()


def test_the_web_role_closes_no_account_outside_that_action(as_app: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM access_close_account('gp', now())")
        assert cursor.fetchone()[0] == 0
    assert isinstance(PERSON, UUID)
