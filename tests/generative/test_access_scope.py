"""SQL and Cedar agree: a scope computed by query is the scope the policies decide, compartment by compartment.

The world is generated; the query runs in the database; the oracle asks Cedar about each compartment from the
generated facts alone, in Python, with no SQL.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonweal.domain.access.agreements import Standing
from commonweal.domain.access.relationship import holds
from commonweal.domain.access.scope import Actor, Refused
from commonweal.domain.access.vocabulary import CARE_ROLES, Action, Category, Purpose, RestrictionReason, Role

pytestmark = pytest.mark.usefixtures("database")

NOW = datetime(2020, 10, 31, 12, tzinfo=UTC)
ORGANISATIONS = ("A01", "B01")
SOURCES = {1: "A01", 2: "B01", 3: "C01"}
COMPARTMENTS = tuple(SOURCES)
ACTOR_KEYS = ("user:me", "user:you")
STARTS = st.sampled_from([-timedelta(days=400), -timedelta(hours=1), timedelta(0), timedelta(hours=1)])
ENDS = st.sampled_from([None, None, timedelta(hours=2), timedelta(0), -timedelta(minutes=1)])


@dataclass(frozen=True)
class Fact:
    """A generated relationship or restriction. ``who``: an organisation; ``actor``: '' or one actor.

    ``waits``: until when a relationship waits to be confirmed; None for ever.
    """

    compartment: int
    kind: str
    who: str
    starts: datetime
    ends: datetime | None
    actor: str = ""
    category: str = ""
    against: str = ""
    waits: datetime | None = NOW

    @property
    def said(self) -> str:
        """The relationship as the gate is asked about it."""
        return self.kind if self.waits is not None and self.waits <= NOW else "awaiting"


@dataclass(frozen=True)
class Agreed:
    """A generated agreement, with when it began, its last moment, and when somebody ended it."""

    gives: tuple[str, ...]
    receives: tuple[str, ...]
    categories: tuple[str, ...]
    purposes: tuple[str, ...]
    starts: datetime
    ends: datetime
    ended: datetime | None
    state: str


periods = st.tuples(STARTS, ENDS).map(lambda pair: (NOW + pair[0], None if pair[1] is None else NOW + pair[1]))
relationships = st.builds(
    lambda compartment, kind, who, period, actor, waits: Fact(
        compartment,
        kind,
        who,
        period[0],
        period[1],
        actor=actor if kind == "emergency" else "",
        waits=NOW if kind == "emergency" else waits,
    ),
    st.sampled_from(COMPARTMENTS),
    st.sampled_from(["registered", "under_care", "referred", "emergency"]),
    st.sampled_from(ORGANISATIONS),
    periods,
    st.sampled_from(ACTOR_KEYS),
    st.sampled_from([NOW - timedelta(days=1), NOW, NOW, NOW + timedelta(hours=1), None]),
)
restrictions = st.builds(
    lambda compartment, kind, period, category, against: Fact(
        compartment, kind, SOURCES[compartment], period[0], period[1], category=category, against=against
    ),
    st.sampled_from(COMPARTMENTS),
    st.sampled_from(list(RestrictionReason)),
    periods,
    st.sampled_from(["", "", *Category]),
    st.sampled_from(["", "", *ORGANISATIONS]),
)
codes = st.sampled_from([("*",), ("A01",), ("A01", "B01", "C01"), ("C01",)])
agreements = st.builds(
    Agreed,
    codes,
    codes,
    st.sampled_from([tuple(Category), tuple(Category), ("demographics",), ("mental_health", "clinical")]),
    st.sampled_from([("direct_care",), ("direct_care", "safeguarding"), ("research",)]),
    STARTS.map(lambda by: NOW + by),
    st.sampled_from([NOW + timedelta(days=9), NOW + timedelta(days=9), NOW, NOW - timedelta(hours=1)]),
    st.sampled_from([None, None, NOW, NOW - timedelta(hours=2), NOW + timedelta(hours=1)]),
    st.sampled_from(["approved", "approved", "proposed", "refused"]),
).map(lambda one: replace(one, state="ended") if one.ended and one.state == "approved" else one)
World = tuple[list[Fact], list[Fact], list[Agreed]]
worlds = st.tuples(
    st.lists(relationships, min_size=1, max_size=6),
    st.lists(restrictions, max_size=3),
    st.lists(agreements, min_size=1, max_size=4),
)

# Every world is asked about by everybody in it, so that few worlds try many questions.
ASKERS = [
    Actor(key, "x", role, organisation, person_id=uuid4())
    for key in ACTOR_KEYS
    for organisation in ORGANISATIONS
    for role in (Role.CLINICIAN, Role.ADMINISTRATOR)
] + [Actor("user:me", "x", role, "A01", person_id=uuid4()) for role in Role if role is not Role.CLINICIAN]
PURPOSES = (Purpose.DIRECT_CARE, Purpose.EMERGENCY, Purpose.SAFEGUARDING, Purpose.OWN_RECORD)


def admin() -> psycopg.Connection[Any]:
    """A connection that may do what no role may, to plant worlds."""
    where = connection.settings_dict
    return psycopg.connect(
        host=where["HOST"], port=where["PORT"] or None, user="postgres", dbname=where["NAME"], autocommit=True
    )


@pytest.fixture(scope="module", autouse=True)
def sources(database: str) -> None:
    """The three compartments, each of a source."""
    with admin() as planting:
        for n, source in SOURCES.items():
            planting.execute("INSERT INTO record_source (source, feed) VALUES (%s, 'gp')", [source])
            planting.execute(
                "INSERT INTO record_compartment (id, source, local_id) OVERRIDING SYSTEM VALUE VALUES (%s, %s, 'x')",
                [n, source],
            )


def plant(known: list[Fact], limits: list[Fact], agreed: list[Agreed]) -> None:
    with admin() as planting, planting.cursor() as cursor:
        cursor.execute("DELETE FROM access_agreement")
        cursor.executemany(
            "INSERT INTO access_agreement (reference, version, title, gives, receives, categories, purposes, starts, "
            "ends, review, dpia, controller, basis, confidentiality, state, proposed_by, proposed_at, decided_by, "
            "ended_at, from_at, to_at) VALUES (%s, 1, 'x', %s, %s, %s, %s, '2000-01-01', '2000-01-01', '2000-01-01', "
            "'x', 'x', 'x', 'x', %s, 'a', now(), 'b', %s, %s, %s)",
            [
                (f"R{n}", list(a.gives), list(a.receives), list(a.categories), list(a.purposes), a.state, a.ended,
                 a.starts, a.ends)
                for n, a in enumerate(agreed)
            ],
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")  # thousands of audited sessions need not reach the disk
        cursor.execute("DELETE FROM access_relationship")
        cursor.execute("DELETE FROM access_restriction")
        cursor.executemany(
            "INSERT INTO access_relationship (organisation, compartment_id, kind, source, actor_key, starts_at,"
            " ends_at, waits_until) VALUES (%s, %s, %s, %s, %s, %s, %s, coalesce(%s, 'infinity'::timestamptz))",
            [(f.who, f.compartment, f.kind, str(n), f.actor, f.starts, f.ends, f.waits) for n, f in enumerate(known)],
        )
        cursor.executemany(
            "INSERT INTO access_restriction (compartment_id, category, reason, starts_at, ends_at, controller, against,"
            " set_by) VALUES (%s, %s, %s, %s, %s, %s, %s, 'test')",
            [(f.compartment, f.category, f.kind, f.starts, f.ends, f.who, f.against) for f in limits],
        )


def kinds_of(actor: Actor, known: list[Fact], among: tuple[int, ...]) -> set[str]:
    return {
        f.said
        for f in known
        if f.compartment in among
        and f.who == actor.organisation
        and f.actor in ("", actor.key)
        and holds(f.starts, f.ends, NOW)
    }


def standing(actor: Actor, source: str, category: str, purpose: str, agreed: list[Agreed]) -> Standing:
    """How a source's category stands with the asker: the best agreement, in plain words."""
    if source == actor.organisation:
        return Standing.OWN
    found = {
        Standing.ENDED if a.ended and a.ended <= NOW else Standing.LAPSED if a.ends <= NOW else Standing.IN_FORCE
        for a in agreed
        if a.state in ("approved", "ended") and a.starts <= NOW and purpose in a.purposes and category in a.categories
        and {"*", actor.organisation} & set(a.receives) and {"*", source} & set(a.gives)
    }  # fmt: skip
    return next((one for one in (Standing.IN_FORCE, Standing.LAPSED, Standing.ENDED) if one in found), Standing.NONE)


