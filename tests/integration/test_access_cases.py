"""Emergencies and questioned looks: before the privacy officer at once, told to the person, never hidden for ever."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.db.utils import ProgrammingError
from psycopg import sql

from commonweal.domain.access.cases import CaseError, CaseStep
from commonweal.domain.access.relationship import Relationship
from commonweal.domain.access.scope import Actor, Refused
from commonweal.domain.access.vocabulary import Purpose, Role

pytestmark = pytest.mark.usefixtures("database")

GP = Actor("user:gp", "Dr Ray", Role.CLINICIAN, "P01")
STRANGER = Actor("user:other", "Dr Lee", Role.CLINICIAN, "P99")
OFFICER = Actor("user:officer", "Nadia", Role.PRIVACY_OFFICER, "ICB")
SECOND = Actor("user:second", "Tom", Role.PRIVACY_OFFICER, "ICB")
REASON = "unconscious in the department"
WHY = "rang the ward and they confirmed it"


def access() -> Any:
    from commonweal.apps.access import api

    return api


def cases() -> Any:
    from commonweal.apps.access import cases as module

    return module


@pytest.fixture
def person(database: str) -> tuple[Actor, dict[int, str]]:
    """A citizen whose one compartment the practice P01 registers, and nobody else knows."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM access_case")
        cursor.execute("SELECT coalesce(max(compartment_id), 0) + 1 FROM access_relationship")
        one = int(cursor.fetchone()[0])
    access().add_relationships([Relationship("P01", one, "registered", date(2015, 4, 1))], "test")
    person_id = uuid4()
    return Actor("user:vicky", "Vicky", Role.CITIZEN, "", person_id=person_id), {one: "P01"}


def looks(citizen: Actor, compartments: dict[int, str]) -> list[Any]:
    with access().session(citizen, Purpose.OWN_RECORD, "who looked") as opened:
        scope = opened.open_person(citizen.person_id, compartments)
        return [one for one in access().looked(scope.compartments) if one.role != "citizen"]


def emergency(citizen: Actor, compartments: dict[int, str]) -> int:
    access().grant_emergency(STRANGER, citizen.person_id, compartments, REASON)
    return int(cases().cases(OFFICER)[0][-1].id)


def opened(citizen: Actor, compartments: dict[int, str]) -> None:
    with access().session(GP, Purpose.DIRECT_CARE, "open record") as one:
        one.open_person(citizen.person_id, compartments)


Person = tuple[Actor, dict[int, str]]


def test_an_emergency_is_before_the_privacy_officer_at_once(person: Person, as_app: None) -> None:
    assert access().waiting() == 0
    case_id = emergency(*person)
    assert access().waiting() == 1
    case = cases().case_page(OFFICER, case_id).case
    assert (case.actor, case.organisation, case.words, case.state) == ("user:other", "P99", REASON, "waiting")
    assert case.person_id == person[0].person_id


def test_the_person_is_told_when_the_officer_says_so(person: Person, as_app: None) -> None:
    case_id = emergency(*person)
    assert looks(*person) == []
    cases().tell(OFFICER, case_id)
    (look,) = looks(*person)
    assert (look.purpose, look.emergency_reason) == ("emergency", REASON)
    with pytest.raises(CaseError, match="already"):
        cases().hold(OFFICER, case_id, "it would put them at risk")


def test_an_emergency_found_not_justified_opens_nothing_from_the_next_request(person: Person, as_app: None) -> None:
    def opens() -> bool:
        try:
            with access().session(STRANGER, Purpose.EMERGENCY, "open record") as one:
                one.open_person(person[0].person_id, person[1])
        except Refused:
            return False
        return True

    case_id = emergency(*person)
    assert opens()
    cases().take_step(OFFICER, case_id, CaseStep.ASK, "which department was this in?")
    assert opens()
    cases().take_step(OFFICER, case_id, CaseStep.DOUBT, "they were not on shift that day")
    assert not opens()
    access().grant_emergency(STRANGER, person[0].person_id, person[1], "they are here again and unconscious")
    assert opens()


def test_telling_put_off_needs_a_reason_and_ends(person: Person, as_app: None) -> None:
    case_id = emergency(*person)
    with pytest.raises(CaseError, match="Say why"):
        cases().hold(OFFICER, case_id, "later")
    until = cases().hold(OFFICER, case_id, "the one who does the harm reads it too")
    assert looks(*person) == []
    assert cases().case_page(OFFICER, case_id).case.tell_at == until
    with connection.cursor() as cursor:  # the role that serves people cannot put it off further, whatever the code asks
        cursor.execute("SELECT set_config('commonweal.review', 'on', false)")
        with pytest.raises(ProgrammingError, match="row-level security"):
            cursor.execute("UPDATE access_case SET tell_at = clock_timestamp() + interval '91 days'")
    connection.close()


def test_an_emergency_nobody_decides_on_is_shown_in_the_end(person: Person, database: str) -> None:
    emergency(*person)
    assert looks(*person) == []
    with connection.cursor() as cursor:  # as the batch role: the day has come
        cursor.execute("UPDATE access_case SET tell_at = clock_timestamp()")
    assert len(looks(*person)) == 1


