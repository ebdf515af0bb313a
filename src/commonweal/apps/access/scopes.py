"""From what holds between an actor and a person to what the actor may see: the gate asked category by category."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from commonweal.apps.access.gate import decide
from commonweal.apps.access.prepared import prepared
from commonweal.domain.access.agreements import Standing
from commonweal.domain.access.scope import Actor, Refused, RefusedKind, Scope, Withheld
from commonweal.domain.access.vocabulary import CARE_ROLES, Action, Category, Purpose, RelationshipKind, Role

ABSENT = "No such person or item."
NO_COMPARTMENT = 0  # numbers of compartments begin at 1


@dataclass(frozen=True, slots=True)
class Fact:
    """A relationship or a restriction that holds now, as ``access_facts`` returns it.

    ``proxy``: a category that the asker was let read of the person they act for (``acting.facts``). ``agreement``: of
    no compartment (``NO_COMPARTMENT``): how a category of a source (``controller``) stands by the sharing agreements.
    """

    fact: str
    compartment_id: int
    kind: str
    category: str
    controller: str
    until: datetime | None


def facts(
    organisation: str, actor: str, compartments: Mapping[int, str], purpose: Purpose, now: datetime
) -> dict[int, list[Fact]]:
    """What holds between an asker and ``compartments`` (id → source), in one query; agreements under no compartment.

    ``actor``: the key of who asks, or empty for what holds for anybody of the ``organisation``.
    """
    found: dict[int, list[Fact]] = defaultdict(list)
    with prepared() as cursor:
        cursor.execute(
            "SELECT fact, compartment_id, kind, category, controller, until "
            "FROM access_facts(%s::text, %s::text, %s::bigint[], %s::text[], %s::text, %s)",
            [organisation, actor, list(compartments), sorted(set(compartments.values())), purpose.value, now],
        )
        for row in cursor.fetchall():
            found[row[1]].append(Fact(*row))
    return found


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

    def asks(
        action: Action,
        category: Category,
        restriction: str = "",
        own_entry: bool = False,
        agreement: str = Standing.OWN,
    ) -> bool:
        return decide(on, actor.role, purpose, action, category, relationships, restriction, own_entry, agreement)

    facts = [fact for compartment in compartments for fact in found.get(compartment, ())]
    kinds = {fact.kind for fact in facts if fact.fact == "relationship"}
    if actor.role is Role.CITIZEN and actor.person_id == person_id:
        kinds.add(RelationshipKind.SELF.value)
    granted = {fact.category for fact in facts if fact.fact == RelationshipKind.PROXY}
    if granted:
        kinds.add(RelationshipKind.PROXY.value)
    relationships = frozenset(kinds)
    open_categories = {c for c in Category if asks(Action.READ, c)}
    if purpose is Purpose.ON_BEHALF:
        open_categories = {c for c in open_categories if c.value in granted}
    if not compartments or (actor.app is not None and actor.app.person_id not in (None, person_id)):
        return Refused(RefusedKind.ABSENT, ABSENT)
    if not open_categories:
        return _refusal(actor, purpose)

    in_care = actor.role in CARE_ROLES
    withheld = [Withheld(c.value, "", "role") for c in Category if c not in open_categories] if in_care else []
    hidden: set[int] = set()
    shut: set[tuple[int, str]] = set()
    for fact in facts:
        if fact.fact != "restriction":
            continue
        if fact.category:
            one = Category(fact.category)
            closed = {
                n
                for n, source in compartments.items()
                if one in open_categories and not asks(Action.READ, one, fact.kind, source == actor.organisation)
            }
            if closed - {n for n, category in shut if category == one}:
                shut |= {(n, one.value) for n in closed}
                withheld.append(Withheld(one.value, "", fact.kind, fact.until))
        elif fact.compartment_id not in hidden:
            own_entry = fact.controller == actor.organisation
            if not all(asks(Action.READ, c, fact.kind, own_entry) for c in sorted(open_categories)):
                hidden.add(fact.compartment_id)
                withheld.append(Withheld("", compartments[fact.compartment_id], fact.kind, fact.until))
    open_categories -= {c for c in open_categories if all((n, c.value) in shut for n in compartments)}
    standing = {(fact.controller, fact.category): fact.kind for fact in found.get(NO_COMPARTMENT, ())}
    for compartment, source in compartments.items():
        if compartment in hidden or source == actor.organisation:
            continue
        barred = {
            c: "agreement" if asks(Action.READ, c, agreement=Standing.IN_FORCE) else "unconfirmed"
            for c in sorted(open_categories)
            if not asks(Action.READ, c, agreement=standing.get((source, c), Standing.NONE))
        }
        if barred.keys() == open_categories and len(set(barred.values())) == 1:
            hidden.add(compartment)
            withheld.append(Withheld("", source, next(iter(barred.values()))))
        else:
            shut |= {(compartment, c.value) for c in barred}
            withheld += [Withheld(c.value, source, reason) for c, reason in barred.items()]
    visible = frozenset(
        n for n in compartments if n not in hidden and any((n, c.value) not in shut for c in open_categories)
    )
    if not visible:
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
        shut=frozenset((n, c) for n, c in shut if n in visible and Category(c) in open_categories),
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
