"""Relationships that sources assert and nobody has confirmed: what they open, what confirms them, what is audited."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from commonweal.domain.access import confirmation
from commonweal.domain.access.agreements import AgreementError
from commonweal.domain.access.relationship import Relationship
from commonweal.domain.access.scope import Actor, Refused, Scope
from commonweal.domain.access.vocabulary import Category, Purpose, Role
from tests.integration.acting import as_batch, as_user

pytestmark = pytest.mark.usefixtures("database")

PRACTICE, TRUST, OTHER = "P1", "RXX", "P2"
GP = Actor("user:gp", "Dr Ray", Role.CLINICIAN, PRACTICE)
NURSE = Actor("user:nurse", "Nia", Role.CLINICIAN, TRUST)
ANN = Actor("user:ann", "Ann", Role.PRIVACY_OFFICER, "QOX")
NUMBER = "9990000018"
BORN = "1950-02-11"


@pytest.fixture(scope="module", autouse=True)
def accounts(database: str) -> None:
    from commonweal.apps.access import api as access

    for name, role, organisation in (
        ("ann", Role.PRIVACY_OFFICER, "QOX"),
        ("bob", Role.PRIVACY_OFFICER, "QOX"),
        ("gp", Role.CLINICIAN, PRACTICE),
        ("sam", Role.ANALYST, "QOX"),
    ):
        access.create_user(name, "a long password", role, organisation, name.title())


@pytest.fixture
def strict() -> Iterator[None]:
    """The strict policy in force since yesterday, whoever loaded it."""
    import json

    policy = confirmation.read(confirmation.SHIPPED["strict"].read_text())
    day = datetime.now(UTC).date() - timedelta(days=1)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO access_confirmation (from_on, name, kinds, rules, loaded_by) VALUES (%s, 'x', '{*}', %s, '')",
            [day, json.dumps(policy.as_data())],
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM access_confirmation WHERE from_on = %s", [day])


_NEXT = iter(range(100, 1000))


def record(source: str, person: UUID | None = None, number: str = NUMBER) -> int:
    """A record of ``source``; linked at once to ``person`` if told. Its compartment."""
    from commonweal.apps.identity.models import Demographics

    n = next(_NEXT)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO record_compartment (id, source, local_id) OVERRIDING SYSTEM VALUE VALUES (%s, %s, %s)",
            [n, source, f"x{n}"],
        )
    Demographics.objects.create(
        compartment_id=n, source=source, local_id=f"x{n}", nhs_number=number, nhs_usable=number, family="Okafor",
        given="Grace", family_key="okafor", given_key="grace", birth_date=BORN, gender="female",
        updated="2020-01-01T00:00Z",
    )  # fmt: skip
    if person:
        link(n, person)
    return n


def link(compartment: int, person: UUID) -> None:
    """As an identify run does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO identity_membership (compartment_id, person_id, basis, since) VALUES (%s, %s, 'verified', "
            "now()) ON CONFLICT (compartment_id) DO UPDATE SET person_id = excluded.person_id, since = now()",
            [compartment, person],
        )


def says(source: str, compartment: int, kind: str = "under_care", feed: str = "adt", whom: str = "") -> None:
    """``source`` asserts that it (or ``whom``) looks after the person of its record."""
    from commonweal.apps.access import api as access

    start = datetime.now(UTC).date() - timedelta(days=3)
    access.add_relationships([Relationship(whom or source, compartment, kind, start, None, feed)], source)


def opened(actor: Actor, person: UUID, purpose: Purpose = Purpose.DIRECT_CARE) -> Scope | None:
    from commonweal.apps.access import api as access
    from commonweal.apps.identity import api as identity

    try:
        with access.session(actor, purpose, "open record") as session:
            return session.open_person(person, identity.compartments_of(person))
    except Refused:
        return None


def sees(actor: Actor, person: UUID) -> set[int]:
    """The compartments open to ``actor``; the compiled scope of worklists opens no other of the person's."""
    from commonweal.apps.access import api as access
    from commonweal.apps.identity import api as identity

    scope = opened(actor, person)
    found = set(scope.compartments) if scope else set()
    listed = access.open_compartments(actor, Purpose.DIRECT_CARE, Category.CLINICAL)
    assert listed & set(identity.compartments_of(person)) <= found
    return found


