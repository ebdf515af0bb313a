"""Alerts end to end: from a message to who is told, what they see and do, and what a cancellation takes back."""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from psycopg import sql

from commonweal.domain.access.scope import Actor, Refused
from commonweal.domain.access.vocabulary import Category, Purpose, RestrictionReason, Role
from commonweal.domain.coordination.alerts import AlertError, AlertStep, SuspensionStep
from tests.alert_world import COUNCIL, NOW, OTHER, PRACTICE, adt, land, send, stamp
from tests.integration.withholding import withhold

pytestmark = pytest.mark.usefixtures("database")
HOUR = timedelta(hours=1)
ACCOUNTS = {
    "north.a": (Role.SOCIAL_WORKER, COUNCIL, "North"),
    "north.b": (Role.SOCIAL_WORKER, COUNCIL, "North"),
    "south": (Role.SOCIAL_WORKER, COUNCIL, "South"),
    "duty": (Role.SOCIAL_WORKER, COUNCIL, ""),
    "elsewhere": (Role.SOCIAL_WORKER, OTHER, "North"),
    "gp": (Role.CLINICIAN, PRACTICE, ""),
    "ward": (Role.CLINICIAN, "RXX", ""),
}
ACTORS = {name: Actor(f"user:{name}", name.title(), *parts) for name, parts in ACCOUNTS.items()}


