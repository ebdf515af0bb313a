"""The access session against a real database, in the role that serves people."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import connection

from commonweal.domain.access.relationship import Relationship
from commonweal.domain.access.scope import Actor, Refused, RefusedKind, Withheld
from commonweal.domain.access.vocabulary import Category, Purpose, RestrictionReason, Role
from tests.integration.withholding import lift, withhold

pytestmark = pytest.mark.usefixtures("database")

GP = Actor("user:gp", "Dr Ray", Role.CLINICIAN, "P01")
STRANGER = Actor("user:other", "Dr Lee", Role.CLINICIAN, "P99")
SOCIAL = Actor("user:sw", "Sam", Role.SOCIAL_WORKER, "C01")
ANALYST = Actor("user:analyst", "Ana", Role.ANALYST, "ICB")
CARE = {Role.CLINICIAN, Role.SOCIAL_WORKER}
LONG_AGO = date(2015, 4, 1)


def access() -> Any:
    """The public face, imported once there is a database for its models."""
    from commonweal.apps.access import api

    return api


@pytest.fixture
def person(database: str) -> Iterator[tuple[UUID, dict[int, str]]]:
    """A person with three compartments: the practice P01, the trust T01, the council C01."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(compartment_id), 0) FROM access_relationship")
        first = cursor.fetchone()[0] + 1
    compartments = {first: "P01", first + 1: "T01", first + 2: "C01"}
    access().add_relationships(
        [
            Relationship("P01", first, "registered", LONG_AGO),
            Relationship("C01", first + 2, "under_care", LONG_AGO),
        ],
        "test",
    )
    yield uuid4(), compartments
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM access_restriction")