def rows(statement: str, values: Any = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def known() -> tuple[UUID, int]:
    """Somebody whom the practice has had on its list since before the policy, and that record."""
    person = uuid4()
    own = record(PRACTICE, person)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO access_relationship (organisation, compartment_id, kind, source, actor_key, starts_at) "
            "VALUES (%s, %s, 'registered', %s, '', '1900-01-01')",
            [PRACTICE, own, PRACTICE],
        )
        cursor.execute("UPDATE access_waiting SET state = 'lapsed' WHERE compartment_id = %s", [own])
        cursor.execute("UPDATE access_relationship SET waits_until = '-infinity' WHERE compartment_id = %s", [own])
    return person, own


def stranger() -> tuple[UUID, int, int]:
    """Somebody known, whose number and birth date the trust has sent as its own: person, practice's, trust's record."""
    person, own = known()
    copied = record(TRUST)
    says(TRUST, copied)  # nobody's yet: it opens nothing of anybody
    link(copied, person)
    return person, own, copied


def number_of(compartment: int) -> int:
    ((number,),) = rows("SELECT id FROM access_waiting WHERE compartment_id = %s AND state <> 'lapsed'", [compartment])
    return int(number)


def test_a_source_that_sends_a_strangers_number_gains_nothing_that_others_wrote(strict: None) -> None:
    from commonweal.apps.access import api as access
    from commonweal.apps.identity import api as identity

    person, own, copied = stranger()
    assert sees(NURSE, person) == {copied}
    scope = opened(NURSE, person)
    assert scope is not None
    assert {(one.source, one.reason) for one in scope.withheld} == {(PRACTICE, "unconfirmed")}
    assert scope.may_emergency
    assert sees(GP, person) == {own, copied}
    assert rows(
        "SELECT outcome, reason FROM access_audit WHERE target = %s", [f"relationship {number_of(copied)}"]
    ) == [("refused", "anybody else says that they look after somebody")]
    access.grant_emergency(NURSE, person, identity.compartments_of(person), "Brought in unconscious, allergies needed")
    emergency = opened(NURSE, person, Purpose.EMERGENCY)
    assert emergency is not None
    assert emergency.compartments == {own, copied}


def test_it_waits_whichever_comes_last_the_link_or_the_assertion(strict: None) -> None:
    person, own = known()
    linked = record(TRUST, person)
    assert sees(NURSE, person) == set()
    says(TRUST, linked)
    assert sees(NURSE, person) == {linked}
    says(TRUST, linked, "referred")  # said again, and another thing said: still not confirmed
    assert sees(NURSE, person) == {linked}
    assert sees(GP, person) == {own, linked}


def test_ambulance_crews_and_what_a_known_source_says_of_another_are_believed(strict: None) -> None:
    person, own = known()
    crew = record("RYE", person)
    says("RYE", crew, feed="ambulance")
    says(PRACTICE, own, "referred", "bars", whom=TRUST)
    assert sees(Actor("user:c", "C", Role.CLINICIAN, "RYE"), person) == {own, crew}
    assert sees(NURSE, person) == {own, crew}


def test_a_record_that_turns_into_a_strangers_waits_again(strict: None) -> None:
    mine, (victim, own) = uuid4(), known()
    changing = record(TRUST, mine, "9990000026")
    says(TRUST, changing)
    assert sees(NURSE, mine) == {changing}
    link(changing, victim)
    assert sees(NURSE, victim) == {changing}
    decide(number_of(changing), True)
    assert sees(NURSE, victim) == {own, changing}
    link(changing, mine)
    assert rows("SELECT DISTINCT state FROM access_waiting WHERE compartment_id = %s", [changing]) == [("lapsed",)]
    link(changing, victim)  # what was decided once is not trusted for a record that has been somebody else's
    assert sees(NURSE, victim) == {changing}


def decide(number: int, confirmed: bool, words: str = "Rang the ward: she is there") -> None:
    from commonweal.apps.access import api as access

    access.confirming.decide(ANN, number, confirmed, words)


def test_an_officer_confirms_and_takes_it_back_and_a_refused_one_cannot_be_asserted_anew(strict: None) -> None:
    from commonweal.apps.access import api as access

    person, own, copied = stranger()
    number = number_of(copied)
    with pytest.raises(confirmation.ConfirmationError, match="ten characters"):
        decide(number, True, "yes")
    with pytest.raises(Refused):
        access.confirming.decide(GP, number, True, "I should like to see it")
    decide(number, True)
    assert sees(NURSE, person) == {own, copied}
    with pytest.raises(confirmation.ConfirmationError, match="decided so already"):
        decide(number, True)
    decide(number, False, "The ward has never heard of her")
    assert sees(NURSE, person) == {copied}
    access.add_relationships([Relationship(TRUST, copied, "under_care", date(2020, 3, 1), None, "ambulance")], TRUST)
    assert sees(NURSE, person) == {copied}
    assert rows(
        "SELECT action, target, s.person_id FROM access_audit a JOIN access_audit_subject s ON s.audit_id = a.id "
        "WHERE actor = 'user:ann' AND a.outcome = 'allowed' AND target LIKE %s ORDER BY a.id",
        [f"%relationship {number}"],
    ) == [
        ("confirm relationships", f"confirmed relationship {number}", person),
        ("confirm relationships", f"refused relationship {number}", person),
    ]