class Clock:
    """The care clock of these tests."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture(scope="module")
def world(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Clock]]:
    from commonweal.apps.access import api as access

    before = settings.COMMONWEAL_NOW
    clock = settings.COMMONWEAL_NOW = Clock()
    folder = tmp_path_factory.mktemp("feeds")
    for name, (role, organisation, team) in ACCOUNTS.items():
        access.create_user(name, "a long enough word", role, organisation, name.title(), team)
    land(folder)
    work()
    yield folder, clock
    settings.COMMONWEAL_NOW = before


@pytest.fixture(autouse=True)
def clean(world: tuple[Path, Clock]) -> Iterator[None]:
    yield
    world[1].at = NOW
    emptied()


def emptied() -> None:
    """As before any message of a test."""
    default = connection.settings_dict
    with psycopg.connect(
        host=default["HOST"], port=default["PORT"] or None, dbname=default["NAME"], user="postgres"
    ) as owner:
        for table in (
            "coordination_change", "coordination_suspension", "coordination_untold", "exchange_change",
            "identity_trace",
        ):  # fmt: skip
            owner.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
        owner.execute("DELETE FROM exchange_message WHERE event <> 'A28'")
        owner.execute("DELETE FROM access_restriction")
        # What the record holds of stays goes with the next message about the person; of who is dead, with this.
        owner.execute(
            "UPDATE record_resource SET deleted = true WHERE type = 'Encounter' AND id IN (SELECT r.id "
            "FROM record_resource r JOIN record_source s ON s.id = r.source_id WHERE s.feed = 'adt')"
        )


def work() -> None:
    from commonweal.apps.coordination import api as coordination

    while coordination.work_off():
        pass


NUMBERS = iter(range(1, 100_000))


def heard(world: tuple[Path, Clock], *messages: tuple[Any, ...], **fields: str) -> None:
    """Messages (person, event, when) arrive, and the outbox is worked off."""
    made = [
        adt(next(NUMBERS), person, event, at, **fields, **(more[0] if more else {}))
        for person, event, at, *more in messages
    ]
    send(world[0], made)
    work()


def told(kind: str | None = None) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.account FROM coordination_recipient r JOIN coordination_alert a ON a.id = r.alert_id "
            "WHERE a.state IN ('open', 'acknowledged') AND (%s::text IS NULL OR a.kind = %s)",
            [kind, kind],
        )
        return {row[0].removeprefix("user:") for row in cursor.fetchall()}


def lists(name: str) -> dict[str, int]:
    from commonweal.apps.coordination import selectors

    return as_web(lambda: {shown: len(selectors.alerts(ACTORS[name], shown).alerts) for shown in selectors.SHOWN})


def only(name: str, shown: str = "team") -> Any:
    from commonweal.apps.coordination import selectors

    (alert,) = as_web(lambda: selectors.alerts(ACTORS[name], shown)).alerts
    return alert


def as_web(work: Any) -> Any:
    """Run as the role that serves people."""
    held = connection.settings_dict["USER"]
    connection.close()
    connection.settings_dict["USER"] = "commonweal_app"
    try:
        return work()
    finally:
        connection.close()
        connection.settings_dict["USER"] = held


def step(name: str, alert: int, what: AlertStep, words: str = "rang the ward") -> None:
    from commonweal.apps.coordination import actions

    as_web(lambda: actions.take_step(ACTORS[name], alert, what, words))


def page(name: str, alert: int) -> Any:
    from commonweal.apps.coordination import selectors

    return as_web(lambda: selectors.alert_page(ACTORS[name], alert))


def state_of(alert: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT state FROM coordination_alert WHERE id = %s", [alert])
        return str(cursor.fetchone()[0])


def test_an_admission_reaches_the_team_of_the_open_service_and_nobody_else(world: Any) -> None:
    heard(world, (1, "A01", NOW - HOUR))
    assert told() == {"north.a", "north.b"}
    for name in ("south", "duty", "elsewhere", "gp"):
        assert sum(lists(name).values()) == 0, name
    alert = only("north.a")
    assert (alert.name, alert.row.kind, alert.place, alert.row.team) == (
        "Vicky Ashworth1",
        "admitted",
        "WARD 1",
        "North",
    )


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        (2, {"duty"}),  # a service that names no team: the duty desk
        (3, set()),  # a service that ended long ago is no current relationship
        (4, {"duty"}),  # a team in which nobody has an account
        (5, set()),  # known to the practice, and not to social care
    ],
)
def test_who_is_told_of_an_admission(world: Any, person: int, expected: set[str]) -> None:
    heard(world, (person, "A01", NOW - HOUR))
    assert told() == expected


def test_an_attendance_is_no_admission(world: Any) -> None:
    heard(world, (1, "A01", NOW - HOUR), kind="E")
    assert told() == set()


def test_a_number_nobody_has_linked_tells_nobody_until_it_is(world: Any) -> None:
    from commonweal.apps.identity import api as identity

    heard(world, (1, "A01", NOW - HOUR), mrn="NEW1", visit="n")
    assert told() == set()
    world[1].at = NOW + timedelta(minutes=2)
    work()
    assert told() == set()
    identity.identify(changed=True)
    world[1].at = NOW + timedelta(minutes=4)
    work()
    assert told() == {"north.a", "north.b"}


def test_a_stay_is_one_alert_that_moves_on(world: Any) -> None:
    heard(world, (1, "A01", NOW - 5 * HOUR))
    heard(world, (1, "A02", NOW - 3 * HOUR, {"ward": "WARD 9"}))
    assert only("north.a").row.kind == "transferred"
    heard(world, (1, "A03", NOW - HOUR, {"left": "19", "discharged": stamp(NOW - HOUR)}))
    alert = only("north.a")
    assert (alert.row.kind, [one.kind for one in page("north.a", alert.row.id).course]) == (
        "discharged",
        ["admitted", "transferred"],
    )


def test_a_cancelled_admission_takes_the_alert_back_and_says_so_to_who_saw_it(world: Any) -> None:
    heard(world, (1, "A01", NOW - HOUR))
    seen = only("north.a")
    heard(world, (1, "A11", NOW, {"cancels": stamp(NOW - HOUR)}))
    assert told() == set()
    assert only("north.a").row.state == "withdrawn"  # she saw it, so she sees that it was not so
    assert lists("north.b") == {"team": 0, "mine": 0, "escalated": 0, "ended": 1}  # he never did
    assert only("north.a", "ended").row.id == seen.row.id


def test_a_cancelled_discharge_brings_the_stay_back(world: Any) -> None:
    left = {"left": "19", "discharged": stamp(NOW - HOUR)}
    heard(world, (1, "A01", NOW - 5 * HOUR), (1, "A03", NOW - HOUR, left))
    assert only("north.a").row.kind == "discharged"
    heard(world, (1, "A13", NOW, {"cancels": stamp(NOW - HOUR)}))
    kinds = {(one, state_of(one)) for one in ids()}
    assert sorted(state for _, state in kinds) == ["open", "withdrawn"]
    assert told("admitted") == {"north.a", "north.b"}


def ids() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM coordination_alert ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def test_whoever_acknowledges_owns_it_and_a_colleague_cannot(world: Any) -> None:
    heard(world, (1, "A01", NOW - HOUR))
    (alert,) = ids()
    step("north.a", alert, AlertStep.ACKNOWLEDGE)
    with pytest.raises(AlertError, match=r"North\.A already"):
        step("north.b", alert, AlertStep.ACKNOWLEDGE)
    with pytest.raises(AlertError, match="no such alert"):
        step("south", alert, AlertStep.ACKNOWLEDGE)
    assert (lists("north.a")["mine"], lists("north.b")["mine"], lists("north.b")["ended"]) == (1, 0, 1)
    with pytest.raises(AlertError, match="few words"):
        step("north.a", alert, AlertStep.CLOSE, "")
    step("north.a", alert, AlertStep.CLOSE)
    assert state_of(alert) == "closed"
    assert [one.step for one in page("north.a", alert).steps] == ["raise", "acknowledge", "close"]


def test_what_nobody_acknowledges_escalates_by_the_rules_and_once_each_time(world: Any) -> None:
    from commonweal.apps.coordination.api import escalate

    heard(world, (1, "A01", NOW - HOUR))
    assert escalate(NOW + timedelta(minutes=119)) == 0
    assert escalate(NOW + timedelta(minutes=121)) == 1
    assert escalate(NOW + timedelta(minutes=121)) == 0
    assert told() == {"north.a", "north.b", "duty"}
    assert lists("duty")["escalated"] == 1
    assert escalate(NOW + timedelta(hours=9)) == 1
    assert told() == {"north.a", "north.b", "duty", "south"}
    assert escalate(NOW + timedelta(days=9)) == 0


def test_an_acknowledged_alert_does_not_escalate_and_one_handed_back_does_at_once(world: Any) -> None:
    from commonweal.apps.coordination.api import escalate

    heard(world, (1, "A01", NOW - HOUR))
    (alert,) = ids()
    step("north.a", alert, AlertStep.ACKNOWLEDGE)
    assert escalate(NOW + timedelta(days=1)) == 0
    step("north.a", alert, AlertStep.RELEASE, "off sick from now")
    assert escalate(NOW + timedelta(minutes=1)) == 1
    assert "duty" in told()


def test_a_backlog_storms_nobody_and_is_counted(world: Any) -> None:
    heard(world, *[(1, "A01", NOW - timedelta(days=10 + n), {"visit": f"b{n}"}) for n in range(8)])
    assert told() == set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT reason, changes FROM coordination_untold")
        assert [row[0] for row in cursor.fetchall()] == ["late"]


def test_the_same_messages_again_and_a_replay_change_nothing(world: Any) -> None:
    from commonweal.apps.exchange.models import Receipt

    message = adt(next(NUMBERS), 1, "A01", NOW - HOUR)
    send(world[0], [message])
    work()
    before = ids()
    send(world[0], [message, message])
    with transaction.atomic():
        from commonweal.apps.exchange import changes

        changes.note("RXX", "adt", [(["M1"], NOW)])
    work()
    assert ids() == before
    assert Receipt.objects.filter(feed="adt").exists()


def test_killed_between_the_record_and_the_alert_nothing_is_lost_or_done_twice(world: Any) -> None:
    from commonweal.apps.coordination import raising

    send(world[0], [adt(next(NUMBERS), 1, "A01", NOW - HOUR)])

    def killed() -> None:
        with transaction.atomic():
            raising.work_off()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    assert ids() == []
    work()
    work()
    assert len(ids()) == 1


def test_one_record_that_cannot_be_read_does_not_hold_up_the_others(world: Any, monkeypatch: Any) -> None:
    from commonweal.apps.coordination import raising

    send(world[0], [adt(next(NUMBERS), 1, "A01", NOW - HOUR), adt(next(NUMBERS), 2, "A01", NOW - HOUR)])
    read = raising.milestones

    def faulty(source: str, said: Any, *rest: Any) -> Any:
        if any("Ashworth1" in str(one.resource) for one in said):
            raise ValueError("planted")
        return read(source, said, *rest)

    monkeypatch.setattr(raising, "milestones", faulty)
    work()
    assert told() == {"duty"}
    monkeypatch.setattr(raising, "milestones", read)
    world[1].at = NOW + timedelta(minutes=2)
    work()
    assert told() == {"duty", "north.a", "north.b"}


def test_an_admission_suspends_a_referral_and_its_cancellation_restores_it(world: Any) -> None:
    heard(world, (1, "A01", NOW - HOUR))
    (alert,) = ids()
    (referral,) = page("north.a", alert).referrals
    assert (referral.state, referral.mine) == ("suspended", True)
    heard(world, (1, "A11", NOW, {"cancels": stamp(NOW - HOUR)}))
    assert page("north.a", alert).referrals[0].state == "restored"


def test_a_person_confirms_a_withdrawal_and_a_later_cancellation_is_a_stated_conflict(world: Any) -> None:
    from commonweal.apps.coordination import actions
    from commonweal.apps.record import api as record

    heard(world, (1, "A01", NOW - HOUR))
    (alert,) = ids()
    (referral,) = page("north.a", alert).referrals
    as_web(lambda: actions.decide(ACTORS["north.a"], alert, referral.id, SuspensionStep.CONFIRM))
    with pytest.raises(AlertError, match="withdrawn already"):
        as_web(lambda: actions.decide(ACTORS["north.b"], alert, referral.id, SuspensionStep.RESUME))
    heard(world, (1, "A11", NOW, {"cancels": stamp(NOW - HOUR)}))
    assert page("north.a", alert).referrals[0].state == "conflict"
    # the council's own resource is as the council sent it
    compartment = record.compartments([(COUNCIL, "L1")])[COUNCIL, "L1"]
    (held,) = record.standing([compartment], ["ServiceRequest"])[compartment]
    assert (held.version, b'"status":"active"' in held.body.replace(b" ", b"")) == (1, True)


def test_only_the_holder_of_a_referral_decides_about_it(world: Any) -> None:
    from commonweal.apps.coordination import actions

    heard(world, (1, "A01", NOW - HOUR), died="Y")
    (alert,) = [one for one in ids() if page("gp", one) is not None]
    (referral,) = page("gp", alert).referrals
    assert referral.mine is False
    with pytest.raises(AlertError, match="Only the organisation"):
        as_web(lambda: actions.decide(ACTORS["gp"], alert, referral.id, SuspensionStep.CONFIRM))


def test_a_reported_death_reaches_the_practice_too_and_a_registered_one_is_another_alert(world: Any) -> None:
    import json

    from commonweal.apps.exchange import api as exchange
    from tests.alert_world import registered_death

    dead = {"left": "79", "discharged": stamp(NOW - HOUR), "died": "Y", "death": stamp(NOW - HOUR)}
    heard(world, (1, "A01", NOW - 5 * HOUR), (1, "A03", NOW - HOUR, dead))
    assert told("died") == {"north.a", "north.b", "gp"}
    assert told("discharged") == set()
    path = world[0] / "registered.ndjson"
    path.write_text(json.dumps(registered_death(1, NOW - HOUR)) + "\n")
    exchange.land("gp", [path], PRACTICE)
    work()
    assert told("death_registered") == {"north.a", "north.b", "ward"}  # not the practice, which tells it
    path.write_text(json.dumps(registered_death(1, None)) + "\n")
    exchange.land("gp", [path], PRACTICE)


def traced(person: int, died: date | None, found: bool = True) -> None:
    """PDS answers a trace of the hospital's record, and the answer is worked off."""
    from commonweal.apps.coordination import api as coordination
    from commonweal.apps.identity import tracing
    from commonweal.feeds.pds import Answer, Kind
    from tests.alert_world import nhs_number

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT compartment_id, identity_asked(d) FROM identity_demographics d WHERE local_id = %s", [f"M{person}"]
        )
        compartment, asked = cursor.fetchone()
    answer = Answer(Kind.FOUND, nhs_number(person), died=died) if found else Answer(Kind.NONE)
    tracing._keep(compartment, asked, answer)
    coordination.note_deaths()
    work()


