"""SQL and Cedar agree: a scope computed by query is the scope the policies decide, compartment by compartment.

The world is generated; the query runs in the database; the oracle asks Cedar about each compartment from the
generated facts alone, in Python, with no SQL.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonweal.domain.access.relationship import holds
from commonweal.domain.access.scope import Actor, Refused
from commonweal.domain.access.vocabulary import CARE_ROLES, Action, Category, Purpose, RestrictionReason, Role

pytestmark = pytest.mark.usefixtures("database")

NOW = datetime(2020, 10, 31, 12, tzinfo=UTC)
ORGANISATIONS = ("A01", "B01")
COMPARTMENTS = (1, 2, 3)
ACTOR_KEYS = ("user:me", "user:you")
STARTS = st.sampled_from([-timedelta(days=400), -timedelta(hours=1), timedelta(0), timedelta(hours=1)])
ENDS = st.sampled_from([None, None, timedelta(hours=2), timedelta(0), -timedelta(minutes=1)])


@dataclass(frozen=True)
class Fact:
    """A generated relationship or restriction. ``who``: an organisation; ``actor``: '' or one actor."""

    compartment: int
    kind: str
    who: str
    starts: datetime
    ends: datetime | None
    actor: str = ""
    category: str = ""


periods = st.tuples(STARTS, ENDS).map(lambda pair: (NOW + pair[0], None if pair[1] is None else NOW + pair[1]))
relationships = st.builds(
    lambda compartment, kind, who, period, actor: Fact(
        compartment, kind, who, *period, actor=actor if kind == "emergency" else ""
    ),
    st.sampled_from(COMPARTMENTS),
    st.sampled_from(["registered", "under_care", "referred", "emergency"]),
    st.sampled_from(ORGANISATIONS),
    periods,
    st.sampled_from(ACTOR_KEYS),
)
restrictions = st.builds(
    lambda compartment, kind, who, period, category: Fact(compartment, kind, who, *period, category=category),
    st.sampled_from(COMPARTMENTS),
    st.sampled_from(list(RestrictionReason)),
    st.sampled_from(ORGANISATIONS),
    periods,
    st.sampled_from(["", "", *Category]),
)
worlds = st.tuples(st.lists(relationships, min_size=1, max_size=6), st.lists(restrictions, min_size=1, max_size=4))

# Every world is asked about by everybody in it, so that few worlds try many questions.
ASKERS = [
    Actor(key, "x", role, organisation, person_id=uuid4())
    for key in ACTOR_KEYS
    for organisation in ORGANISATIONS
    for role in (Role.CLINICIAN, Role.ADMINISTRATOR)
] + [Actor("user:me", "x", role, "A01", person_id=uuid4()) for role in Role if role is not Role.CLINICIAN]
PURPOSES = (Purpose.DIRECT_CARE, Purpose.EMERGENCY, Purpose.OWN_RECORD)


def plant(known: list[Fact], limits: list[Fact]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")  # thousands of audited sessions need not reach the disk
        cursor.execute("DELETE FROM access_relationship")
        cursor.execute("DELETE FROM access_restriction")
        cursor.executemany(
            "INSERT INTO access_relationship (organisation, compartment_id, kind, source, actor_key, starts_at,"
            " ends_at) VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [(f.who, f.compartment, f.kind, str(n), f.actor, f.starts, f.ends) for n, f in enumerate(known)],
        )
        cursor.executemany(
            "INSERT INTO access_restriction (compartment_id, category, reason, starts_at, ends_at, controller, set_by)"
            " VALUES (%s, %s, %s, %s, %s, %s, 'test')",
            [(f.compartment, f.category, f.kind, f.starts, f.ends, f.who) for f in limits],
        )


def kinds_of(actor: Actor, known: list[Fact], among: tuple[int, ...]) -> set[str]:
    return {
        f.kind
        for f in known
        if f.compartment in among
        and f.who == actor.organisation
        and f.actor in ("", actor.key)
        and holds(f.starts, f.ends, NOW)
    }


def cedar_opens(actor: Actor, purpose: Purpose, category: Category, kinds: set[str], limits: list[Fact]) -> bool:
    """Whether Cedar allows the category with these relationships under every one of these restrictions."""
    from commonweal.apps.access import gate

    def asks(restriction: str = "", own: bool = False) -> bool:
        return gate.decide(NOW.date(), actor.role, purpose, Action.READ, category, kinds, restriction, own)

    return asks() and all(
        asks(f.kind, not f.category and f.who == actor.organisation)
        for f in limits
        if f.category in ("", category) and holds(f.starts, f.ends, NOW)
    )


many = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
few = settings(many, max_examples=8)  # each of these worlds is ninety audited sessions


@many
@given(worlds)
def test_a_scope_by_query_is_the_scope_by_policy(world: tuple[list[Fact], list[Fact]]) -> None:
    from commonweal.apps.access import api

    known, limits = world
    plant(known, limits)
    for actor, purpose, category in product(ASKERS, PURPOSES, (Category.DEMOGRAPHICS, Category.MENTAL_HEALTH)):
        by_policy = {
            c
            for c in COMPARTMENTS
            if cedar_opens(
                actor, purpose, category, kinds_of(actor, known, (c,)), [f for f in limits if f.compartment == c]
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
def test_an_opened_person_is_what_the_policies_decide(world: tuple[list[Fact], list[Fact]]) -> None:
    """The three compartments are one person: one relationship opens all, a restriction closes what it names."""
    plant(*world)
    for actor, purpose in product(ASKERS, PURPOSES):
        compare_person(actor, purpose, *world)


def compare_person(actor: Actor, purpose: Purpose, known: list[Fact], limits: list[Fact]) -> None:
    """What ``open_person`` gives against what Cedar says of the same facts."""
    kinds = kinds_of(actor, known, COMPARTMENTS)
    now = [f for f in limits if holds(f.starts, f.ends, NOW)]
    whole = [f for f in now if not f.category]
    permitted = {c for c in Category if cedar_opens(actor, purpose, c, kinds, [])}
    categories = {c for c in permitted if cedar_opens(actor, purpose, c, kinds, [f for f in now if f.category == c])}
    compartments = {
        n
        for n in COMPARTMENTS
        if all(cedar_opens(actor, purpose, c, kinds, [f for f in whole if f.compartment == n]) for c in permitted)
    }
    scope = opened(actor, purpose)
    if not categories or not compartments:
        assert scope is None
    else:
        assert scope is not None
        assert (set(scope.categories), set(scope.compartments)) == (categories, compartments)
        hidden = (permitted - categories) | (set(COMPARTMENTS) - compartments)
        told = actor.role in CARE_ROLES  # nobody else is told that anything is withheld
        assert bool([w for w in scope.withheld if w.reason != "role"]) == (told and bool(hidden))


def opened(actor: Actor, purpose: Purpose) -> Any:
    """The scope ``actor`` gets of the one person, or None."""
    from commonweal.apps.access import api

    session = api.session(actor, purpose, "record.page")
    session.now = NOW
    try:
        with session:
            return session.open_person(uuid4(), dict.fromkeys(COMPARTMENTS, "A01"))
    except Refused:
        return None


@few
@given(worlds)
def test_only_staff_with_a_relationship_ever_open_anybody_else(world: tuple[list[Fact], list[Fact]]) -> None:
    plant(*world)
    for actor, purpose in product(ASKERS, Purpose):
        scope = opened(actor, purpose)
        if scope is not None:
            assert actor.role in (Role.CLINICIAN, Role.SOCIAL_WORKER, Role.ADMINISTRATOR)
            assert scope.relationships
            assert actor.role is not Role.ADMINISTRATOR or scope.categories == {"demographics"}