def test_a_refusal_is_of_the_person_whatever_number_the_organisation_sends_them_under() -> None:
    """As shipped: nothing but a second practice's claim would wait, and that for a fortnight."""
    from commonweal.apps.access import api as access

    person, own = known()
    claimed = record(OTHER, person)
    says(OTHER, claimed, "registered", "gp")
    decide(number_of(claimed), False, "They have never been there")
    anew, loose = record(OTHER, person), record(OTHER)
    says(OTHER, anew)
    says(OTHER, loose, "registered", "gp")
    link(loose, person)
    asking = Actor("user:o", "O", Role.CLINICIAN, OTHER)
    mine = {claimed, anew, loose}
    assert sees(asking, person) == mine
    session = access.session(asking, Purpose.DIRECT_CARE, "open record")
    session.now += timedelta(days=15)
    with session:
        assert session.open_person(person, {own: PRACTICE, **dict.fromkeys(mine, OTHER)}).compartments == mine
    assert rows("SELECT outcome, reason FROM access_audit WHERE target = %s", [f"relationship {number_of(anew)}"]) == [
        ("refused", "a second practice says that somebody is on its list")
    ]
    decide(number_of(anew), True)
    assert sees(asking, person) == {own, *mine}
    says(OTHER, record(OTHER, person))  # the newest decision about them holds
    assert own in sees(asking, person)


def test_who_looks_after_a_person_may_vouch_for_an_organisation_that_was_refused(strict: None) -> None:
    person, own, copied = stranger()
    decide(number_of(copied), False, "The ward has never heard of her")
    says(PRACTICE, own, "referred", "bars", whom=TRUST)
    assert sees(NURSE, person) == {own, copied}


def test_a_refusal_outlasts_a_record_that_was_somebody_elses_meanwhile(strict: None) -> None:
    person, own, copied = stranger()
    refused = number_of(copied)
    decide(refused, False, "The ward has never heard of her")
    other, theirs = known()
    link(copied, other)
    decide(refused, True)  # of the first person: it opens nothing of the second
    assert sees(NURSE, other) == {copied}
    decide(refused, False, "The ward has never heard of her")
    link(copied, person)
    assert rows("SELECT state FROM access_waiting WHERE id = %s", [refused]) == [("refused",)]
    assert rows("SELECT DISTINCT waits_until = 'infinity' FROM access_relationship WHERE compartment_id = %s", [
        copied]) == [(True,)]  # fmt: skip
    assert sees(NURSE, person) == {copied}
    assert own not in sees(NURSE, person)
    assert theirs not in sees(NURSE, person)


def test_a_refusal_goes_with_who_is_merged_into_somebody_known(strict: None) -> None:
    person, own, copied = stranger()
    decide(number_of(copied), False, "The ward has never heard of her")
    other, _ = known()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO identity_person (person_id, founder, created, merged_into) VALUES (%s, %s, now(), %s)",
            [person, own, other],
        )
    for one in (own, copied):
        link(one, other)
    assert rows("SELECT state FROM access_waiting WHERE compartment_id = %s AND person_id = %s", [copied, other]) == [
        ("refused",)
    ]
    assert sees(NURSE, other) == {copied}