def test_a_death_that_a_trace_is_answered_with_is_told_to_all_once_and_may_be_taken_back(world: Any) -> None:
    import json

    from commonweal.apps.coordination import api as coordination
    from commonweal.apps.exchange import api as exchange
    from tests.alert_world import registered_death

    heard(world, (1, "A08", NOW - HOUR, {"died": "N"}))  # as far as the hospital knows
    traced(1, (NOW - 50 * HOUR).date())
    # All with a relationship, since none of them told it; the ward has one where a test before had the person admitted.
    assert told("death_registered") - {"ward"} == {"north.a", "north.b", "gp"}
    alert = only("north.a")
    assert (alert.source_name, alert.name) == ("The Personal Demographics Service", "Vicky Ashworth1")
    alerts = len(ids())
    traced(1, (NOW - 50 * HOUR).date())
    assert coordination.note_deaths() == 0
    heard(world, (1, "A08", NOW))  # the hospital's next message says nothing of it, and it stands
    traced(1, None, found=False)  # nor is it taken back by an answer that finds nobody
    send(world[0], [adt(next(NUMBERS), 1, "A08", NOW).replace("^Vicky^", "^Victoria^")])  # or by a name put right
    work()
    traced(1, None, found=False)  # of which PDS knows nobody either
    assert told("death_registered") - {"ward"} == {"north.a", "north.b", "gp"}
    path = world[0] / "registered.ndjson"
    path.write_text(json.dumps(registered_death(1, NOW - 50 * HOUR)) + "\n")
    exchange.land("gp", [path], PRACTICE)
    work()
    assert len(ids()) == alerts  # the practice says the same: it is one death
    path.write_text(json.dumps(registered_death(1, None)) + "\n")
    exchange.land("gp", [path], PRACTICE)
    work()
    traced(1, None)
    assert told("death_registered") == set()
    traced(2, (NOW - 2000 * HOUR).date())  # long registered: nobody is to be told
    assert len(ids()) == alerts


