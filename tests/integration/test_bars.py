"""The Booking and Referral Standard in the web role: the scenarios, who is matched, what is stored, and who sees it."""

import http.client
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID, uuid4

import orjson
import pytest
from django.db import connection

from commonweal.domain.access.vocabulary import Category, RestrictionReason
from commonweal.feeds.bars import answers, scenarios, simulator, writing
from tests.integration import acting
from tests.integration.bars_world import (
    COUNCIL,
    PRACTICE,
    SCHEDULE,
    SLOT,
    STRANGER,
    VICKY,
    World,
    asked,
    make,
    transport,
)
from tests.integration.withholding import withhold

pytestmark = pytest.mark.usefixtures("database")
AT = datetime(2020, 11, 2, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def world(database: str) -> World:
    return make()


@pytest.fixture
def web(world: World) -> Iterator[World]:
    connection.close()
    connection.settings_dict["USER"] = "commonweal_app"
    yield world
    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"


def peer(world: World, ident: int, who: str = "p01", **more: Any) -> scenarios.Peer:
    return scenarios.Peer(transport(world, who), PRACTICE, COUNCIL, VICKY, AT, UUID(int=ident), **more)


def test_every_step_of_the_conformance_scenarios(web: World) -> None:
    steps = list(scenarios.run(peer(web, 7, slot=SLOT, schedule=SCHEDULE)))
    assert [(one.name, one.found) for one in steps if not one.passed] == []
    assert len(steps) > 35


def rows(statement: str, *values: Any) -> list[Any]:
    """What the batch role sees."""
    with acting.as_batch(), connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        return list(cursor.fetchall() if cursor.description else [])


def as_batch(do: Callable[..., Any], *values: Any) -> Any:
    """What the worker does."""
    with acting.as_batch():
        return do(*values)


def actor(name: str) -> Any:
    from commonweal.apps.access import api as access

    role, organisation = {
        "worker": (access.Role.SOCIAL_WORKER, "C01"),
        "stranger": (access.Role.SOCIAL_WORKER, "C99"),
        "gp": (access.Role.CLINICIAN, "P01"),
        "admin": (access.Role.ADMINISTRATOR, "ICB"),
        "clerk": (access.Role.REFERRAL_CLERK, "C01"),
        "clerk elsewhere": (access.Role.REFERRAL_CLERK, "C99"),
    }[name]
    return access.Actor(f"user:{name}", name.capitalize(), role, organisation)


def refer(world: World, ident: int, person: Any = VICKY, reason: str = "Falls at home") -> str:
    """A referral sent by the practice's system; its id."""
    one = peer(world, ident)
    request = {**scenarios.REQUEST, "code": {"text": reason}}
    body = writing.referral(one.envelope("new"), request, person)
    short, told, _ = one.send(one.headers("new", "referral").made(), body)
    assert short == "200"
    return str(answers.focus_of(told, "ServiceRequest")["id"])


def test_a_referral_of_somebody_known_is_in_the_record_and_open_to_whom_it_is_for(web: World) -> None:
    from commonweal.apps.access.api import Refused
    from commonweal.apps.exchange.bars import desk

    ident = refer(web, 100)
    stored = rows(
        "SELECT r.type, s.source, m.basis FROM record_resource r JOIN record_source s ON s.id = r.source_id "
        "JOIN exchange_bars_request q ON q.compartment_id = r.compartment_id AND q.id = %s "
        "LEFT JOIN identity_membership m ON m.compartment_id = r.compartment_id "
        "WHERE r.type IN ('ServiceRequest', 'Task') AND (r.id = %s OR r.body LIKE %s) ORDER BY 1",
        UUID(ident), ident, f"%ServiceRequest/{ident}%",
    )  # fmt: skip
    assert stored == [("ServiceRequest", "P01", "verified"), ("Task", "P01", "verified")]
    page = desk.page(actor("worker"), UUID(ident))
    assert page is not None
    assert (page.shown.who.name, page.shown.title, page.may) == (
        "Vicky Moss", "Falls at home", ("accept", "reject", "complete"),
    )  # fmt: skip
    assert ident in [str(one.row.id) for one in desk.listed(actor("worker"), "in").shown]
    assert desk.page(actor("stranger"), UUID(ident)) is None  # not to their organisation: as if it were not there
    with pytest.raises(Refused):
        desk.listed(actor("admin"), "in")
    told = rows("SELECT count(*) FROM access_audit WHERE action = 'open referral' AND outcome = 'allowed'")
    assert told[0][0] >= 1


def test_a_referral_does_not_name_whose_name_is_withheld_from_its_receiver(web: World) -> None:
    from commonweal.apps.exchange.bars import desk

    ident = UUID(refer(web, 101))
    whose = rows("SELECT compartment_id FROM exchange_bars_request WHERE id = %s", ident)[0][0]
    made = as_batch(partial(withhold, category=Category.DEMOGRAPHICS), whose, RestrictionReason.SAFEGUARDING, "P01")
    try:
        page = desk.page(actor("worker"), ident)
        assert page is not None
        listed = next(one for one in desk.listed(actor("worker"), "in").shown if one.row.id == ident)
        for one in (page.shown, listed):
            assert (one.who.name, one.who.birth_date, one.who.nhs_number) == ("Name withheld", None, "")
            assert one.title == "Falls at home"
    finally:
        rows("DELETE FROM access_restriction WHERE id = %s", made)


def test_one_that_nobody_agrees_with_waits_and_is_settled_by_a_person(web: World) -> None:
    from commonweal.apps.access.api import Refused
    from commonweal.apps.exchange.bars import desk, settling
    from commonweal.apps.exchange.errors import ReferralRefused

    ident = UUID(refer(web, 200, STRANGER))
    assert rows("SELECT state, compartment_id FROM exchange_bars_request WHERE id = %s", ident) == [("waiting", None)]
    assert desk.listed(actor("worker"), "in").waiting == 1
    for other in ("worker", "admin"):
        with pytest.raises(Refused):
            settling.waiting(actor(other))
    assert settling.waiting(actor("clerk elsewhere")) == []
    assert settling.one(actor("clerk elsewhere"), ident) is None
    with pytest.raises(ReferralRefused, match="waits no more"):
        settling.settle(actor("clerk elsewhere"), ident, "file", "")
    assert ident in [one.request for one in settling.waiting(actor("clerk"))]
    found = settling.one(actor("clerk"), ident)
    assert found is not None
    assert (found.who.family, found.why) == ("Moss", "NHS number, birth date and name do not all agree with one person")
    with pytest.raises(ReferralRefused, match="Still nobody agrees"):
        settling.settle(actor("clerk"), ident, "match", "")
    assert settling.settle(actor("clerk"), ident, "file", "") == "requested"
    state, compartment = rows("SELECT state, compartment_id FROM exchange_bars_request WHERE id = %s", ident)[0]
    assert state == "requested"
    assert rows("SELECT basis FROM identity_membership WHERE compartment_id = %s", compartment) == []  # no guess
    with pytest.raises(ReferralRefused, match="waits no more"):
        settling.settle(actor("clerk"), ident, "decline", "not ours")
    other = UUID(refer(web, 201, STRANGER))
    assert settling.settle(actor("clerk"), other, "decline", "Nobody of that name") == "rejected"


def test_an_update_that_comes_while_somebody_settles_is_filed_too(web: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from commonweal.apps.exchange.bars import settling

    ident = UUID(refer(web, 210, STRANGER))
    reading = settling._settling

    @contextmanager
    def slowly(*asked: Any) -> Iterator[Any]:
        with reading(*asked) as session:
            yield session
        one = peer(web, 211)
        changed = {**scenarios.REQUEST, "id": str(ident), "code": {"text": "Falls twice a day"}}
        body = writing.referral(one.envelope("more"), changed, STRANGER, (), "update")
        assert one.send(one.headers("more", "referral").made(), body)[0] == "200"

    monkeypatch.setattr(settling, "_settling", slowly)
    settling.settle(actor("clerk"), ident, "file", "")
    stored = rows("SELECT body FROM record_resource WHERE type = 'ServiceRequest' AND id = %s", str(ident))
    assert orjson.loads(stored[0][0])["code"] == {"text": "Falls twice a day"}


def test_what_its_sender_withdraws_waits_for_nobody(web: World) -> None:
    from commonweal.apps.exchange.bars import settling

    ident = UUID(refer(web, 220, STRANGER))
    one = peer(web, 221)
    body = writing.referral_ended(one.envelope("cancel"), str(ident), "revoked", STRANGER, "Moved away")
    assert one.send(one.headers("cancel", "referral").made(), body)[0] == "200"
    assert settling.one(actor("clerk"), ident) is None
    assert rows("SELECT state FROM exchange_bars_message WHERE request_id = %s ORDER BY id", ident) == [
        ("settled",),
        ("taken",),
    ]


def test_one_not_linked_yet_is_audited_as_the_person_they_are_alone(web: World) -> None:
    from commonweal.apps.exchange.bars import desk
    from commonweal.apps.identity import api as identity

    ident = UUID(refer(web, 230))
    compartment, local = rows(
        "SELECT c.id, c.local_id FROM exchange_bars_request q JOIN record_compartment c ON c.id = q.compartment_id "
        "WHERE q.id = %s",
        ident,
    )[0]
    linked = rows("DELETE FROM identity_membership WHERE compartment_id = %s RETURNING *", compartment)
    try:
        page = desk.page(actor("worker"), ident)
    finally:
        rows("INSERT INTO identity_membership VALUES (%s, %s, %s, %s)", *linked[0])
    assert page is not None
    assert page.shown.who.person_id == identity.identifier("P01", local)


@pytest.mark.parametrize("wrong", ["no HTTP", "no message", "no address"])
def test_what_goes_wrong_with_one_message_is_its_own_end_and_not_the_others(
    web: World, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from commonweal.apps.exchange.bars import receiving, sending
    from commonweal.apps.record.writing import WriteRefused
    from commonweal.feeds.bars import transport as network

    service = {"no HTTP": "4000000001", "no message": COUNCIL.service, "no address": "4000000002"}[wrong]
    for ident, address in (("4000000001", "https://broken.example"), ("4000000002", "http://plain.example")):
        rows(
            "INSERT INTO exchange_bars_service VALUES (%s, 'X02', 'Broken', %s, '2000-01-01', '9999-12-31') "
            "ON CONFLICT DO NOTHING",
            ident, address,
        )  # fmt: skip

    def broken(*_: Any) -> Any:
        raise http.client.BadStatusLine("SMTP")

    def unwritable(*_: Any) -> Any:
        raise WriteRefused("owned-by-another-source", "Somebody else's", 0)

    monkeypatch.setattr(network, "_answered", broken)
    monkeypatch.setattr(receiving, "receive", unwritable)
    rows("UPDATE exchange_bars_message SET state = 'refused' WHERE state = 'queued'")
    rows(
        "INSERT INTO exchange_bars_message (way, source, transaction_id, correlation, service_id, step, digest, body, "
        "state, next_at, made_at) VALUES ('out', 'P01', %s, %s, %s, 'new', '', '{}', 'queued', now(), now())",
        uuid4(), uuid4(), service,
    )  # fmt: skip
    done = as_batch(sending.deliver_due)
    assert {one: n for one, n in done.items() if n} == {"again" if wrong == "no HTTP" else "refused": 1}


def test_what_the_receiver_decides_is_told_to_the_sender_and_kept_as_a_task(web: World) -> None:
    from commonweal.apps.exchange.bars import deciding, desk, sending
    from commonweal.apps.exchange.errors import ReferralRefused

    ident = UUID(refer(web, 300))
    asked: list[UUID] = []
    deciding.decide(actor("worker"), ident, "accept", "", asked.append)
    with pytest.raises(ReferralRefused, match="Say why"):
        deciding.decide(actor("worker"), ident, "reject", "", asked.append)
    deciding.decide(actor("worker"), ident, "complete", "Rails fitted", asked.append)
    with pytest.raises(ReferralRefused, match="meanwhile"):
        deciding.decide(actor("worker"), ident, "reject", "changed my mind", asked.append)
    assert asked == [ident, ident]
    assert as_batch(deciding.keep_task, ident)
    task = rows(
        "SELECT body::json ->> 'status' FROM record_resource WHERE type = 'Task' AND body LIKE %s", f"%{ident}%"
    )
    assert task == [("completed",)]
    one = peer(web, 300)
    _, _, answer = one.transport("GET", f"ServiceRequest/{ident}", one.headers("read", "x").made(), b"")
    assert b'"status":"completed"' in answer
    page = desk.page(actor("worker"), ident)
    assert page is not None
    assert [step.step for step in page.steps] == ["new", "accept", "complete"]
    assert [(d.step, d.state) for d in page.deliveries] == [
        ("answer accepted", "queued"),
        ("answer completed", "queued"),
    ]
    # The practice has a service of its own here, so both answers come to it; it sent nothing from here, so neither fits
    assert as_batch(sending.deliver_due)["refused"] >= 2


@pytest.fixture
def ours(web: World, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """The practice has recorded a referral of Vicky's, and knows her; her person. The care clock stands at ``AT``."""
    from django.conf import settings

    from commonweal.apps.record import api as record
    from commonweal.feeds.types import Parsed

    own = {**scenarios.REQUEST, "id": "gp-referral", "code": {"text": "Podiatry"}}
    own["subject"] = {"reference": "Patient/gp-v"}
    patient = {**VICKY, "id": "gp-v"}
    resources = [
        Parsed(1, "Patient", "gp-v", "gp-v", orjson.dumps(patient), patient, "demographics"),
        Parsed(2, "ServiceRequest", "gp-referral", "gp-v", orjson.dumps(own), own, "clinical"),
    ]
    as_batch(record.write, "P01", "gp", resources)
    vicky = rows("SELECT person_id FROM identity_membership WHERE basis = 'alone' LIMIT 1")[0][0]
    rows(
        "INSERT INTO identity_membership (compartment_id, person_id, basis, since) "
        "SELECT id, %s, 'verified', now() FROM record_compartment WHERE source = 'P01' AND local_id = 'gp-v' "
        "ON CONFLICT DO NOTHING", vicky,
    )  # fmt: skip
    rows(
        "INSERT INTO exchange_bars_service "
        "VALUES ('3000000003', 'X01', 'Podiatry', 'https://x01.example', '2000-01-01', '9999-12-31'), "
        "('3000000004', 'X02', 'Chiropody', 'catalogue', '2000-01-01', '9999-12-31') ON CONFLICT DO NOTHING"
    )
    rows("UPDATE exchange_bars_message SET state = 'refused' WHERE state = 'queued'")
    rows("DELETE FROM exchange_bars_request WHERE way = 'out'")
    monkeypatch.setattr(settings, "COMMONWEAL_NOW", lambda: AT)
    found: UUID = vicky
    return found


def partner(receiver: simulator.Receiver, lost: list[bool]) -> Callable[[Any], scenarios.Transport]:
    """A simulated receiver without a network; each of ``lost`` takes a message and answers nothing."""

    def theirs(_: Any) -> scenarios.Transport:
        def send(method: str, path: str, given: Any, body: bytes) -> Any:
            if method == "GET":
                kind, _, query = path.partition("?")
                if kind == "Slot":
                    return receiver.offer(given, parse_qs(query))
                return receiver.search(given, kind, "9990000018")
            answer = receiver.process(given, body)
            if lost and lost.pop():
                raise TimeoutError
            return answer

        return send

    return theirs


def due_now(ident: UUID) -> None:
    rows("UPDATE exchange_bars_message SET next_at = '2000-01-01' WHERE state = 'queued' "
         "AND request_id = %s", ident)  # fmt: skip


def test_a_referral_of_ours_is_sent_survives_a_lost_answer_and_is_answered(web: World, ours: UUID) -> None:
    from commonweal.apps.exchange.bars import deciding, desk, sending

    ident = sending.refer(actor("gp"), ours, "gp-referral", "3000000003", lambda: None)
    receiver = simulator.Receiver(lambda: AT)
    to = partner(receiver, [True])
    assert as_batch(lambda: sending.deliver_due(transport=to))["again"] == 1  # taken there, and nobody told us
    due_now(ident)
    assert as_batch(lambda: sending.deliver_due(transport=to))["sent"] == 1
    state, their_id = rows("SELECT state, their_id FROM exchange_bars_request WHERE id = %s", ident)[0]
    assert (state, list(receiver.kept)) == ("requested", [their_id])
    page = desk.page(actor("gp"), ident)
    assert page is not None
    assert (page.may, page.bookable) == (("cancel",), True)
    sending.cancel(actor("gp"), ident, "Seen at the hospital", lambda: None)
    assert as_batch(lambda: sending.deliver_due(transport=to))["sent"] == 1
    assert rows("SELECT state FROM exchange_bars_request WHERE id = %s", ident) == [("cancelled",)]
    assert receiver.kept[their_id].held.state == "cancelled"
    assert as_batch(deciding.keep_task, ident) is False  # a Task is kept of what is received


def test_a_booking_is_sent_survives_a_lost_answer_and_is_cancelled(web: World, ours: UUID) -> None:
    from commonweal.apps.exchange.bars import booking, desk, sending
    from commonweal.apps.exchange.errors import ReferralRefused

    gp = actor("gp")
    ident = sending.refer(gp, ours, "gp-referral", "3000000003", lambda: None)
    receiver = simulator.Receiver(lambda: AT)
    to = partner(receiver, [])
    waits = booking.choice(gp, ident, AT, to)
    assert waits is not None
    assert "taken the referral" in waits.problem  # it is still on its way
    as_batch(lambda: sending.deliver_due(transport=to))
    found = booking.choice(gp, ident, AT, to)
    assert found is not None
    assert booking.choice(actor("worker"), ident, AT, to) is None
    assert (len(found.offers) > 20, found.problem, found.offers[0].start >= AT) == (True, "", True)
    slot = found.offers[0].id
    made = booking.book(gp, ident, slot, AT, lambda: None, to)
    with pytest.raises(ReferralRefused, match="booking already"):
        booking.book(gp, ident, found.offers[1].id, AT, lambda: None, to)
    assert as_batch(lambda: sending.deliver_due(transport=partner(receiver, [True])))["again"] == 1
    due_now(made)
    assert as_batch(lambda: sending.deliver_due(transport=to))["sent"] == 1
    their_id = receiver.slots[slot]
    assert rows("SELECT state, their_id, referral FROM exchange_bars_request WHERE id = %s", made) == [
        ("booked", their_id, ident)
    ]
    page = desk.page(gp, made)
    assert page is not None
    assert (page.may, page.shown.starts[:10], page.bookable) == (("cancel",), "2020-11-02", False)
    again = booking.choice(gp, ident, AT, to)
    assert again is not None
    assert slot not in [one.id for one in again.offers]
    sending.cancel(gp, made, "Cannot come", lambda: None)
    assert as_batch(lambda: sending.deliver_due(transport=to))["sent"] == 1
    assert (rows("SELECT state FROM exchange_bars_request WHERE id = %s", made), receiver.slots) == (
        [("cancelled",)],
        {},
    )
    listed = desk.listed(gp, "out")
    assert {one.row.kind for one in listed.shown} == {"referral", "booking"}


def test_a_slot_that_was_taken_meanwhile_leaves_the_referral_to_book_again(web: World, ours: UUID) -> None:
    from commonweal.apps.exchange.bars import booking, desk, sending
    from commonweal.apps.exchange.errors import ReferralRefused

    gp = actor("gp")
    ident = sending.refer(gp, ours, "gp-referral", "3000000003", lambda: None)
    receiver = simulator.Receiver(lambda: AT)
    to = partner(receiver, [])
    as_batch(lambda: sending.deliver_due(transport=to))
    found = booking.choice(gp, ident, AT, to)
    assert found is not None
    made = booking.book(gp, ident, found.offers[0].id, AT, lambda: None, to)
    receiver.slots[found.offers[0].id] = "somebody else's"
    assert as_batch(lambda: sending.deliver_due(transport=to))["refused"] == 1
    assert rows("SELECT state FROM exchange_bars_request WHERE id = %s", made) == [("refused",)]
    page = desk.page(gp, ident)
    assert page is not None
    assert (page.bookable, [one.words for one in page.bookings]) == (
        True, ["Not booked: its receiver did not take it"],
    )  # fmt: skip
    with pytest.raises(ReferralRefused, match="Somebody else has booked"):
        booking.book(gp, ident, found.offers[0].id, AT, lambda: None, to)
    assert booking.book(gp, ident, found.offers[1].id, AT, lambda: None, to) != made


@pytest.mark.parametrize("then", ["kept", "silent", "unlisted"])
def test_a_booking_never_answered_is_asked_for_before_it_is_given_up(
    web: World, ours: UUID, then: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from commonweal.apps.exchange.bars import booking, desk, sending, services

    gp = actor("gp")
    ident = sending.refer(gp, ours, "gp-referral", "3000000003", lambda: None)
    receiver = simulator.Receiver(lambda: AT)
    as_batch(lambda: sending.deliver_due(transport=partner(receiver, [])))
    found = booking.choice(gp, ident, AT, partner(receiver, []))
    assert found is not None
    made = booking.book(gp, ident, found.offers[0].id, AT, lambda: None, partner(receiver, []))
    rows("UPDATE exchange_bars_message SET attempts = 23 WHERE request_id = %s", made)
    if then == "kept":  # it took the message, and its answer was lost
        assert as_batch(lambda: sending.deliver_due(transport=partner(receiver, [True])))["sent"] == 1
        assert rows("SELECT state, their_id FROM exchange_bars_request WHERE id = %s", made) == [
            ("booked", receiver.slots[found.offers[0].id])
        ]
        return
    with monkeypatch.context() as patch:
        if then == "unlisted":  # it left the list of services after attempts that it may have taken
            patch.setattr(services, "service", lambda *_: None)
        done = as_batch(lambda: sending.deliver_due(transport=silent))
    assert done["refused" if then == "unlisted" else "undelivered"] == 1
    page = desk.page(gp, ident)
    assert page is not None
    assert page.bookable
    assert [one.words[:36] for one in page.bookings] == ["Not booked as far as is known: its r"]


def silent(_: Any) -> scenarios.Transport:
    """A service that answers nothing."""

    def send(*_: Any) -> Any:
        raise TimeoutError

    return send


def test_a_booking_at_a_service_received_here_is_in_the_record(web: World, ours: UUID) -> None:
    from commonweal.apps.exchange.bars import booking, desk, sending

    gp = actor("gp")
    rows("DELETE FROM exchange_bars_request WHERE kind = 'booking'")
    ident = sending.refer(gp, ours, "gp-referral", COUNCIL.service, lambda: None)
    as_batch(sending.deliver_due)
    found = booking.choice(gp, ident, AT)
    assert found is not None
    assert SLOT["id"] in {one.id for one in found.offers}
    made = booking.book(gp, ident, SLOT["id"], AT, lambda: None)
    assert as_batch(sending.deliver_due)["sent"] == 1
    assert rows("SELECT way, state, slot_id FROM exchange_bars_request WHERE kind = 'booking' ORDER BY way") == [
        ("in", "booked", SLOT["id"]),
        ("out", "booked", SLOT["id"]),
    ]
    assert "booking" in {one.row.kind for one in desk.listed(actor("worker"), "in").shown}
    sending.cancel(gp, made, "Cannot come", lambda: None)
    as_batch(sending.deliver_due)
    assert {state for (state,) in rows("SELECT state FROM exchange_bars_request WHERE kind = 'booking'")} == {
        "cancelled"
    }


def test_what_is_in_no_list_of_addresses_is_refused_in_words(web: World, ours: UUID, tmp_path: Path) -> None:
    from commonweal.apps.exchange.bars import booking, sending, services
    from commonweal.apps.exchange.errors import BadServices, ReferralRefused

    gp = actor("gp")
    with pytest.raises(ReferralRefused, match="Chiropody is in no list of addresses today"):
        sending.refer(gp, ours, "gp-referral", "3000000004", lambda: None)
    path = tmp_path / "endpoints.csv"
    path.write_text("service_id,endpoint,valid_from,valid_to\n3000000004,https://x02.example/bars,2000-01-01,\n")
    as_batch(services.load_endpoints, path)
    assert [one.endpoint for one in services.services(AT.date()) if one.service_id == "3000000004"] == [
        "https://x02.example/bars"
    ]
    ident = sending.refer(gp, ours, "gp-referral", "3000000004", lambda: None)
    path.write_text(
        "service_id,endpoint,valid_from,valid_to\n3000000004,https://x02.example/bars,1999-01-01,1999-12-31\n"
    )
    as_batch(services.load_endpoints, path)  # gone before it was sent
    assert as_batch(sending.deliver_due)["refused"] == 1
    found = booking.choice(gp, ident, AT)
    assert found is not None
    assert found.problem
    for text, said in (
        ("3000000004,,,", "endpoints.csv line 3: give the service id and its address"),
        ("3000000004,http://x02.example,,", "line 3: an endpoint begins with https"),
        ("3000000004,https://x.example,1.4.2020,", "line 3: write days as"),
        ("3000000003,https://x.example,2020-01-01,", "line 3: the service has two addresses for some days"),
    ):
        path.write_text(f"service_id,endpoint,valid_from,valid_to\n3000000003,https://x03.example,,\n{text}\n")
        with pytest.raises(BadServices, match=said):
            as_batch(services.load_endpoints, path)
    path.write_text("service_id,endpoint,valid_from,valid_to\n")
    assert as_batch(services.load_endpoints, path) == as_batch(services.endpoints, AT.date()) == []


def test_a_day_beyond_a_year_is_refused_in_words(web: World, ours: UUID) -> None:
    from commonweal.apps.exchange.bars import sending

    gp = acting.as_user("gp")
    ident = sending.refer(actor("gp"), ours, "gp-referral", COUNCIL.service, lambda: None)
    as_batch(sending.deliver_due)
    assert "free time" in gp.get(f"/referrals/{ident}/book?from=2021-10-31").content.decode()
    for day in ("9999-12-31", "2021-11-04"):
        page = gp.get(f"/referrals/{ident}/book?from={day}")
        assert (page.status_code, "Choose a day within a year" in page.content.decode()) == (200, True)
    assert gp.get(f"/referrals/{ident}/book?from=0001-01-01").status_code == 200
    assert gp.post(f"/referrals/{ident}/book", {"from": "9999-12-31", "slot": "x"}).status_code == 400


def test_a_service_that_does_not_answer_says_so_and_holds_nothing(web: World, ours: UUID) -> None:
    from commonweal.apps.exchange.bars import booking, sending

    gp = actor("gp")
    ident = sending.refer(gp, ours, "gp-referral", "3000000003", lambda: None)
    receiver = simulator.Receiver(lambda: AT, frozenset(["3000000003"]))
    as_batch(lambda: sending.deliver_due(transport=partner(receiver, [])))

    found = booking.choice(gp, ident, AT, silent)
    assert found is not None
    assert (found.offers, found.problem) == ((), "Podiatry did not answer (TimeoutError). Try again later.")
    receiver.services = frozenset(["another"])
    found = booking.choice(gp, ident, AT, partner(receiver, []))
    assert found is not None
    assert "404 REC_NOT_FOUND" in found.problem


def test_two_at_once_do_not_get_one_slot(web: World) -> None:
    from concurrent.futures import ThreadPoolExecutor

    slot = {**SLOT, "id": "6b1d1c0e-6c3e-4a5e-9a3e-2f5b8f2b9a12"}

    def book(number: int) -> str:
        try:
            one = peer(web, 400 + number)
            body = writing.booking(one.envelope("b"), scenarios.APPOINTMENT, slot, SCHEDULE, VICKY)
            return one.send(one.headers("b", "b").made(), body)[0]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(book, range(4)))
    assert answers == ["200"] + ["409 REC_CONFLICT conflict"] * 3
    given = peer(web, 450).headers("s", "s").made()
    asked = "status=free&start=ge2020-11-01T00:00:00Z&start=le2020-11-20T00:00:00Z"
    included = "&_include=Slot:schedule&_include=Schedule:actor:HealthcareService"
    status, _, answer = transport(web)("GET", f"Slot?{asked}{included}", given, b"")
    assert status == 200
    assert slot["id"] not in [one["resource"]["id"] for one in orjson.loads(answer).get("entry", ())]


@pytest.mark.parametrize(
    ("who", "short"),
    [
        ("", "401 REC_UNAUTHORIZED security"),
        ("r01", "403 REC_FORBIDDEN security"),
        ("gp", "403 REC_FORBIDDEN security"),
    ],
)
def test_only_the_senders_own_system_sends(web: World, who: str, short: str) -> None:
    one = peer(web, 500, who)
    body = writing.referral(one.envelope("new"), scenarios.REQUEST, VICKY)
    assert one.send(one.headers("new", "x").made(), body)[0] == short


@pytest.mark.parametrize(
    ("query", "short"),
    [
        ("", "400 REC_BAD_REQUEST required"),
        ("status=free", "400 REC_BAD_REQUEST required"),
        ("status=odd", "400 REC_BAD_REQUEST value"),
        (
            "status=free&_include=Slot:schedule&_include=Schedule:actor:HealthcareService&start=ge2020-01-01T00:00:00Z"
            "&start=le2020-12-01T00:00:00Z",
            "422 REC_UNPROCESSABLE_ENTITY too-costly",
        ),
    ],
)
def test_slots_asked_for_wrongly(web: World, query: str, short: str) -> None:
    given = peer(web, 600).headers("s", "s").made()
    assert asked(transport(web)("GET", f"Slot?{query}", given, b""))[0] == short


def test_a_council_s_referral_is_readable_to_whom_it_is_addressed(web: World) -> None:
    from commonweal.apps.exchange.bars import desk

    ident = UUID(refer(web, 700, reason="Two carers a day"))
    rows("UPDATE record_resource SET category = 'social_care' WHERE type = 'ServiceRequest' AND id = %s", str(ident))
    page = desk.page(actor("worker"), ident)
    assert page is not None
    assert page.shown.title == "Two carers a day"


def test_a_referral_of_somebody_unknown_conforms_too_and_is_filed_as_it_stands(web: World) -> None:
    from commonweal.apps.exchange.bars import settling

    stranger = scenarios.Peer(transport(web, "p01"), PRACTICE, COUNCIL, STRANGER, AT, UUID(int=8), slot=None)
    steps = [one for one in scenarios.run(stranger) if one.scenario in ("referral", "ServiceRequest", "order")]
    assert [(one.name, one.found) for one in steps if not one.passed] == []
    ident = refer(web, 240, STRANGER)
    one = peer(web, 241)
    held = {**scenarios.REQUEST, "id": ident, "status": "on-hold"}
    body = writing.referral(one.envelope("hold"), held, STRANGER, (), "update")
    assert one.send(one.headers("hold", "referral").made(), body)[0] == "200"
    assert settling.settle(actor("clerk"), UUID(ident), "file", "") == "on-hold"


def test_a_lawful_removal_empties_the_messages_and_forgets_what_they_were_about(web: World) -> None:
    from commonweal.apps.exchange.bars import storing

    ident = UUID(refer(web, 800))
    waits = UUID(refer(web, 801, STRANGER))
    hers = [one for (one,) in rows("SELECT compartment_id FROM exchange_bars_request WHERE compartment_id IS NOT NULL")]
    assert as_batch(storing.forget, hers, re.compile("9990000018")) >= 2
    assert rows("SELECT count(*) FROM exchange_bars_request WHERE id = ANY (%s)", [ident, waits]) == [(0,)]
    assert rows(
        "SELECT count(*) FROM exchange_bars_message WHERE convert_from(body, 'UTF8') LIKE '%%9990000018%%'"
    ) == [(0,)]