def test_what_was_refused_before_a_refusal_was_of_the_person_is_put_right(strict: None) -> None:
    """A home from before: refusals that lapsed or came back as waiting, and who was sent under another number since."""
    from importlib import import_module

    from tests.conftest import _point_at

    name, role = str(connection.settings_dict["NAME"]), str(connection.settings_dict["USER"])
    (person, own, copied), (other, theirs, again) = stranger(), stranger()
    decide(number_of(copied), True)
    decide(number_of(copied), False, "The ward has never heard of her")
    decide(number_of(again), False, "The ward has never heard of her")
    decide(number_of(again), True)
    anew = record(TRUST, person)
    says(TRUST, anew)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM access_waiting WHERE compartment_id = %s", [anew])
        cursor.execute("UPDATE access_waiting SET state = 'waiting' WHERE compartment_id = ANY (%s)", [[copied, again]])
        cursor.execute(
            "UPDATE access_relationship SET waits_until = CASE compartment_id WHEN %s THEN 'infinity'::timestamptz "
            "ELSE '-infinity' END WHERE compartment_id = ANY (%s)",
            [again, [copied, anew, again]],
        )
    assert sees(NURSE, person) == {own, copied, anew}
    parts = (
        ("access.migrations.0027_refused_of_the_person", "RESTORED"),
        ("identity.migrations.0013_refused_of_the_person", "HELD"),
    )
    _point_at(name, "commonweal_owner")
    with connection.cursor() as cursor:
        for module, part in parts:
            cursor.execute(getattr(import_module(f"commonweal.apps.{module}"), part))
    _point_at(name, role)
    assert sees(NURSE, person) == {copied, anew}
    assert rows(
        "SELECT compartment_id, state, how, words FROM access_waiting WHERE compartment_id = ANY (%s) ORDER BY 1",
        [[copied, again, anew]],
    ) == [
        (copied, "refused", "officer", "The ward has never heard of her"),
        (again, "waiting", "", ""),
        (anew, "refused", "officer", "The ward has never heard of her"),
    ]
    assert sees(NURSE, other) == {again}
    assert theirs not in sees(NURSE, other)


def test_what_waits_again_does_so_by_the_policy_of_that_day_and_undecided(strict: None) -> None:
    person, _, copied = stranger()
    decide(number_of(copied), True)
    link(copied, uuid4())
    lapsed = rows("SELECT id, how, words FROM access_waiting WHERE compartment_id = %s", [copied])
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_confirmation SET rules = jsonb_set(jsonb_set(rules, '{2,name}', '\"another rule\"'), "
            "'{2,confirmed_by}', '[\"officer\"]') WHERE name = 'x'"
        )
    link(copied, person)
    assert rows(
        "SELECT rule, ways, how, decided_by, decided_at, words FROM access_waiting WHERE id = %s", [number_of(copied)]
    ) == [("another rule", ["officer"], "", "", None, "")]  # fmt: skip
    assert rows("SELECT id, how, words FROM access_waiting WHERE state = 'lapsed' AND compartment_id = %s", [
        copied]) == lapsed  # fmt: skip


def traced(compartment: int, number: str | None, practice: str = "") -> int:
    """PDS has answered for a record as it stands; how many relationships that confirms."""
    from commonweal.apps.identity import claims

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO identity_trace (compartment_id, asked, at, outcome, nhs_number, restricted, candidates, "
            "practice) SELECT compartment_id, identity_asked(d), now(), %s, %s, false, '{}', %s "
            "FROM identity_demographics d WHERE compartment_id = %s ON CONFLICT (compartment_id) DO UPDATE "
            "SET outcome = excluded.outcome, nhs_number = excluded.nhs_number, practice = excluded.practice",
            ["found" if number else "none", number, practice, compartment],
        )
    return claims.confirm_traced()


def test_a_trace_that_finds_the_number_opens_it(strict: None) -> None:
    person, own, copied = stranger()
    assert traced(copied, None) == 0
    assert traced(copied, "9990000026") == 0
    assert sees(NURSE, person) == {copied}
    assert traced(copied, NUMBER) == 1
    assert sees(NURSE, person) == {own, copied}
    assert traced(copied, NUMBER) == 0
    number = number_of(copied)
    assert rows("SELECT actor, outcome, reason FROM access_audit WHERE target = %s ORDER BY id", [
        f"relationship {number}"])[1:] == [("service:pds_trace", "allowed", "pds_number")]  # fmt: skip


def test_a_practices_claim_opens_when_the_trace_names_that_practice(strict: None) -> None:
    person, own = known()
    claimed = record(OTHER, person)
    says(OTHER, claimed, "registered", "gp")
    asking = Actor("user:o", "O", Role.CLINICIAN, OTHER)
    assert sees(asking, person) == {claimed}
    assert traced(claimed, NUMBER, PRACTICE) == 0
    assert traced(claimed, NUMBER, OTHER) == 1
    assert sees(asking, person) == {own, claimed}


def test_as_shipped_only_a_second_practices_claim_waits_and_for_a_fortnight() -> None:
    from commonweal.apps.access import api as access

    person, own = known()
    ward = record(TRUST, person)
    says(TRUST, ward)
    assert sees(NURSE, person) == {own, ward}
    claimed = record(OTHER, person)
    says(OTHER, claimed, "registered", "gp")
    asking = Actor("user:o", "O", Role.CLINICIAN, OTHER)
    assert sees(asking, person) == {claimed}
    session = access.session(asking, Purpose.DIRECT_CARE, "open record")
    session.now += timedelta(days=14, minutes=1)
    with session:
        scope = session.open_person(person, {own: PRACTICE, ward: TRUST, claimed: OTHER})
    assert scope.compartments == {own, ward, claimed}