def link(number: int, person: Any) -> Any:
    """Say whose the hospital's record is; whose it was."""
    with connection.cursor() as cursor:
        which = "compartment_id = (SELECT id FROM record_compartment WHERE source = 'RXX' AND local_id = %s)"
        cursor.execute(f"SELECT person_id FROM identity_membership WHERE {which}", [f"M{number}"])
        (before,) = cursor.fetchone()
        cursor.execute(f"UPDATE identity_membership SET person_id = %s WHERE {which}", [person, f"M{number}"])
    return before


@pytest.mark.parametrize("moved", [1, 2])
def test_traced_deaths_stay_told_when_two_people_turn_out_to_be_one(world: Any, moved: int) -> None:
    def standing() -> list[tuple[int, str]]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT id, state FROM coordination_alert WHERE kind = 'death_registered' ORDER BY id")
            return cursor.fetchall()

    heard(world, (1, "A08", NOW - HOUR), (2, "A08", NOW - HOUR))
    traced(1, (NOW - 50 * HOUR).date())
    traced(2, (NOW - 50 * HOUR).date())
    before = standing()
    assert {state for _, state in before} == {"open"}
    other = link(3 - moved, kept := link(moved, uuid4()))
    link(3 - moved, other)
    link(moved, other)
    try:
        heard(world, (1, "A08", NOW), (2, "A08", NOW))
        assert standing() == before
    finally:
        link(moved, kept)
    traced(1, None)
    traced(2, None)
    assert {state for _, state in standing()} == {"withdrawn"}