def audit_rows(actor: str) -> list[tuple[str, str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT action, purpose, outcome, reason FROM access_audit WHERE actor = %s ORDER BY id DESC", [actor]
        )
        return cursor.fetchall()


def audit_count() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM access_audit")
        return int(cursor.fetchone()[0])


def subjects_of_last() -> list[tuple[UUID, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT person_id, outcome FROM access_audit_subject "
            "WHERE audit_id = (SELECT max(id) FROM access_audit) ORDER BY 2"
        )
        return cursor.fetchall()


def context() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('commonweal.compartments', true), current_setting('commonweal.categories', true)"
        )
        return cursor.fetchone()


def test_one_relationship_opens_the_whole_verified_person(person: tuple[UUID, dict[int, str]]) -> None:
    person_id, compartments = person
    with access().session(GP, Purpose.DIRECT_CARE, "record.page") as opened:
        scope = opened.open_person(person_id, compartments)
        assert context() == (",".join(map(str, sorted(compartments))), ",".join(sorted(Category)))
    assert scope.compartments == frozenset(compartments)
    assert scope.categories == frozenset(Category)
    assert scope.withheld == ()
    assert audit_rows(GP.key)[0] == ("record.page", "direct_care", "allowed", "")
    assert subjects_of_last() == [(person_id, "allowed")]


def test_the_context_ends_with_the_session(person: tuple[UUID, dict[int, str]]) -> None:
    with access().session(GP, Purpose.DIRECT_CARE, "record.page") as opened:
        opened.open_person(*person)
    assert not any(context())


def test_a_stranger_in_care_is_told_and_may_go_on_in_an_emergency(person: tuple[UUID, dict[int, str]]) -> None:
    person_id, compartments = person
    before = audit_count()
    with pytest.raises(Refused) as refused, access().session(STRANGER, Purpose.DIRECT_CARE, "record.page") as opened:
        opened.open_person(person_id, compartments)
    assert refused.value.kind is RefusedKind.NO_RELATIONSHIP
    assert refused.value.may_emergency
    assert audit_count() == before + 1  # committed although refused
    assert audit_rows(STRANGER.key)[0][2] == "refused"
    assert subjects_of_last() == [(person_id, "refused")]

    ends = access().grant_emergency(STRANGER, person_id, compartments, "unconscious in the department")
    assert timedelta(hours=3, minutes=59) < ends - settings.COMMONWEAL_NOW() <= timedelta(hours=4)
    with access().session(STRANGER, Purpose.EMERGENCY, "record.page") as opened:
        assert opened.open_person(person_id, compartments).categories == frozenset(Category)
    # It is theirs alone: a colleague of the same organisation is still refused.
    colleague = Actor("user:colleague", "Dr Kim", Role.CLINICIAN, "P99")
    with pytest.raises(Refused), access().session(colleague, Purpose.EMERGENCY, "record.page") as opened:
        opened.open_person(person_id, compartments)


def test_an_emergency_ends_after_four_hours(
    person: tuple[UUID, dict[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    person_id, compartments = person
    ends = access().grant_emergency(STRANGER, person_id, compartments, "unconscious in the department")
    monkeypatch.setattr(settings, "COMMONWEAL_NOW", lambda: ends)
    with pytest.raises(Refused), access().session(STRANGER, Purpose.EMERGENCY, "record.page") as opened:
        opened.open_person(person_id, compartments)


@pytest.mark.parametrize(
    ("actor", "reason"), [(STRANGER, "  "), (STRANGER, "because"), (ANALYST, "a good reason here")]
)
def test_an_emergency_needs_care_staff_and_a_reason(
    person: tuple[UUID, dict[int, str]], actor: Actor, reason: str
) -> None:
    before = audit_count()
    with pytest.raises(Refused):
        access().grant_emergency(actor, *person, reason)
    assert audit_count() == before + 1
    with pytest.raises(Refused), access().session(actor, Purpose.EMERGENCY, "record.page") as opened:
        opened.open_person(*person)


@pytest.mark.parametrize(
    ("role", "purpose"),
    [
        (role, purpose)
        for role in Role
        for purpose in Purpose
        if not (role in CARE and purpose in (Purpose.DIRECT_CARE, Purpose.EMERGENCY))
    ],
)
def test_everybody_else_sees_absence(person: tuple[UUID, dict[int, str]], role: Role, purpose: Purpose) -> None:
    somebody = Actor("user:x", "X", role, "P99", person_id=uuid4() if role is Role.CITIZEN else None)
    with pytest.raises(Refused) as refused, access().session(somebody, purpose, "record.page") as opened:
        opened.open_person(*person)
    assert (refused.value.kind, refused.value.may_emergency) == (RefusedKind.ABSENT, False)
    assert refused.value.message == "No such person or item."


def test_a_citizen_reads_their_own_record_and_nobody_elses(person: tuple[UUID, dict[int, str]]) -> None:
    person_id, compartments = person
    citizen = Actor("user:vicky", "Vicky", Role.CITIZEN, "", person_id=person_id)
    with access().session(citizen, Purpose.OWN_RECORD, "record.page") as opened:
        assert opened.open_person(person_id, compartments).compartments == frozenset(compartments)
    with pytest.raises(Refused) as refused, access().session(citizen, Purpose.OWN_RECORD, "record.page") as opened:
        opened.open_person(uuid4(), compartments)
    assert refused.value.kind is RefusedKind.ABSENT


def test_who_looked_shows_organisation_role_and_emergency_reason_and_no_name(
    person: tuple[UUID, dict[int, str]], as_app: None
) -> None:
    from commonweal.apps.access import cases

    person_id, compartments = person
    citizen = Actor("user:vicky", "Vicky", Role.CITIZEN, "", person_id=person_id)
    with access().session(GP, Purpose.DIRECT_CARE, "record.page") as opened:
        opened.open_person(person_id, compartments)
    access().grant_emergency(STRANGER, person_id, compartments, "unconscious in the department")
    officer = Actor("user:officer", "Nadia", Role.PRIVACY_OFFICER, "ICB")
    cases.tell(officer, cases.cases(officer)[0][-1].id)
    with access().session(citizen, Purpose.OWN_RECORD, "record.looked") as opened:
        scope = opened.open_person(person_id, compartments)
        looks = access().looked(scope.compartments)
    assert [(look.organisation, look.role, look.purpose, look.emergency_reason) for look in looks] == [
        ("P99", "clinician", "emergency", "unconscious in the department"),
        ("P01", "clinician", "direct_care", ""),
    ]
    assert "Ray" not in repr(looks)
    assert "user:" not in repr(looks)
    assert access().looked(compartments) == []  # outside a session: nothing


def test_ones_own_looks_do_not_push_others_off_the_list(person: tuple[UUID, dict[int, str]], as_app: None) -> None:
    person_id, compartments = person
    citizen = Actor("user:vicky", "Vicky", Role.CITIZEN, "", person_id=person_id)
    with access().session(GP, Purpose.DIRECT_CARE, "record.page") as opened:
        opened.open_person(person_id, compartments)
    for _ in range(3):
        with access().session(citizen, Purpose.OWN_RECORD, "own.page") as opened:
            opened.open_person(person_id, compartments)
    with access().session(citizen, Purpose.OWN_RECORD, "record.looked") as opened:
        looks = access().looked(opened.open_person(person_id, compartments).compartments, 2)
    assert [look.role for look in looks] == ["citizen", "citizen", "clinician"]


def test_an_objection_withholds_a_source_and_says_so_to_care_staff(person: tuple[UUID, dict[int, str]]) -> None:
    person_id, compartments = person
    trust = next(c for c, source in compartments.items() if source == "T01")
    until = settings.COMMONWEAL_NOW() + timedelta(days=30)
    withhold(trust, RestrictionReason.OBJECTION, "T01", until=until)
    with access().session(GP, Purpose.DIRECT_CARE, "record.page") as opened:
        scope = opened.open_person(person_id, compartments)
    assert scope.compartments == frozenset(compartments) - {trust}
    assert scope.withheld == (Withheld("", "T01", "objection", until),)
    assert scope.may_emergency
    access().grant_emergency(GP, person_id, compartments, "collapsed, medicines not known")
    with access().session(GP, Purpose.EMERGENCY, "record.page") as opened:
        assert opened.open_person(person_id, compartments).compartments == frozenset(compartments)


def test_a_category_is_withheld_from_everybody_but_who_wrote_it(person: tuple[UUID, dict[int, str]]) -> None:
    person_id, compartments = person
    trust = next(c for c, source in compartments.items() if source == "T01")
    council = next(c for c, source in compartments.items() if source == "C01")
    access().add_relationships([Relationship("X01", trust, "under_care", LONG_AGO)], "T01")
    restriction = withhold(trust, RestrictionReason.OBJECTION, "T01", category=Category.MENTAL_HEALTH)
    with access().session(SOCIAL, Purpose.DIRECT_CARE, "record.page") as opened:
        scope = opened.open_person(person_id, compartments)
        assert {n for n in compartments if scope.opens(n, Category.MENTAL_HEALTH)} == {council}
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('commonweal.shut')")
            shut = cursor.fetchone()[0].split(",")
    assert set(shut) == {f"{n}:mental_health" for n in compartments if n != council}
    assert [(item.category, item.reason) for item in scope.withheld] == [("mental_health", "objection")]
    wrote_nothing = Actor("user:x", "X", Role.CLINICIAN, "X01")
    with access().session(wrote_nothing, Purpose.DIRECT_CARE, "record.page") as opened:
        scope = opened.open_person(person_id, compartments)
        assert "mental_health" not in context()[1]
    assert scope.categories == frozenset(Category) - {"mental_health"}
    assert [(item.category, item.reason) for item in scope.withheld] == [("mental_health", "objection")]
    lift(restriction)
    with access().session(SOCIAL, Purpose.DIRECT_CARE, "record.page") as opened:
        assert opened.open_person(person_id, compartments).withheld == ()


def test_a_citizen_is_not_told_of_what_is_kept_from_them(person: tuple[UUID, dict[int, str]]) -> None:
    person_id, compartments = person
    council = next(c for c, source in compartments.items() if source == "C01")
    withhold(council, RestrictionReason.SAFEGUARDING, "C01")
    citizen = Actor("user:vicky", "Vicky", Role.CITIZEN, "", person_id=person_id)
    with access().session(citizen, Purpose.OWN_RECORD, "record.page") as opened:
        scope = opened.open_person(person_id, compartments)
    assert council not in scope.compartments
    assert scope.withheld == ()
    with access().session(SOCIAL, Purpose.DIRECT_CARE, "record.page") as opened:  # the council's own staff
        assert council in opened.open_person(person_id, compartments).compartments


def test_everything_withheld_is_a_refusal_that_says_so(person: tuple[UUID, dict[int, str]]) -> None:
    person_id, compartments = person
    for compartment in compartments:
        withhold(compartment, RestrictionReason.OBJECTION, "T01")
    with pytest.raises(Refused) as refused, access().session(GP, Purpose.DIRECT_CARE, "record.page") as opened:
        opened.open_person(person_id, compartments)
    assert (refused.value.kind, refused.value.may_emergency) == (RefusedKind.WITHHELD, True)


def test_a_search_discloses_only_those_in_scope(person: tuple[UUID, dict[int, str]]) -> None:
    person_id, compartments = person
    other = uuid4()
    top = max(compartments) + 100
    with access().session(GP, Purpose.DIRECT_CARE, "person.search") as opened:
        opened.require("search_people")
        scopes = opened.open_many({person_id: compartments, other: {top: "P77"}})
        assert context()[0] == ",".join(map(str, sorted(compartments)))
    assert set(scopes) == {person_id}
    assert audit_rows(GP.key)[0][2] == "mixed"
    assert subjects_of_last() == [(person_id, "allowed")]
    with access().session(GP, Purpose.DIRECT_CARE, "person.search") as opened:
        assert opened.open_many({other: {top: "P77"}}) == {}
        assert context()[0] == ""
    assert audit_rows(GP.key)[0][2] == "refused"


def test_a_scope_of_another_session_cannot_be_used(person: tuple[UUID, dict[int, str]]) -> None:
    with access().session(GP, Purpose.DIRECT_CARE, "record.page") as opened:
        scope = opened.open_person(*person)
    with (
        access().session(GP, Purpose.DIRECT_CARE, "record.page") as opened,
        pytest.raises(ValueError, match="not opened"),
    ):
        opened.use(scope)


def test_a_failure_rolls_back_the_work_and_is_audited(person: tuple[UUID, dict[int, str]]) -> None:
    def work() -> None:
        with access().session(GP, Purpose.DIRECT_CARE, "record.page") as opened:
            opened.open_person(*person)
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM access_relationship")
            _ = 1 // 0

    with pytest.raises(ZeroDivisionError):
        work()
    assert access().organisation_relationships("P01")
    assert audit_rows(GP.key)[0][2] == "failed"
    assert subjects_of_last() == [(person[0], "allowed")]


def test_a_session_inside_a_transaction_is_an_error(database: str) -> None:
    from django.db import transaction

    with transaction.atomic(), pytest.raises(RuntimeError), access().session(GP, Purpose.DIRECT_CARE, "x"):
        pass


def test_what_names_no_person_is_decided_and_audited(database: str) -> None:
    with access().session(ANALYST, Purpose.POPULATION_HEALTH, "register.read") as opened:
        opened.require("read_aggregate")
    assert audit_rows(ANALYST.key)[0][2] == "allowed"
    with pytest.raises(Refused) as refused, access().session(GP, Purpose.DIRECT_CARE, "register.read") as opened:
        opened.require("read_aggregate")
    assert refused.value.kind is RefusedKind.NOT_PERMITTED
    assert audit_rows(GP.key)[0][:3] == ("register.read", "direct_care", "refused")
    with pytest.raises(ValueError, match="rd_agregate"), access().session(GP, Purpose.DIRECT_CARE, "x") as opened:
        opened.require("rd_agregate")


def test_relationships_arrive_in_bulk_twice_the_same(database: str) -> None:
    rows = [Relationship("P50", 5000 + n, "registered", LONG_AGO) for n in range(2000)]
    assert access().add_relationships(rows, "gp") == 2000
    assert access().add_relationships(rows, "gp") == 0
    assert access().add_relationships([Relationship("P50", 5000, "registered", LONG_AGO, date(2018, 1, 1))], "gp") == 1
    assert access().organisation_relationships("P50") == set(range(5001, 7000))
    with pytest.raises(ValueError, match="emergency"):
        access().add_relationships([Relationship("P50", 1, "emergency", LONG_AGO)], "gp")


def test_a_relationship_ends_at_the_end_of_its_last_day(database: str) -> None:
    from zoneinfo import ZoneInfo

    london = ZoneInfo("Europe/London")
    access().add_relationships([Relationship("P60", 9001, "under_care", date(2019, 6, 1), date(2019, 6, 2))], "adt")

    def related(day: int, hour: int, minute: int = 0) -> bool:
        return bool(access().organisation_relationships("P60", datetime(2019, 6, day, hour, minute, tzinfo=london)))

    assert not access().organisation_relationships("P60", datetime(2019, 5, 31, 23, 59, tzinfo=london))
    assert related(1, 0)
    assert related(2, 23, 59)
    assert not related(3, 0)


def test_a_service_run_is_one_audit_row_written_before_the_work(database: str) -> None:
    before = audit_count()
    seen = []

    def work() -> None:
        with access().service_run("refresh"):
            seen.append(audit_count())
            _ = 1 // 0

    with pytest.raises(ZeroDivisionError):
        work()
    assert seen == [before + 1]
    assert audit_count() == before + 1
    assert audit_rows("service:refresh") == [("run.refresh", "operations", "allowed", "")]
