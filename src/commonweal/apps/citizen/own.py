"""Whose record a citizen's request is about: their own, or that of somebody they act for. Asked inside the session."""

from datetime import date
from uuid import UUID

from commonweal.apps.access import api as access
from commonweal.apps.identity import api as identity

ABSENT = "No such person or item."


def own_person(actor: access.Actor) -> UUID:
    """The identifier now in use for the person the actor is. Raises ``Refused`` (as absence) for anybody else."""
    own = actor.person_id if actor.role is access.Role.CITIZEN else None
    current = identity.current_person(own) if own else None
    if current is None:
        raise access.Refused(access.RefusedKind.ABSENT, ABSENT)
    return current


def open_own(session: access.AccessSession) -> access.Scope:
    """The scope of the actor's own record.

    Raises:
        access.Refused: it is nobody's, or they are too young by the dated rules to open it themselves.
    """
    person = own_person(session.actor)
    return session.open_person(person, identity.compartments_of(person))


def open_for(session: access.AccessSession, proxy_id: int) -> tuple[access.Acting, access.Scope]:
    """Somebody the actor acts for, and the scope they were let read.

    Raises:
        access.Refused: the actor does not act for them, or no longer.
    """
    found = next((one for one in access.acting(session.actor, session.now.date()) if one.id == proxy_id), None)
    person = identity.current_person(found.person_id) if found else None
    if found is None or person is None or person != found.person_id:
        raise access.Refused(access.RefusedKind.ABSENT, ABSENT)
    return found, session.open_person(person, identity.compartments_of(person))


def born_on(scope: access.Scope) -> date | None:
    """The open person's birth date; None: nobody says."""
    return identity.born_on(scope.compartments)


def name_of(scope: access.Scope) -> str:
    """The open person's name, as the source updated last has it."""
    known = sorted(identity.demographics_of(scope.compartments).values(), key=lambda one: one.updated, reverse=True)
    named = next((f"{one.given} {one.family}".strip() for one in known if one.family or one.given), "")
    return named or identity.called(scope).name