def test_dead_and_still_in_hospital_is_shown_as_a_doubt(world: Any) -> None:
    heard(world, (1, "A01", NOW - 5 * HOUR), (1, "A08", NOW - HOUR, {"died": "Y"}))
    alert = next(one for one in (page("north.a", n) for n in ids()) if one and one.alert.row.kind == "died")
    assert "Ask the ward" in alert.alert.doubt
    heard(world, (1, "A08", NOW, {"died": "N"}))
    assert told("died") == set()


@pytest.mark.parametrize("reason", [RestrictionReason.SAFEGUARDING, RestrictionReason.OBJECTION])
def test_what_is_withheld_from_a_worker_alerts_nobody(world: Any, reason: RestrictionReason) -> None:
    from commonweal.apps.record import api as record

    stay = record.compartments([("RXX", "M1")])["RXX", "M1"]
    withhold(stay, reason, "RXX", starts=NOW - HOUR)
    heard(world, (1, "A01", NOW - HOUR))
    assert told() == set()


def test_a_category_the_gate_closes_alerts_nobody_and_closing_it_later_hides_the_alert(world: Any) -> None:
    from commonweal.apps.coordination import selectors
    from commonweal.apps.record import api as record

    heard(world, (1, "A01", NOW - HOUR))
    stay = record.compartments([("RXX", "M1")])["RXX", "M1"]
    withhold(stay, RestrictionReason.SAFEGUARDING, "RXX", starts=NOW - HOUR, category=Category.CLINICAL)
    listed = as_web(lambda: selectors.alerts(ACTORS["north.a"], "team"))
    assert (listed.alerts, listed.closed_to_me) == ([], 1)
    heard(world, (1, "A03", NOW, {"left": "19", "discharged": stamp(NOW)}))
    assert told("discharged") == set()


