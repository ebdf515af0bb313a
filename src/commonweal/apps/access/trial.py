"""Would somebody be allowed, and why: the gate itself asked about a situation that is only supposed.

The same function that makes a real scope (``scope_of``) makes this one, from supposed facts; nobody's record is near.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID

from commonweal.apps.access import gate
from commonweal.apps.access.scopes import NO_COMPARTMENT, Fact, scope_of
from commonweal.domain.access.absence import explain
from commonweal.domain.access.agreements import Standing
from commonweal.domain.access.scope import Actor, Refused
from commonweal.domain.access.vocabulary import Action, Category, Purpose, Role

_ENTRY, _REST = 1, 2  # the compartment the entry is in, and the rest of the person's record
_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Supposed:
    """A situation: who asks (role, ODS code), what for, why they may, about what, held by whom, on which day.

    ``relationship`` and ``restriction`` are empty for none; ``whole`` when the restriction is of everything the
    ``source`` wrote, else of the category throughout the record. ``agreement``: how the category of that source stands
    with who asks (``Standing``), unless it is their own.
    """

    role: Role
    organisation: str
    purpose: Purpose
    relationship: str
    category: Category
    source: str
    restriction: str
    whole: bool
    on: date
    agreement: str = Standing.IN_FORCE


@dataclass(frozen=True, slots=True)
class Answer:
    """What would happen: seen, added to, the rules (by name) that decide each, and the words on the page."""

    may_read: bool
    may_write: bool
    rules: tuple[str, ...]
    write_rules: tuple[str, ...]
    messages: tuple[str, ...]
    may_emergency: bool


def suppose(one: Supposed) -> Answer:
    """What the gate answers, were this so."""
    asker, source = one.organisation or "the asker", one.source or "another"
    own = one.role is Role.CITIZEN and one.relationship == "self"
    actor = Actor("user:supposed", "", one.role, asker, person_id=_NOBODY if own else None)
    end = datetime.combine(one.on, time.max, UTC)
    facts = []
    if one.relationship and not own:
        facts.append(Fact("relationship", _ENTRY, one.relationship, "", "", end))
    if one.restriction:
        facts.append(Fact("restriction", _ENTRY, one.restriction, "" if one.whole else one.category, source, end))
    compartments = {_ENTRY: source, _REST: "the rest"}
    standing = Standing.OWN if source == asker else one.agreement
    agreed = [Fact("agreement", NO_COMPARTMENT, Standing.IN_FORCE, c, "the rest", None) for c in Category]
    agreed.append(Fact("agreement", NO_COMPARTMENT, standing, one.category, source, None))
    scope = scope_of(actor, one.purpose, one.on, _NOBODY, compartments, {_ENTRY: facts, NO_COMPARTMENT: agreed})
    own_entry = one.whole and source == asker
    kinds = [one.relationship] if one.relationship else []

    def rules(action: Action) -> tuple[str, ...]:
        return gate.decision(
            one.on, one.role, one.purpose, action, one.category, kinds, one.restriction, own_entry, standing
        ).rules

    if isinstance(scope, Refused):
        return Answer(False, False, rules(Action.READ), (), (scope.message,), scope.may_emergency)
    seen = one.category in scope.categories and _ENTRY in scope.compartments
    messages = explain(
        one.category.replace("_", " ").capitalize(),
        recorded=seen,
        none_known=False,
        withheld=not seen and any(held.covers(one.category) for held in scope.withheld),
        may_emergency=scope.may_emergency,
    )
    return Answer(
        may_read=seen,
        may_write=seen and one.category in scope.may_write,
        rules=rules(Action.READ),
        write_rules=rules(Action.WRITE),
        messages=tuple(message.text for message in messages),
        may_emergency=scope.may_emergency,
    )