def test_an_emergency_hides_nobody_elses_looks(person: Person, as_app: None) -> None:
    opened(*person)
    emergency(*person)
    assert [look.organisation for look in looks(*person)] == ["P01"]


def test_not_justified_takes_two_people_and_every_step_is_kept(person: Person, as_app: None) -> None:
    case_id = emergency(*person)
    cases().take_step(OFFICER, case_id, CaseStep.ASK, "asked the department who was on duty")
    cases().take_step(OFFICER, case_id, CaseStep.DOUBT, "nobody of that name attended that night")
    assert cases().case_page(OFFICER, case_id).may == ()
    with pytest.raises(CaseError, match="second person"):
        cases().take_step(OFFICER, case_id, CaseStep.CONFIRM, WHY)
    cases().take_step(SECOND, case_id, CaseStep.CONFIRM, "I have seen the attendance list too")
    page = cases().case_page(OFFICER, case_id)
    assert page.case.state == "not_justified"
    assert [(one.actor, one.step) for one in page.steps] == [
        ("user:officer", "ask"),
        ("user:officer", "doubt"),
        ("user:second", "confirm"),
    ]
    assert access().waiting() == 0
    with pytest.raises(CaseError, match="cannot be done"):
        cases().take_step(OFFICER, case_id, CaseStep.JUSTIFY, WHY)


def ask(citizen: Actor, compartments: dict[int, str], look_id: int, words: str = "why did they look at this?") -> bool:
    with access().session(citizen, Purpose.OWN_RECORD, "question a look") as one:
        scope = one.open_person(citizen.person_id, compartments)
        return bool(access().question(one, scope.compartments, look_id, words))


def test_a_questioned_look_is_answered_to_the_person(person: Person, as_app: None) -> None:
    opened(*person)
    (look,) = looks(*person)
    assert ask(*person, look.id)
    assert not ask(*person, look.id)  # once
    (case,) = cases().cases(OFFICER)[0]
    assert (case.kind, case.actor, case.words) == ("question", "user:gp", "why did they look at this?")
    assert [(one.question, one.state, one.answer) for one in looks(*person)] == [(case.words, "waiting", "")]
    cases().take_step(OFFICER, case.id, CaseStep.JUSTIFY, "the practice rang you about your test result")
    assert [(one.state, one.answer) for one in looks(*person)] == [
        ("justified", "the practice rang you about your test result")
    ]


def test_nobody_questions_a_look_at_somebody_else(person: Person, as_app: None) -> None:
    opened(*person)
    (look,) = looks(*person)
    other = Actor("user:someone", "Someone", Role.CITIZEN, "", person_id=uuid4())
    assert not ask(other, {10_000_000: "P01"}, look.id)
    assert not ask(*person, 10_000_000)
    assert cases().cases(OFFICER) == ([], [])


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PRIVACY_OFFICER])
def test_only_the_privacy_officer_reviews(person: Person, as_app: None, role: Role) -> None:
    case_id = emergency(*person)
    other = Actor("user:x", "X", role, "P01", person_id=UUID(int=1) if role is Role.CITIZEN else None)
    with pytest.raises(Refused):
        cases().cases(other)
    with pytest.raises(Refused):
        cases().case_page(other, case_id)
    with pytest.raises(Refused):
        cases().take_step(other, case_id, CaseStep.JUSTIFY, WHY)
    with pytest.raises(Refused):
        cases().tell(other, case_id)
    with pytest.raises(Refused):
        cases().hold(other, case_id, WHY)


def test_a_lawful_removal_reaches_the_cases_of_a_person(person: Person, database: str) -> None:
    citizen, compartments = person
    case_id = emergency(*person)
    cases().take_step(OFFICER, case_id, CaseStep.ASK, WHY)
    assert access().erasing.count_of([]) == 0
    with_case = access().erasing.count_of(list(compartments))
    assert access().erasing.forget(list(compartments), [citizen.person_id]) == with_case
    assert cases().case_page(OFFICER, case_id) is None


def test_without_the_gates_word_no_case_is_seen_nor_steps_changed(person: Person, as_app: None) -> None:
    case_id = emergency(*person)
    cases().take_step(OFFICER, case_id, CaseStep.ASK, WHY)
    with connection.cursor() as cursor:
        for table in ("access_case", "access_case_step"):
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
            assert cursor.fetchone()[0] == 0
    for statement in (
        "UPDATE access_case_step SET words = 'x'",
        "DELETE FROM access_case_step",
        "DELETE FROM access_case",
        "UPDATE access_case SET words = 'x'",
        "INSERT INTO access_case (kind, person_id, compartments, actor, role, organisation, action, words, lasts, "
        "tell_at) VALUES ('question', gen_random_uuid(), '{}', 'a', 'b', 'c', 'd', 'e', '0', now())",
    ):
        with connection.cursor() as cursor, pytest.raises(ProgrammingError):
            cursor.execute(statement)
