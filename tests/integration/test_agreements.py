"""Sharing agreements: kept by two people, asked for at each request, and locked a second time in the database."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from commonweal.domain.access.agreements import AgreementError, Standing, State, Step, Terms
from commonweal.domain.access.scope import Actor, Refused, RefusedKind, Scope
from commonweal.domain.access.vocabulary import Action, Category, Purpose, Role

pytestmark = pytest.mark.usefixtures("database")

PRACTICE, TRUST, COUNCIL = "A81001", "RXX", "QQ1"
ANN, BOB = (Actor(f"user:{name}", name, Role.PRIVACY_OFFICER, "QOX") for name in ("ann", "bob"))
SOCIAL_WORKER = Actor("user:sw", "Sam", Role.SOCIAL_WORKER, COUNCIL)
PERSON = uuid4()
COMPARTMENTS = {71: PRACTICE, 72: TRUST, 73: COUNCIL}
EVERYTHING = tuple(Category)


def admin() -> psycopg.Connection[Any]:
    where = connection.settings_dict
    return psycopg.connect(
        host=where["HOST"], port=where["PORT"] or None, user="postgres", dbname=where["NAME"], autocommit=True
    )


@pytest.fixture(autouse=True)
def nothing_agreed(database: str) -> None:
    """The council has the person under care; every source holds one entry of each category; no agreement at all."""
    with admin() as planting, planting.transaction():
        planting.execute("SET LOCAL session_replication_role = replica")
        for table in ("access_agreement", "access_relationship", "access_restriction", "record_resource"):
            planting.execute(psycopg.sql.SQL("DELETE FROM {}").format(psycopg.sql.Identifier(table)))
        planting.execute(
            "INSERT INTO access_relationship (organisation, compartment_id, kind, source, actor_key, starts_at) "
            "VALUES (%s, 73, 'under_care', %s, '', '2019-01-01')",
            [COUNCIL, COUNCIL],
        )
        needed = planting.execute(
            "SELECT column_name, udt_name FROM information_schema.columns WHERE table_name = 'record_resource' "
            "AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO' AND is_generated = 'NEVER' "
            "AND column_name NOT IN ('rid', 'compartment_id', 'category', 'id', 'type')"
        ).fetchall()
        plain = {"text": "{}", "int4": "1", "int2": "1", "timestamptz": "2020-01-01", "bool": "false", "bytea": "x"}
        statement = psycopg.sql.SQL(
            "INSERT INTO record_resource (rid, compartment_id, category, type, id, {}) VALUES (%s, %s, %s, %s, %s, {})"
        ).format(
            psycopg.sql.SQL(", ").join(psycopg.sql.Identifier(name) for name, _ in needed),
            psycopg.sql.SQL(", ").join(psycopg.sql.Literal(plain.get(kind, "1")) for _, kind in needed),
        )
        for compartment in COMPARTMENTS:
            for n, category in enumerate(EVERYTHING):
                rid = compartment * 10 + n
                planting.execute(statement, [rid, compartment, category.value, "Basic", str(rid)])


def terms(**changed: Any) -> Terms:
    today = date(2020, 1, 1)
    values: dict[str, Any] = {
        "reference": "ISA-1", "title": "Care across the system", "gives": (PRACTICE, TRUST), "receives": (COUNCIL,),
        "categories": EVERYTHING, "purposes": (Purpose.DIRECT_CARE,), "starts": today,
        "ends": date(2099, 1, 1), "review": date(2099, 1, 1), "dpia": "DPIA-1", "controller": PRACTICE,
        "basis": "6(1)(e), 9(2)(h)", "confidentiality": "implied consent",
    }  # fmt: skip
    values |= changed
    values["starts"] = max(values["starts"], values["ends"] - timedelta(days=1800))
    return Terms(**values)


def agree(**changed: Any) -> int:
    from commonweal.apps.access import agreements

    wanted = terms(**changed)
    version = agreements.propose(ANN, wanted)
    agreements.decide(BOB, wanted.reference, version, Step.APPROVE)
    return version


def opened(purpose: Purpose = Purpose.DIRECT_CARE, actor: Actor = SOCIAL_WORKER) -> Scope:
    from commonweal.apps.access import api

    with api.session(actor, purpose, "record.page") as session:
        return session.open_person(PERSON, COMPARTMENTS)


def pairs(scope: Scope) -> set[tuple[int, str]]:
    return {(one, c.value) for one in COMPARTMENTS for c in Category if scope.opens(one, c.value)}


CURRENT = {"starts": date(2026, 1, 1), "ends": date(2030, 1, 1), "review": date(2029, 1, 1)}


def test_without_an_agreement_only_the_own_organisations_entries_open(as_app: None) -> None:
    scope = opened()
    assert scope.compartments == {73}
    assert {(one.source, one.reason) for one in scope.withheld} == {(PRACTICE, "agreement"), (TRUST, "agreement")}
    assert scope.may_emergency


def test_what_an_agreement_covers_opens_and_the_rest_stays_shut_in_the_database_too(as_app: None) -> None:
    """The second lock: every application check left out, the rows no agreement covers still do not come out."""
    from commonweal.apps.access import api

    agree(**CURRENT, categories=(Category.DEMOGRAPHICS, Category.MEDICATION), gives=(PRACTICE,))
    with api.session(SOCIAL_WORKER, Purpose.DIRECT_CARE, "record.page") as session:
        scope = session.open_person(PERSON, COMPARTMENTS)
        with connection.cursor() as cursor:
            cursor.execute("SELECT compartment_id, category FROM record_resource")
            seen = set(cursor.fetchall())
    own = {(73, c.value) for c in Category}
    assert seen == pairs(scope) == own | {(71, "demographics"), (71, "medication")}
    assert ("social_care", PRACTICE, "agreement") in {(w.category, w.source, w.reason) for w in scope.withheld}


def test_an_agreement_ended_mid_session_stops_the_next_request_and_an_emergency_still_opens(as_app: None) -> None:
    from commonweal.apps.access import agreements, api

    version = agree(**CURRENT)
    assert opened().compartments == set(COMPARTMENTS)
    agreements.decide(ANN, "ISA-1", version, Step.END, "The trust left after a breach")
    assert opened().compartments == {73}
    api.grant_emergency(SOCIAL_WORKER, PERSON, COMPARTMENTS, "unconscious in the street")
    assert opened(Purpose.EMERGENCY).compartments == set(COMPARTMENTS)


def test_an_agreement_that_runs_out_mid_session_stops_uses_beyond_care_at_the_next_and_never_care(
    as_app: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from commonweal.apps.access import agreements, gate

    ends = date(2020, 12, 31)
    agree(starts=date(2020, 1, 1), ends=ends, review=ends, purposes=(Purpose.DIRECT_CARE, Purpose.RESEARCH))

    def stands() -> tuple[bool, set[int]]:
        said = agreements.standing_of("ISA-1", Purpose.RESEARCH)
        action, on = Action.WORK_ON_PROJECT, ends
        gate_says = gate.decision(on, Role.ANALYST, Purpose.RESEARCH, action, agreement=said.value)
        stopped = "uses beyond care stop with their agreement" in gate_says.rules
        return stopped, set(opened().compartments)

    monkeypatch.setattr(settings, "COMMONWEAL_NOW", lambda: datetime(2020, 12, 31, 23, 59, tzinfo=UTC))
    assert stands() == (False, set(COMPARTMENTS))
    monkeypatch.setattr(settings, "COMMONWEAL_NOW", lambda: datetime(2021, 1, 1, 0, 0, tzinfo=UTC))
    assert stands() == (True, set(COMPARTMENTS))
    (one,) = agreements.one_of(ANN, "ISA-1")
    assert one.wants(date(2021, 1, 1)) == "lapsed"
    assert one.wants(date(2020, 10, 15)) == "ending"


def test_two_officers_are_needed_and_an_amendment_is_a_version_that_takes_over(as_app: None) -> None:
    from commonweal.apps.access import agreements

    first = terms(**CURRENT)
    version = agreements.propose(ANN, first)
    with pytest.raises(AgreementError, match="other than who proposed"):
        agreements.decide(ANN, "ISA-1", version, Step.APPROVE)
    with pytest.raises(AgreementError, match="waits for a decision"):
        agreements.propose(BOB, first)
    agreements.decide(BOB, "ISA-1", version, Step.APPROVE)
    assert agree(**CURRENT, gives=(PRACTICE,)) == 2
    assert [(one.version, one.state) for one in agreements.one_of(ANN, "ISA-1")] == [
        (2, State.APPROVED),
        (1, State.SUPERSEDED),
    ]
    assert opened().compartments == {71, 73}
    assert agreements.agreed(COUNCIL, [TRUST], Purpose.DIRECT_CARE) == {(TRUST, c): Standing.ENDED for c in Category}


def test_a_file_is_loaded_in_the_name_of_two_officers_and_twice_changes_nothing() -> None:
    from commonweal.apps.access import agreements, api

    for name in ("ann", "bob"):
        api.create_user(name, "a long password", Role.PRIVACY_OFFICER, "QOX", name.title())
    document = {
        "agreements": [
            {
                "reference": "ISA-9", "title": "Care", "parties": [PRACTICE, COUNCIL], "from": "2020-01-01",
                "to": "2024-12-31", "review": "2024-06-30", "categories": [str(c) for c in Category],
                "purposes": ["direct_care"], "dpia": "DPIA-9", "controller": PRACTICE, "basis": "6(1)(e)",
                "confidentiality": "implied consent",
            }
        ]
    }  # fmt: skip
    assert agreements.load(document, by="ann", approved_by="bob") == (1, 0)
    assert agreements.load(document, by="ann", approved_by="bob") == (0, 1)
    with pytest.raises(AgreementError, match="two privacy officers"):
        agreements.load(document, by="ann", approved_by="ann")
    document["agreements"][0]["purposes"] = ["gossip"]
    with pytest.raises(AgreementError, match="agreement 1: purposes: choose from direct_care"):
        agreements.load(document, by="ann", approved_by="bob")


def test_nobody_else_keeps_agreements_and_the_web_role_sees_none_outside_governance(as_app: None) -> None:
    from commonweal.apps.access import agreements

    agree(**CURRENT)
    for role in set(Role) - {Role.PRIVACY_OFFICER}:
        with pytest.raises(Refused) as refused:
            agreements.propose(Actor("user:x", "x", role, COUNCIL), terms(reference="ISA-2"))
        assert refused.value.kind is RefusedKind.NOT_PERMITTED
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM access_agreement")
        assert cursor.fetchone() == (0,)
