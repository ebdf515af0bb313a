"""Those who act for somebody: checked by two, seen by the person, ended at once, and by themselves on a birthday."""

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import connection
from django.db.utils import IntegrityError
from django.test import Client

from commonweal.domain.access.proxies import Evidence, ProxyStep
from commonweal.domain.access.requests import RequestError
from commonweal.domain.access.scope import Actor, Refused
from commonweal.domain.access.vocabulary import Category, Purpose, Role

from ..conftest import _point_at
from .acting import as_batch
from .fhir_world import World, make

GP = Actor("user:gp", "Dr Ray", Role.CLINICIAN, "P01")
NURSE = Actor("user:nurse", "Nora", Role.CLINICIAN, "P01")
STRANGER = Actor("user:stranger", "Dr Lee", Role.CLINICIAN, "P99")
ANN = Actor("user:ann", "Ann", Role.CITIZEN, "", person_id=UUID(int=7))
EVE = Actor("user:eve", "Eve", Role.CITIZEN, "", person_id=UUID(int=8))
SEEN = "birth certificate and passport seen"
ALONE = "seen alone in room 3: she wants it"
OUTLINE = (Category.DEMOGRAPHICS, Category.CLINICAL)
Today = Callable[[date], None]


@pytest.fixture(scope="module")
def world(database: str) -> World:
    """Vicky of the FHIR world, with a condition and a mental-health entry; two who would act for her."""
    from commonweal.apps.access import api as access
    from commonweal.apps.record import api as record
    from commonweal.feeds.types import Parsed

    made = make()
    for number, (ident, category) in enumerate((("asthma", "clinical"), ("psychosis", "mental_health")), 1):
        said = {"resourceType": "Condition", "id": ident, "code": {"text": ident.title()}}
        said["subject"] = {"reference": "Patient/vicky"}  # type: ignore[assignment]  # a FHIR body: values of any kind
        body = json.dumps(said).encode()
        record.write("P01", "gp", [Parsed(number, "Condition", ident, "vicky", body, said, category)])
    for one in (ANN, EVE):
        access.create_user(one.key[5:], "a long password", Role.CITIZEN, "", one.name, person_id=one.person_id)
    return made