def test_pds_is_asked_about_a_claim_while_it_waits_and_not_once_it_stands_by_time() -> None:
    from commonweal.apps.identity import tracing

    person, _ = known()
    claimed = record(OTHER, person)
    says(OTHER, claimed, "registered", "gp")
    assert claimed in {asked[0] for asked in tracing._waiting(10_000, everybody=False, again=None)}
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_waiting SET opens_at = now() - interval '1 hour' WHERE compartment_id = %s", [claimed]
        )
    assert claimed not in {asked[0] for asked in tracing._waiting(10_000, everybody=False, again=None)}


def test_the_officers_page_lists_what_waits_and_decides(strict: None, as_app: None) -> None:
    with as_batch():
        person, own, copied = stranger()
        number = number_of(copied)
    where = "/information-governance/relationships"
    assert as_user("sam").get(where).status_code in (403, 404)
    assert as_user("gp").get(where).status_code in (403, 404)
    ann = as_user("ann")
    page = ann.get(where).content.decode()
    assert f"relationship {number}" in page
    assert "Okafor" not in page
    assert NUMBER not in page
    sent = {"number": str(number), "verdict": "confirm", "words": "too short"[:3]}
    assert ann.post(where, sent).status_code == 400
    assert ann.post(where, {**sent, "words": "Rang the ward: she is there", "verdict": "x"}).status_code == 400
    assert ann.post(where, {**sent, "words": "Rang the ward: she is there"}).status_code == 302
    assert sees(NURSE, person) == {own, copied}


def test_an_officer_reaches_every_decision_however_many_came_after(monkeypatch: pytest.MonkeyPatch) -> None:
    from commonweal.apps.access import api as access

    for one in (record(OTHER, known()[0]) for _ in range(3)):
        says(OTHER, one, "registered", "gp")
        decide(number_of(one), False, "They have never been there")
    _, _, everything, none = access.confirming.listed(ANN)
    assert none is None
    monkeypatch.setattr(access.confirming, "MOST_DONE", 2)
    paged, before = [], None
    while paged == [] or before:
        _, _, done, before = access.confirming.listed(ANN, before=before)
        assert 1 <= len(done) <= 2
        paged += done
    assert paged == everything
    page = as_user("ann").get("/information-governance/relationships").content.decode()
    assert f"?before={everything[1].id}#h-done" in page
    page = as_user("ann").get("/information-governance/relationships", {"before": everything[1].id}).content.decode()
    assert [f"relationship {one.id}:" in page for one in everything[:4]] == [False, False, True, True]


def test_the_persons_practice_confirms_from_the_record_and_nobody_else_may(strict: None, as_app: None) -> None:
    with as_batch():
        person, own, copied = stranger()
        number = number_of(copied)
    where = f"/people/{person}/relationships"
    gp = as_user("gp")
    assert f'value="{number}"' in gp.get(where).content.decode()
    sent = {"number": str(number), "verdict": "confirm", "words": "Referred by me on Monday"}
    assert gp.post(where, {**sent, "number": str(number + 999)}).status_code == 400
    assert gp.post(f"/people/{uuid4()}/relationships", sent).status_code == 404
    assert gp.post(where, sent).status_code == 302
    assert sees(NURSE, person) == {own, copied}


def test_a_policy_is_loaded_by_two_officers_from_today_on_and_audited() -> None:
    from commonweal.apps.access import api as access

    today = access.today()
    text = confirmation.SHIPPED["strict"].read_text()
    with pytest.raises(AgreementError):
        access.confirming.load(text, today, by="ann", approved_by="ann")
    with pytest.raises(confirmation.ConfirmationError, match="today or later"):
        access.confirming.load(text, today - timedelta(days=1), by="ann", approved_by="bob")
    access.confirming.load(text, today + timedelta(days=30), by="ann", approved_by="bob")
    held = access.confirming.in_force(today)
    later = access.confirming.in_force(today + timedelta(days=31))
    assert held is not None
    assert later is not None
    assert (held[1], later[1]) == ("Contested registrations wait", "Every first assertion waits")
    assert {actor for (actor,) in rows(
        "SELECT actor FROM access_audit WHERE action = 'confirm relationships' AND target LIKE '%%policy%%'"
    )} == {"user:ann", "user:bob"}  # fmt: skip