def cedar_agrees(actor: Actor, purpose: Purpose, category: str, kinds: set[str], said: Standing) -> bool:
    from commonweal.apps.access import gate

    return gate.decide(NOW.date(), actor.role, purpose, Action.READ, Category(category), kinds, agreement=said.value)


def binding(actor: Actor, limits: list[Fact]) -> list[Fact]:
    """The restrictions that hold now and are aimed at everybody or at the asker's organisation."""
    return [f for f in limits if holds(f.starts, f.ends, NOW) and f.against in ("", actor.organisation)]


def cedar_opens(
    actor: Actor, purpose: Purpose, category: Category, kinds: set[str], limits: list[Fact], source: str = ""
) -> bool:
    """Whether Cedar allows the category with these relationships under every one of these restrictions.

    ``source``: whose entries are asked about, where that is not the organisation the restriction is of.
    """
    from commonweal.apps.access import gate

    def asks(restriction: str = "", own: bool = False) -> bool:
        return gate.decide(NOW.date(), actor.role, purpose, Action.READ, category, kinds, restriction, own)

    return asks() and all(
        asks(f.kind, (source or f.who) == actor.organisation)
        for f in binding(actor, limits)
        if f.category in ("", category)
    )


many = settings(max_examples=18, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
few = settings(many, max_examples=5)  # each of these worlds is ninety audited sessions


@many
@given(worlds)
def test_a_scope_by_query_is_the_scope_by_policy(world: World) -> None:
    from commonweal.apps.access import api

    known, limits, agreed = world
    plant(known, limits, agreed)
    for actor, purpose, category in product(ASKERS, PURPOSES, (Category.DEMOGRAPHICS, Category.MENTAL_HEALTH)):
        by_policy = {
            c
            for c in COMPARTMENTS
            if cedar_opens(
                actor, purpose, category, kinds_of(actor, known, (c,)), [f for f in limits if f.compartment == c]
            )
            and cedar_agrees(
                actor,
                purpose,
                category,
                kinds_of(actor, known, (c,)),
                standing(actor, SOURCES[c], category, purpose, agreed),
            )
        }
        assert api.open_compartments(actor, purpose, category, NOW) == by_policy
    for organisation in ORGANISATIONS:
        nobody = Actor("", "x", Role.SERVICE, organisation)
        assert api.organisation_relationships(organisation, NOW) == {
            c for c in COMPARTMENTS if kinds_of(nobody, known, (c,))
        }


@many
@given(worlds)
def test_an_opened_person_is_what_the_policies_decide(world: World) -> None:
    """The three compartments are one person: one relationship opens all, a restriction closes what it names."""
    plant(*world)
    for actor, purpose in product(ASKERS, PURPOSES):
        compare_person(actor, purpose, *world)


def compare_person(actor: Actor, purpose: Purpose, known: list[Fact], limits: list[Fact], agreed: list[Agreed]) -> None:
    """What ``open_person`` gives against what Cedar says of the same facts."""
    kinds = kinds_of(actor, known, COMPARTMENTS)
    now = binding(actor, limits)
    permitted = {c for c in Category if cedar_opens(actor, purpose, c, kinds, [])}
    held = {
        n
        for n in COMPARTMENTS
        if all(
            cedar_opens(actor, purpose, c, kinds, [f for f in now if not f.category and f.compartment == n])
            for c in permitted
        )
    }
    opens = {
        (n, c)
        for n, c in product(held, permitted)
        if cedar_opens(actor, purpose, c, kinds, [f for f in now if f.category == c], SOURCES[n])
        and cedar_agrees(actor, purpose, c, kinds, standing(actor, SOURCES[n], c, purpose, agreed))
    }
    scope = opened(actor, purpose)
    if not opens:
        assert scope is None
    else:
        assert scope is not None
        assert {pair for pair in product(COMPARTMENTS, Category) if scope.opens(*pair)} == opens
        told = actor.role in CARE_ROLES  # nobody else is told that anything is withheld
        hidden = len(opens) < len(COMPARTMENTS) * len(permitted)
        assert bool([w for w in scope.withheld if w.reason != "role"]) == (told and hidden)


def opened(actor: Actor, purpose: Purpose) -> Any:
    """The scope ``actor`` gets of the one person, or None."""
    from commonweal.apps.access import api

    session = api.session(actor, purpose, "record.page")
    session.now = NOW
    try:
        with session:
            return session.open_person(uuid4(), SOURCES)
    except Refused:
        return None


@few
@given(worlds)
def test_only_staff_with_a_relationship_ever_open_anybody_else(world: World) -> None:
    plant(*world)
    for actor, purpose in product(ASKERS, Purpose):
        scope = opened(actor, purpose)
        if scope is not None:
            assert actor.role in (Role.CLINICIAN, Role.SOCIAL_WORKER, Role.ADMINISTRATOR)
            assert scope.relationships
            assert actor.role is not Role.ADMINISTRATOR or scope.categories == {"demographics"}