@pytest.fixture
def vicky(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Actor]:
    """Vicky, for whom nobody acts; the connection is the role that serves people."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM access_proxy")
        cursor.execute("DELETE FROM access_competence")
        cursor.execute("UPDATE identity_demographics SET birth_date = '1980-02-03'")
    _point_at(connection.settings_dict["NAME"], "commonweal_app")
    yield Actor("user:citizen", "Vicky", Role.CITIZEN, "", person_id=world.vicky)
    _point_at(connection.settings_dict["NAME"], "commonweal_batch")


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> Today:
    """Sets the care clock to nine in the morning of a day."""

    def on(day: date) -> None:
        now = datetime(day.year, day.month, day.day, 9, tzinfo=ZoneInfo("Europe/London"))
        monkeypatch.setattr(settings, "COMMONWEAL_NOW", lambda: now)

    on(date(2020, 10, 31))
    return on


def app() -> tuple[Any, Any, Any]:
    from commonweal.apps.citizen import proxies, requests, selectors

    return proxies, requests, selectors


def wanted(evidence: Evidence = Evidence.CONSENT, categories: tuple[Category, ...] = OUTLINE, **more: Any) -> Any:
    from commonweal.apps.access import api as access

    said = {"starts_on": date(2016, 1, 1), "ends_on": None, "review_on": date(2030, 1, 1)} | more
    return access.proxies.Asked("ann", "Ann", evidence, categories, **said)


def acts(vicky: Actor, asked: Any = None) -> int:
    proxies, requests, _ = app()
    number = proxies.ask(vicky, asked) if asked else proxies.ask(vicky, wanted())
    requests.check_proxy(GP, vicky.person_id, number, ProxyStep.EVIDENCE, SEEN)
    requests.check_proxy(NURSE, vicky.person_id, number, ProxyStep.ALONE, ALONE)
    return int(number)


def test_nothing_opens_before_both_have_looked(vicky: Actor, today: Today) -> None:
    proxies, requests, selectors = app()
    number = proxies.ask(vicky, wanted())
    assert proxies.acting_for(ANN) == []
    with pytest.raises(RequestError, match="stands now"):
        requests.check_proxy(NURSE, vicky.person_id, number, ProxyStep.ALONE, ALONE)
    requests.check_proxy(GP, vicky.person_id, number, ProxyStep.EVIDENCE, SEEN)
    with pytest.raises(RequestError, match="Somebody else"):
        requests.check_proxy(GP, vicky.person_id, number, ProxyStep.ALONE, ALONE)
    with pytest.raises(Refused):
        selectors.record_of(ANN, number)
    requests.check_proxy(NURSE, vicky.person_id, number, ProxyStep.ALONE, ALONE)
    whom, page = selectors.record_of(ANN, number)
    assert (whom.about, page.banner.name) == ("Vicky Moss", "Vicky Moss")


def test_a_proxy_sees_the_categories_granted_and_no_more(vicky: Actor, today: Today) -> None:
    _, _, selectors = app()
    _, page = selectors.record_of(ANN, acts(vicky))
    assert [one.text for one in page.details.problems.entries] == ["Asthma"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    number = acts(vicky, wanted(categories=(*OUTLINE, Category.MENTAL_HEALTH)))
    _, page = selectors.record_of(ANN, number)
    assert sorted(one.text for one in page.details.problems.entries) == ["Asthma", "Psychosis"]


def test_the_person_sees_the_look_and_on_whose_behalf_it_was(vicky: Actor, today: Today) -> None:
    _, _, selectors = app()
    selectors.record_of(ANN, acts(vicky))
    look = selectors.who_looked(vicky)[0]
    assert (look.who, look.why, look.own) == ("Ann, who acts for you", "Because they act for you", False)
    mine = next(one for one in selectors.who_looked(vicky) if one.own)
    assert mine.who == "You"
    assert selectors.question(vicky, look.id, "I did not ask her to look on that day")
    with as_batch(), connection.cursor() as cursor:
        cursor.execute("SELECT purpose, target FROM access_audit WHERE actor = 'user:ann' ORDER BY id DESC LIMIT 1")
        purpose, target = cursor.fetchone()
    assert (purpose, target[:6]) == ("on_behalf", "proxy ")


def test_ended_by_the_person_it_opens_nothing_from_the_next_request(vicky: Actor, today: Today) -> None:
    proxies, _, selectors = app()
    number = acts(vicky)
    selectors.record_of(ANN, number)
    proxies.end(vicky, number)
    with pytest.raises(Refused):
        selectors.record_of(ANN, number)
    with pytest.raises(RequestError):
        proxies.end(vicky, number)


def test_the_proxy_gives_it_up(vicky: Actor, today: Today) -> None:
    proxies, _, _ = app()
    number = acts(vicky)
    assert not proxies.give_up(EVE, number)
    assert proxies.give_up(ANN, number)
    assert proxies.acting_for(ANN) == []


def test_it_runs_out_on_its_day(vicky: Actor, today: Today) -> None:
    _, _, selectors = app()
    number = acts(vicky, wanted(ends_on=date(2020, 12, 31)))
    today(date(2020, 12, 31))
    selectors.record_of(ANN, number)
    today(date(2021, 1, 1))
    with pytest.raises(Refused):
        selectors.record_of(ANN, number)


def born(day: str) -> None:
    with as_batch(), connection.cursor() as cursor:
        cursor.execute("UPDATE identity_demographics SET birth_date = %s", [day])


def parents(vicky: Actor) -> int:
    _, requests, _ = app()
    number = requests.ask_for_proxy(GP, vicky.person_id, wanted(Evidence.PARENTAL), "")
    requests.check_proxy(GP, vicky.person_id, number, ProxyStep.EVIDENCE, SEEN)
    requests.check_proxy(NURSE, vicky.person_id, number, ProxyStep.ALONE, "seen with the child, who is five")
    return int(number)


def test_a_parents_access_ends_by_itself_on_the_birthdays(vicky: Actor, today: Today) -> None:
    proxies, requests, selectors = app()
    born("2015-06-01")
    number = parents(vicky)
    today(date(2026, 5, 31))
    selectors.record_of(ANN, number)
    today(date(2026, 6, 1))  # eleven: until somebody asks what the child understands, nothing
    with pytest.raises(Refused):
        selectors.record_of(ANN, number)
    assert proxies.acting_for(ANN) == []
    requests.assess(GP, vicky.person_id, False, "does not follow what a record is")
    selectors.record_of(ANN, number)
    today(date(2027, 6, 1))
    requests.assess(NURSE, vicky.person_id, True, "understands, and would rather not")
    with pytest.raises(Refused):
        selectors.record_of(ANN, number)
    selectors.own_record(vicky)  # and may have their own account
    today(date(2031, 6, 1))  # sixteen
    with pytest.raises(Refused):
        selectors.record_of(ANN, number)


def test_a_finding_before_eleven_opens_nothing_after_sixteen_nor_does_one_made_too_early(
    vicky: Actor, today: Today
) -> None:
    _, requests, selectors = app()
    born("2015-06-01")
    number = parents(vicky)
    requests.assess(GP, vicky.person_id, False, "too young to understand this")
    today(date(2026, 6, 1))
    with pytest.raises(Refused):
        selectors.record_of(ANN, number)
    today(date(2031, 6, 1))
    with pytest.raises(RequestError, match="16 or over"):
        requests.ask_for_proxy(
            GP, vicky.person_id, wanted(Evidence.PARENTAL, starts_on=date(2031, 6, 1), review_on=date(2032, 1, 1)), ""
        )


def test_a_child_opens_their_own_record_only_when_found_to_understand(vicky: Actor, today: Today, world: World) -> None:
    _, requests, selectors = app()
    born("2008-06-01")  # twelve
    with pytest.raises(Refused, match="Until you are 16"):
        selectors.own_record(vicky)
    client = Client(SERVER_NAME="127.0.0.1", headers={"Authorization": f"Bearer {world.tokens['citizen']}"})
    for path in ("Patient/vicky", "Condition?patient=vicky", "AuditEvent"):  # nor by any other way in
        assert client.get(f"/fhir/R4/{path}").status_code == 403, path
    requests.assess(GP, vicky.person_id, True, "understands what it means")
    selectors.own_record(vicky)
    assert client.get("/fhir/R4/Patient/vicky").status_code == 200


@pytest.mark.parametrize("who", [STRANGER, EVE, Actor("user:x", "X", Role.PRIVACY_OFFICER, "ICB")])
def test_nobody_else_checks_or_reads(vicky: Actor, today: Today, who: Actor) -> None:
    proxies, requests, selectors = app()
    number = acts(vicky)
    with pytest.raises(Refused):
        requests.check_proxy(who, vicky.person_id, number, ProxyStep.END, "")
    with pytest.raises(Refused):
        requests.requests_of(who, vicky.person_id)
    with pytest.raises(Refused):
        selectors.record_of(who, number)
    assert proxies.acting_for(who) == []


def test_acting_for_one_opens_nobody_else_nor_another_purpose(vicky: Actor, today: Today, world: World) -> None:
    from commonweal.apps.access import api as access

    acts(vicky)
    for purpose in (one for one in Purpose if one is not Purpose.ON_BEHALF):
        with pytest.raises(Refused), access.session(ANN, purpose, "test") as session:
            session.open_person(vicky.person_id, {world.compartment: "P01"})
    with pytest.raises(Refused), access.session(ANN, Purpose.ON_BEHALF, "test") as session:
        session.open_person(UUID(int=9), {world.compartment: "P01"})


def test_the_database_holds_it_to_two_people(vicky: Actor, today: Today) -> None:
    proxies, _, _ = app()
    number = proxies.ask(vicky, wanted())
    with as_batch(), connection.cursor() as cursor, pytest.raises(IntegrityError):
        cursor.execute(
            "UPDATE access_proxy SET state = 'active', evidence_by = 'a', alone_by = 'a' WHERE id = %s", [number]
        )


def test_nobody_acts_by_a_name_that_is_no_citizens_or_for_themselves(vicky: Actor, today: Today) -> None:
    proxies, requests, _ = app()
    from commonweal.apps.access import api as access

    for username in ("gp", "nobody-has-this", "citizen"):
        said = access.proxies.Asked(
            username, "Ann", Evidence.CONSENT, OUTLINE, date(2016, 1, 1), None, date(2030, 1, 1)
        )
        number = proxies.ask(vicky, said)
        requests.check_proxy(GP, vicky.person_id, number, ProxyStep.EVIDENCE, SEEN)
        with pytest.raises(RequestError):
            requests.check_proxy(NURSE, vicky.person_id, number, ProxyStep.ALONE, ALONE)


def test_pages_of_another_are_absent(vicky: Actor, today: Today, world: World) -> None:
    number = acts(vicky)
    client = Client(SERVER_NAME="127.0.0.1")
    assert client.login(username="eve", password="a long password")
    for path in (f"/acting-for/{number}", "/my-record/copy/1", "/requests", f"/people/{vicky.person_id}/requests"):
        assert client.get(path).status_code in (403, 404), path
