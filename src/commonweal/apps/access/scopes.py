"""From what holds between an actor and a person to what the actor may see: the gate asked category by category."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from commonweal.apps.access.gate import decide
from commonweal.domain.access.scope import Actor, Refused, RefusedKind, Scope, Withheld
from commonweal.domain.access.vocabulary import CARE_ROLES, Action, Category, Purpose, RelationshipKind, Role

ABSENT = "No such person or item."


@dataclass(frozen=True, slots=True)
class Fact:
    """A relationship or a restriction that holds now, as ``access_facts`` returns it."""

    fact: str
    compartment_id: int
    kind: str
    category: str
    controller: str
    until: datetime | None


def scope_of(
    actor: Actor,
    purpose: Purpose,
    on: date,
    person_id: UUID,
    compartments: Mapping[int, str],
    found: Mapping[int, Iterable[Fact]],
) -> Scope | Refused:
    """What ``actor`` may see of a person on a day, or the refusal to be raised.

    ``compartments``: the person's, id → source (ODS code). ``found``: what holds, by compartment.
    """

    def asks(action: Action, category: Category, restriction: str = "", own_entry: bool = False) -> bool:
        return decide(on, actor.role, purpose, action, category, relationships, restriction, own_entry)

    facts = [fact for compartment in compartments for fact in found.get(compartment, ())]
    kinds = {fact.kind for fact in facts if fact.fact == "relationship"}
    if actor.role is Role.CITIZEN and actor.person_id == person_id:
        kinds.add(RelationshipKind.SELF.value)
    relationships = frozenset(kinds)
    open_categories = {c for c in Category if asks(Action.READ, c)}
    if not compartments or (actor.app is not None and actor.app.person_id not in (None, person_id)):
        return Refused(RefusedKind.ABSENT, ABSENT)
    if not open_categories:
        return _refusal(actor, purpose)

    in_care = actor.role in CARE_ROLES
    withheld = [Withheld(c.value, "", "role") for c in Category if c not in open_categories] if in_care else []
    hidden: set[int] = set()
    for fact in facts:
        if fact.fact != "restriction":
            continue
        about = [Category(fact.category)] if fact.category else sorted(open_categories)
        own_entry = not fact.category and fact.controller == actor.organisation
        if all(asks(Action.READ, c, fact.kind, own_entry) for c in about):
            continue
        if fact.category:
            if about[0] in open_categories:
                open_categories.discard(about[0])
                withheld.append(Withheld(fact.category, "", fact.kind, fact.until))
        elif fact.compartment_id not in hidden:
            hidden.add(fact.compartment_id)
            withheld.append(Withheld("", compartments[fact.compartment_id], fact.kind, fact.until))
    visible = frozenset(compartments) - hidden
    if not visible or not open_categories:
        return _all_withheld(actor, purpose)
    return Scope(
        actor=actor,
        purpose=purpose,
        person_id=person_id,
        compartments=visible,
        categories=frozenset(c.value for c in open_categories),
        # A citizen, like a stranger, is not told of what the law keeps from them.
        withheld=tuple(withheld) if in_care else (),
        relationships=relationships,
        may_write=frozenset(c.value for c in open_categories if asks(Action.WRITE, c)),
    )


def _refusal(actor: Actor, purpose: Purpose) -> Refused:
    if actor.role not in CARE_ROLES or purpose not in (Purpose.DIRECT_CARE, Purpose.EMERGENCY):
        return Refused(RefusedKind.ABSENT, ABSENT)
    if purpose is Purpose.EMERGENCY:
        message = "Give a reason for emergency access first: none is in force for you and this person."
    else:
        message = (
            "This person's record is not shared with you: your organisation has no recorded relationship with "
            "them. In an emergency, give a reason to see it."
        )
    return Refused(RefusedKind.NO_RELATIONSHIP, message, may_emergency=True)


def _all_withheld(actor: Actor, purpose: Purpose) -> Refused:
    if actor.role not in CARE_ROLES:
        return Refused(RefusedKind.ABSENT, ABSENT)
    return Refused(
        RefusedKind.WITHHELD,
        "Everything held about this person is withheld from you. In an emergency, give a reason to see it.",
        may_emergency=purpose is not Purpose.EMERGENCY,
    )
