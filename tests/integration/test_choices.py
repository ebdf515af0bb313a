"""What a person chooses about sharing, by their page and by an officer's; and what an officer decides about it."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from commonweal.domain.access.requests import CopyStep, Party
from commonweal.domain.access.scope import Actor, Refused
from commonweal.domain.access.vocabulary import Category, Purpose, RestrictionReason, Role
from tests.integration.acting import as_batch, as_user
from tests.integration.test_population import AREAS, ORGANISATIONS

pytestmark = pytest.mark.usefixtures("database")

ANN = Actor("user:ann", "Ann", Role.PRIVACY_OFFICER, "QOX")
PRACTICE, TRUST = "P1", "RXX"
PERSON, STRANGER = uuid4(), uuid4()
GP = Actor("user:gp", "Dr Ray", Role.CLINICIAN, PRACTICE)
NURSE = Actor("user:nurse", "Nia", Role.CLINICIAN, TRUST)


@pytest.fixture(scope="module")
def world(database: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, UUID]:
    """One person whom a practice and a trust know and care for; two officers; the person's account."""
    from commonweal.apps.access import api as access
    from commonweal.apps.identity.models import Demographics, Person
    from commonweal.apps.places import api as places

    reference = tmp_path_factory.mktemp("reference")
    (reference / "organisations.csv").write_text(ORGANISATIONS)
    (reference / "small_areas.csv").write_text(AREAS)
    (reference / "postcodes.csv").write_text("postcode,lsoa\n")
    places.load_reference(reference)
    Person.objects.create(person_id=PERSON, founder=1, created="2020-01-01T00:00Z")
    Person.objects.create(person_id=STRANGER, founder=3, created="2020-01-01T00:00Z")
    with connection.cursor() as cursor:
        for n, source, whose in ((1, PRACTICE, PERSON), (2, TRUST, PERSON), (3, TRUST, STRANGER)):
            cursor.execute(
                "INSERT INTO record_compartment (id, source, local_id) OVERRIDING SYSTEM VALUE VALUES (%s, %s, %s)",
                [n, source, f"x{n}"],
            )
            cursor.execute(
                "INSERT INTO identity_membership (compartment_id, person_id, basis, since) "
                "VALUES (%s, %s, 'verified', now())",
                [n, whose],
            )
            Demographics.objects.create(compartment_id=n, source=source, local_id="x", updated="2020-01-01T00:00Z")
            cursor.execute(
                "INSERT INTO access_relationship (organisation, compartment_id, kind, source, actor_key, starts_at) "
                "VALUES (%s, %s, 'under_care', %s, '', '2000-01-01')",
                [source, n, source],
            )
    for name, role, person in (
        ("ann", Role.PRIVACY_OFFICER, None),
        ("bob", Role.PRIVACY_OFFICER, None),
        ("vicky", Role.CITIZEN, PERSON),
        ("sam", Role.ANALYST, None),
    ):
        access.create_user(name, "a long password", role, "QOX" if person is None else "", name.title(), "", person)
    return {"person": PERSON}


def seen(actor: Actor) -> set[tuple[int, str]]:
    from commonweal.apps.access import api as access

    try:
        with access.session(actor, Purpose.DIRECT_CARE, "record.page") as session:
            scope = session.open_person(PERSON, {1: PRACTICE, 2: TRUST})
    except Refused:
        return set()
    return {(one, c.value) for one in (1, 2) for c in Category if scope.opens(one, c.value)}