def test_each_name_shown_is_audited(world: Any) -> None:
    heard(world, (1, "A01", NOW - HOUR))
    as_web(lambda: lists("north.a"))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.actor, a.purpose, s.outcome FROM access_audit a JOIN access_audit_subject s ON s.audit_id = a.id "
            "WHERE a.action = 'read alerts' AND a.target = 'team' ORDER BY a.id DESC LIMIT 1"
        )
        assert cursor.fetchone() == ("user:north.a", Purpose.DIRECT_CARE, "allowed")


def test_the_database_itself_shows_an_alert_only_to_who_was_told_and_what_it_says_only_once_opened(world: Any) -> None:
    heard(world, (1, "A01", NOW - HOUR))

    def counted(worker: str, table: str) -> int:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('commonweal.worker', %s, true)", [worker])
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
            return int(cursor.fetchone()[0])

    alert_tables = ("coordination_alert", "coordination_recipient", "coordination_step")
    assert as_web(lambda: [counted("user:north.a", table) for table in alert_tables]) == [1, 1, 1]
    assert as_web(lambda: [counted("user:south", table) for table in alert_tables]) == [0, 0, 0]
    assert as_web(lambda: counted("user:north.a", "coordination_change")) == 0

    def forge() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO coordination_recipient VALUES (1, 'user:south', 0, now())")

    with pytest.raises(DatabaseError, match="permission denied"):
        as_web(forge)


def test_figures_count_what_was_told_answered_and_escalated(world: Any) -> None:
    from commonweal.apps.coordination import figures
    from commonweal.apps.coordination.api import escalate

    heard(world, (1, "A01", NOW - HOUR), (2, "A01", NOW - HOUR))
    first = only("north.a").row.id
    world[1].at = NOW + timedelta(minutes=10)
    step("north.a", first, AlertStep.ACKNOWLEDGE)
    escalate(NOW + timedelta(minutes=121))
    world[1].at = NOW + timedelta(hours=3)
    found = as_web(lambda: figures.figures(ACTORS["north.b"]))
    (own,) = found.together
    assert (own.alerts, own.told, own.workers, own.acknowledged, own.escalated) == (2, 3, 3, 1, 1)
    assert (own.median_minutes, own.a_worker_a_day) == (10.0, 1.0)
    assert [one.kind for one in found.by_kind] == ["admitted"]
    lead = Actor("user:lead", "Lead", Role.PERFORMANCE_LEAD, "ICB")
    assert as_web(lambda: figures.figures(lead)).by_kind == ()
    with pytest.raises(Refused):
        as_web(lambda: figures.figures(Actor("user:c", "C", Role.CITIZEN, "")))


def test_a_merge_of_hospital_numbers_keeps_the_alert(world: Any) -> None:
    heard(world, (1, "A01", NOW - HOUR), mrn="OLD1", visit="m")
    from commonweal.apps.identity import api as identity

    identity.identify(changed=True)
    world[1].at = NOW + timedelta(minutes=2)
    work()
    before = ids()
    assert len(before) == 1
    heard(world, (1, "A40", NOW, {"merged": "OLD1"}))
    assert ids() == before
    assert state_of(before[0]) == "open"


def test_messages_in_any_order_and_any_repetition_end_in_the_same_alerts(world: Any) -> None:
    left = {"left": "19", "discharged": stamp(NOW - HOUR), "visit": "p"}
    story = [
        adt(next(NUMBERS), 1, event, NOW - hours * HOUR, **({"visit": "p"} | fields))
        for event, hours, fields in (
            ("A01", 9, {}),
            ("A02", 8, {"ward": "WARD 9"}),
            ("A12", 7, {"cancels": stamp(NOW - 8 * HOUR)}),
            ("A02", 6, {"ward": "STROKE"}),
            ("A03", 1, left),
            ("A01", 5, {"visit": "q"}),
            ("A11", 4, {"visit": "q", "cancels": stamp(NOW - 5 * HOUR)}),
        )
    ]
    ends = set()
    for seed in range(4):
        order = random.Random(seed)
        messages = [*story, *order.sample(story, 3)]
        if seed:
            order.shuffle(messages)
        for message in messages:
            send(world[0], [message])
            work()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT c.key, c.state, a.team, a.state FROM coordination_change c "
                "LEFT JOIN coordination_alert a ON a.change_id = c.id AND a.state = 'open' "
                "WHERE c.state <> 'withdrawn' ORDER BY 1, 3"
            )
            ends.add(tuple(cursor.fetchall()))
        emptied()
    (end,) = ends
    assert [(state, open_) for _, state, _, open_ in end] == [
        ("superseded", None), ("live", "open"), ("superseded", None),
    ]  # fmt: skip
