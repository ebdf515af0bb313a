"""What a citizen may read: their own record, and the list of those who opened it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from commonweal.apps.access import api as access
from commonweal.apps.identity import api as identity
from commonweal.apps.places import api as places
from commonweal.apps.record import api as record

ROLES = {
    "clinician": "A doctor, nurse or other clinician",
    "social_worker": "A social worker",
    "administrator": "An administrator",
    "citizen": "You",
    "service": "The system itself",
}
PURPOSES = {
    "direct_care": "To care for you",
    "emergency": "In an emergency",
    "own_record": "To read your own record",
    "operations": "To keep the service running",
}
ACTIONS = {
    "emergency.grant": "asked for emergency access",
    "search people": "found you in a search",
    "open record": "opened your record",
    "open own record": "opened your record",
    "open document": "opened one of your letters or plans",
    "open own document": "opened one of your letters or plans",
    "who looked": "read this list",
    "question a look": "asked about a look",
}

MOST = 1000  # looks by others that the page shows; it says so when there may be more


@dataclass(frozen=True, slots=True)
class Visit:
    """One look at a record, in the words the person reads. ``at`` is real time, timezone-aware."""

    at: datetime
    who: str
    organisation: str
    what: str
    why: str
    reason: str
    refused: bool
    own: bool
    id: int
    question: str = ""
    state: str = ""
    answer: str = ""


def own_record(actor: access.Actor) -> record.PersonPage:
    """The actor's own record. Raises ``access.Refused`` (as absence) for anybody but a citizen with one."""
    with access.session(actor, access.Purpose.OWN_RECORD, "open own record") as session:
        person_id = _own_person(actor)
        return record.person_page(session.open_person(person_id, identity.compartments_of(person_id)))


def own_document(actor: access.Actor, ident: str) -> record.Document | None:
    """A letter or plan of the actor's own record, or None. Raises ``access.Refused`` as ``own_record`` does."""
    with access.session(actor, access.Purpose.OWN_RECORD, "open own document", "DocumentReference") as session:
        person_id = _own_person(actor)
        return record.document(session.open_person(person_id, identity.compartments_of(person_id)), ident)


def who_looked(actor: access.Actor) -> list[Visit]:
    """Who opened the actor's own record, newest first. Raises ``access.Refused`` as ``own_record`` does."""
    with access.session(actor, access.Purpose.OWN_RECORD, "who looked") as session:
        person_id = _own_person(actor)
        scope = session.open_person(person_id, identity.compartments_of(person_id))
        looks = access.looked(scope.compartments, MOST)
    names = places.names_of({look.organisation for look in looks if look.organisation})
    return [
        Visit(
            at=look.at,
            who=ROLES.get(look.role, look.role.replace("_", " ").capitalize()),
            organisation=names.get(look.organisation, ""),
            what=ACTIONS.get(look.action, look.action),
            why=PURPOSES.get(look.purpose, look.purpose.replace("_", " ").capitalize()),
            reason=look.emergency_reason,
            refused=look.outcome == "refused",
            own=look.role == access.Role.CITIZEN,
            id=look.id,
            question=look.question,
            state=look.state,
            answer=look.answer,
        )
        for look in looks
    ]


def question(actor: access.Actor, look_id: int, words: str) -> bool:
    """Ask the privacy officer about one look. False: no such look at the own record, or asked about before.

    Raises:
        access.Refused: as ``own_record`` does.
        access.CaseError: nothing is asked.
    """
    with access.session(actor, access.Purpose.OWN_RECORD, "question a look", f"look {look_id}") as session:
        person_id = _own_person(actor)
        scope = session.open_person(person_id, identity.compartments_of(person_id))
        return access.question(session, scope.compartments, look_id, words)


def _own_person(actor: access.Actor) -> UUID:
    """The identifier now in use for the person the actor is. Asked inside the session, so a refusal is audited."""
    own = actor.person_id if actor.role is access.Role.CITIZEN else None
    current = identity.current_person(own) if own else None
    if current is None:
        raise access.Refused(access.RefusedKind.ABSENT, "No such person or item.")
    return current