def rows(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


EVERYTHING = {(one, c.value) for one in (1, 2) for c in Category}


def test_an_officer_withholds_and_a_second_officer_lifts_what_protects_from_harm(
    world: dict[str, UUID], as_app: None
) -> None:
    ann, bob = as_user("ann"), as_user("bob")
    sent = {"form": "restrict", "person": str(PERSON), "reason": "safeguarding", "what": "", "source": TRUST,
            "words": "A partner works on the ward"}  # fmt: skip
    assert ann.post("/information-governance/choices", {**sent, "words": "x"}).status_code == 400
    assert ann.post("/information-governance/choices", {**sent, "person": str(uuid4())}).status_code == 400
    assert ann.post("/information-governance/choices", sent).status_code == 302
    assert seen(GP) == {pair for pair in EVERYTHING if pair[0] == 1}
    assert seen(NURSE) == EVERYTHING
    number = max(one.id for one in _withheld())
    lift = {"form": "lift", "number": str(number), "words": "The partner has left the ward"}
    refused = ann.post("/information-governance/choices", lift)
    assert (refused.status_code, "Somebody other than who set it" in refused.content.decode()) == (400, True)
    assert bob.post("/information-governance/choices", lift).status_code == 302
    assert seen(GP) == EVERYTHING
    assert audited("user:bob") == (f"lift {number}", "The partner has left the ward", None, None)


def audited(actor: str) -> tuple[Any, ...]:
    """Target, reason, subject and the subject's compartments of the last thing that an account gave a reason for."""
    with as_batch(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT target, reason, person_id, compartments FROM access_audit a LEFT JOIN access_audit_subject s "
            "ON s.audit_id = a.id WHERE actor = %s AND reason <> '' ORDER BY a.id DESC LIMIT 1",
            [actor],
        )
        found: tuple[Any, ...] = cursor.fetchone()
        return found


def test_what_waits_is_never_lost_behind_what_is_done(
    world: dict[str, UUID], as_app: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are: undecided objections and open requests all, restrictions a page at a time."""
    from commonweal.apps.access import api as access
    from commonweal.apps.citizen import officer

    monkeypatch.setattr(access.restricting, "MOST", 2)
    monkeypatch.setattr(access.copies, "MOST_ENDED", 1)
    vicky = Actor("user:vicky", "Vicky", Role.CITIZEN, "", person_id=PERSON)
    raised: list[int] = []
    copies: list[int] = []
    for n in range(5):
        with access.session(vicky, Purpose.OWN_RECORD, "object") as session:
            scope = session.open_person(PERSON, {1: PRACTICE, 2: TRUST})
            access.restricting.raise_objection(session, scope, None, TRUST, f"My neighbour works there, {n}")
            raised.append(access.restricting.objections_of(scope)[0].id)
            copies.append(
                access.copies.ask(vicky, PERSON, {1, 2}, received=session.now.date(), how="online", wants="",
                                  identified=True, words="")
            )  # fmt: skip
            if n < 4:
                access.copies.take_step(session, copies[-1], CopyStep.WITHDRAW, Party.PERSON, "I changed my mind")
    refused = raised[1:4]
    for one in refused:
        access.restricting.decide(ANN, one, access.ObjectionStep.REFUSE, "compelling ground: safety", {})
    access.restricting.restrict(ANN, {1: PRACTICE, 2: TRUST, 3: TRUST}, RestrictionReason.SAFEGUARDING,
                                Category.CLINICAL, None, "Three of them to page through")  # fmt: skip
    assert [one.id for one in access.restricting.objections(ANN)] == [raised[0], raised[4], *reversed(refused[1:])]
    assert [one.id for one in officer.requests(ANN)] == [copies[4], copies[3]]
    first, older = access.restricting.restrictions(ANN)
    second, none = access.restricting.restrictions(ANN, older)
    assert ([one.compartment_id for one in first + second], none) == ([3, 2, 1], None)
    page = as_user("bob").get("/information-governance/choices").content.decode()
    assert f'href="/information-governance/choices?before={older}#withheld"' in page
    for one in first + second:
        access.restricting.lift(Actor("user:bob", "Bob", Role.PRIVACY_OFFICER, "QOX"), one.id, "The test is over")
    for one in (raised[0], raised[4]):
        access.restricting.decide(ANN, one, access.ObjectionStep.REFUSE, "compelling ground: safety", {})


def _withheld() -> list[Any]:
    from commonweal.apps.access import api as access

    return access.restricting.restrictions(ANN)[0]


def test_an_objection_against_one_organisation_binds_it_alone_from_the_moment_it_is_upheld(
    world: dict[str, UUID], as_app: None
) -> None:
    from commonweal.apps.access import api as access

    vicky = Actor("user:vicky", "Vicky", Role.CITIZEN, "", person_id=PERSON)
    officer = Actor("user:ann", "Ann", Role.PRIVACY_OFFICER, "QOX")
    with access.session(vicky, Purpose.OWN_RECORD, "object") as session:
        scope = session.open_person(PERSON, {1: PRACTICE, 2: TRUST})
        access.restricting.raise_objection(session, scope, None, TRUST, "My neighbour works there")
    assert seen(NURSE) == EVERYTHING
    (one,) = [one for one in access.restricting.objections(officer) if one.state == "raised"]
    compartments = {1: PRACTICE, 2: TRUST}
    with pytest.raises(access.ObjectionError, match="Say why"):
        access.restricting.decide(officer, one.id, access.ObjectionStep.UPHOLD, "ok", compartments)
    access.restricting.decide(officer, one.id, access.ObjectionStep.UPHOLD, "No compelling ground", compartments)
    assert seen(NURSE) == {pair for pair in EVERYTHING if pair[0] == 2}  # what the trust wrote itself
    assert seen(GP) == EVERYTHING
    access.restricting.decide(officer, one.id, access.ObjectionStep.WITHDRAW, "She has changed her mind", compartments)
    assert seen(NURSE) == EVERYTHING


def test_a_person_opts_out_on_their_page_and_an_officer_records_it_for_one_who_rang(
    world: dict[str, UUID], as_app: None
) -> None:

    vicky = as_user("vicky")
    assert vicky.post("/my-record/choices", {"opt_out": "type_1:out"}).status_code == 302
    assert "You have opted out" in vicky.get("/my-record/choices").content.decode()
    assert vicky.post("/my-record/choices", {"opt_out": "everything:out"}).status_code == 400
    said = {"form": "opt_out", "person": str(PERSON), "kind": "national_data", "wanted": "out",
            "words": "Rang on Monday"}  # fmt: skip
    ann = as_user("ann")
    assert ann.post("/information-governance/choices", said).status_code == 302
    assert audited("user:ann") == ("opt out national_data", "Rang on Monday", PERSON, [])
    assert vicky.post("/my-record/choices", {"category": "mental_health", "words": "It is old"}).status_code == 400
    sent = {"category": "mental_health", "words": "It is twenty years ago"}
    assert vicky.post("/my-record/choices", sent).status_code == 302
    page = as_user("bob").get("/information-governance/choices").content.decode()
    assert "It is twenty years ago" in page
    in_again = {**said, "kind": "type_1", "wanted": "in", "words": "Rang again on Friday"}
    assert ann.post("/information-governance/choices", in_again).status_code == 302
    assert audited("user:ann") == ("opt in type_1", "Rang again on Friday", PERSON, [])
    with as_batch():
        assert rows("SELECT kind, compartment_id FROM access_opt_out WHERE ends_at IS NULL ORDER BY 1, 2") == [
            ("national_data", 1), ("national_data", 2),
        ]  # fmt: skip
        assert rows("SELECT set_by, ended_by, ended_source FROM access_opt_out WHERE ends_at IS NOT NULL") == [
            ("user:vicky", "user:ann", "Rang again on Friday")
        ]


def test_nobody_else_opens_the_officers_pages(world: dict[str, UUID], as_app: None) -> None:
    for path in ("/information-governance/choices", "/information-governance/agreements",
                 "/information-governance/agreements/TEST", "/information-governance/agreements/propose"):  # fmt: skip
        assert as_user("vicky").get(path).status_code == 403
        assert as_user("ann").get(path).status_code == 200


def test_agreements_are_proposed_and_approved_on_the_pages(world: dict[str, UUID], as_app: None) -> None:
    ann, bob = as_user("ann"), as_user("bob")
    sent = {
        "reference": "ISA-7", "title": "Research", "gives": "p1, RXX", "receives": "*", "categories": ["clinical"],
        "purposes": ["research"], "starts": "2026-01-01", "ends": "2027-12-31", "review": "2027-01-01",
        "dpia": "D1", "controller": "QOX", "basis": "6(1)(e)", "confidentiality": "de-identified",
    }  # fmt: skip
    wrong = ann.post("/information-governance/agreements/propose", {**sent, "ends": "2040-01-01"})
    assert (wrong.status_code, "within five years" in wrong.content.decode()) == (400, True)
    assert ann.post("/information-governance/agreements/propose", sent).status_code == 302
    where = "/information-governance/agreements/ISA-7"
    own = ann.post(where, {"version": "1", "step": "approve"})
    assert (own.status_code, "Ask a second officer" in own.content.decode()) == (400, True)
    assert bob.post(where, {"version": "1", "step": "approve"}).status_code == 302
    assert rows("SELECT access_agreement_standing('ISA-7', 'research', '2026-06-01')") == [("in_force",)]
    assert bob.get("/information-governance/agreements/propose?of=ISA-7").status_code == 200
    assert ann.get("/information-governance/agreements/none").status_code == 404


@pytest.mark.parametrize("name", ["sam", "vicky"])
def test_somebody_who_is_there_and_refused_costs_the_statements_of_nobody_there(
    world: dict[str, UUID], as_app: None, name: str
) -> None:
    """What a stranger could tell by the clock is the work done: each statement, in order, is the same."""
    client = as_user(name)

    def statements(person: UUID) -> tuple[int, list[str]]:
        said: list[str] = []

        def note(execute: Any, sql: str, *rest: Any) -> Any:
            said.append(str(sql).partition("%s")[0][:80])
            return execute(sql, *rest)

        with connection.execute_wrapper(note):
            return client.get(f"/people/{person}").status_code, said

    known = STRANGER if name == "vicky" else PERSON
    client.get(f"/people/{known}")
    assert statements(known) == statements(uuid4())
