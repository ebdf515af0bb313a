"""What a person chooses about sharing: opt-outs from uses beyond care, and objections to sharing for care."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from commonweal.apps.access import api as access
from commonweal.apps.citizen.own import open_own
from commonweal.apps.identity import api as identity
from commonweal.apps.places import api as places

Objection = access.restricting.Objection
Restriction = access.restricting.Restriction


@dataclass(frozen=True, slots=True)
class Choices:
    """What holds for a person: opt-outs (since when, by whose word), objections, and who holds their record."""

    opt_outs: dict[access.OptOut, tuple[datetime, str]]
    objections: list[Objection]
    sources: dict[str, str]
    practices: dict[str, str]


def own(actor: access.Actor) -> Choices:
    """The actor's own choices. Raises ``access.Refused`` (as absence) for anybody but a citizen with a record."""
    with access.session(actor, access.Purpose.OWN_RECORD, "own choices") as session:
        scope = open_own(session)
        held = access.opt_outs_of(scope.compartments)
        objections = access.restricting.objections_of(scope)
        sources = set(identity.compartments_of(scope.person_id).values())
    names = places.names_of(sources | {one.against for one in objections if one.against})
    practices = sources & places.practice_footprints().keys()
    return Choices(held, objections, names, {code: names.get(code, code) for code in sorted(practices)})


def choose(actor: access.Actor, kind: access.OptOut, wanted: bool) -> None:
    """Opt the actor out of uses beyond care, or in again. Type 1 is of what GP practices wrote, and of nothing else.

    Raises:
        access.Refused: as ``own`` does.
        access.ObjectionError: no practice wrote anything of them.
    """
    with access.session(actor, access.Purpose.OWN_RECORD, f"opt {'out' if wanted else 'in'}", kind.value) as session:
        scope = open_own(session)
        about = _bound(
            kind, {n: s for n, s in identity.compartments_of(scope.person_id).items() if n in scope.compartments}
        )
        if not about:
            raise access.ObjectionError("No GP practice has sent anything about you here.", "opt_out")
        access.set_opt_out(kind, about, wanted, source="the person, on their page", by=actor.key)


def object_to(actor: access.Actor, category: str, against: str, words: str) -> None:
    """Raise an objection of the actor's own.

    Raises:
        access.Refused: as ``own`` does.
        access.ObjectionError: nothing is said, or no such category or organisation.
    """
    if category and category not in set(access.Category):
        raise access.ObjectionError("Choose what you object to.", "category")
    code = against.strip().upper()
    if code and places.organisation(code) is None:
        raise access.ObjectionError("Choose one of the organisations, or everybody.", "against")
    with access.session(actor, access.Purpose.OWN_RECORD, "object to sharing") as session:
        scope = open_own(session)
        access.restricting.raise_objection(session, scope, access.Category(category) if category else None, code, words)


def decide(actor: access.Actor, objection_id: int, step: access.ObjectionStep, reason: str) -> None:
    """An officer decides about an objection. Raises ``access.Refused``, ``access.ObjectionError``."""
    one = access.restricting.objection(actor, objection_id)
    compartments = identity.compartments_of(identity.current_person(one.person_id) or one.person_id) if one else {}
    access.restricting.decide(actor, objection_id, step, reason, compartments)


def restrict(
    actor: access.Actor,
    person: str,
    reason: access.RestrictionReason,
    category: access.Category | None,
    source: str,
    words: str,
) -> None:
    """An officer withholds a category of a person, or all that one source wrote.

    Raises:
        access.Refused: the actor keeps no restrictions.
        access.ObjectionError: nobody has this identifier, or something is missing.
    """
    compartments = identity.compartments_of(_current(person))
    if category is None:
        compartments = {n: wrote for n, wrote in compartments.items() if wrote == source}
    access.restricting.restrict(actor, compartments, reason, category, None, words)


def opt_out_for(actor: access.Actor, person: str, kind: access.OptOut, wanted: bool, words: str) -> None:
    """An officer records for a person what they said. Raises ``access.Refused``, ``access.ObjectionError``."""
    current = _current(person)
    about = _bound(kind, identity.compartments_of(current))
    access.restricting.record_opt_out(actor, current, about, kind, wanted, words)


def _current(person: str) -> UUID:
    """The person whom this identifier is of now. Raises ``access.ObjectionError``."""
    try:
        current = identity.current_person(UUID(person.strip()))
    except ValueError:
        current = None
    if current is None:
        raise access.ObjectionError("Give the person’s identifier, as cases and requests show it.", "person")
    return current


def _bound(kind: access.OptOut, compartments: dict[int, str]) -> list[int]:
    """The compartments an opt-out is recorded on."""
    if kind is access.OptOut.NATIONAL_DATA:
        return sorted(compartments)
    practices = places.practice_footprints()
    return sorted(number for number, source in compartments.items() if source in practices)
