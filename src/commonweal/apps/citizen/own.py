"""Whose record a citizen's request is about: their own, or that of somebody they act for. Asked inside the session."""

from datetime import date
from uuid import UUID

from commonweal.apps.access import api as access
from commonweal.apps.identity import api as identity
from commonweal.domain.access.proxies import own_access_holds

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
        access.Refused: it is nobody's, or the person is too young to have been given an account by the dated rules.
    """
    person = own_person(session.actor)
    scope = session.open_person(person, identity.compartments_of(person))
    today = session.now.date()
    born = born_on(scope)
    if not own_access_holds(born, today, access.rights.age_rules(), access.proxies.assessed(scope.compartments, today)):
        raise access.Refused(
            access.RefusedKind.NOT_PERMITTED,
            "Until you are 16 your own record is opened to you when your GP practice has talked with you about it.",
        )
    return scope


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
    """The open person's birth date: the one most of their sources say, the earliest of equals; None: nobody says."""
    said = [one.birth_date for one in identity.demographics_of(scope.compartments).values() if one.birth_date]
    return min(set(said), key=lambda day: (-said.count(day), day)) if said else None


def name_of(scope: access.Scope) -> str:
    """The open person's name, as the source updated last has it."""
    known = sorted(identity.demographics_of(scope.compartments).values(), key=lambda one: one.updated, reverse=True)
    return next((f"{one.given} {one.family}".strip() for one in known if one.family or one.given), "Name not recorded")
