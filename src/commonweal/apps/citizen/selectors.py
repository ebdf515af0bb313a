"""What a citizen may read: their own record, and the list of those who opened it."""

from commonweal.apps.access import api as access
from commonweal.apps.citizen.looks import MOST, Visit, visits
from commonweal.apps.citizen.own import open_for, open_own
from commonweal.apps.record import api as record

__all__ = [
    "MOST",
    "Visit",
    "documents_of",
    "own_document",
    "own_record",
    "question",
    "record_of",
    "who_looked",
]


def own_record(actor: access.Actor) -> record.PersonPage:
    """The actor's own record. Raises ``access.Refused`` (as absence) for anybody but a citizen with one."""
    with access.session(actor, access.Purpose.OWN_RECORD, "open own record") as session:
        return record.person_page(open_own(session))


def own_document(actor: access.Actor, ident: str) -> record.Document | None:
    """A letter or plan of the actor's own record, or None. Raises ``access.Refused`` as ``own_record`` does."""
    with access.session(actor, access.Purpose.OWN_RECORD, "open own document", "DocumentReference") as session:
        return record.document(open_own(session), ident)


def record_of(actor: access.Actor, proxy_id: int) -> tuple[access.Acting, record.PersonPage]:
    """The record of somebody the actor acts for, as far as they were let. Raises ``access.Refused`` (as absence)."""
    with access.session(actor, access.Purpose.ON_BEHALF, "open record on behalf", f"proxy {proxy_id}") as session:
        whom, scope = open_for(session, proxy_id)
        return whom, record.person_page(scope)


def documents_of(actor: access.Actor, proxy_id: int, ident: str) -> record.Document | None:
    """A letter or plan of theirs. Raises ``access.Refused`` as ``record_of`` does."""
    with access.session(actor, access.Purpose.ON_BEHALF, "open document", f"proxy {proxy_id}") as session:
        return record.document(open_for(session, proxy_id)[1], ident)


def who_looked(actor: access.Actor) -> list[Visit]:
    """Who opened the actor's own record, newest first. Raises ``access.Refused`` as ``own_record`` does."""
    with access.session(actor, access.Purpose.OWN_RECORD, "who looked") as session:
        return visits(open_own(session))


def question(actor: access.Actor, look_id: int, words: str) -> bool:
    """Ask the privacy officer about one look. False: no such look at the own record, or asked about before.

    Raises:
        access.Refused: as ``own_record`` does.
        access.CaseError: nothing is asked.
    """
    with access.session(actor, access.Purpose.OWN_RECORD, "question a look", f"look {look_id}") as session:
        return access.question(session, open_own(session).compartments, look_id, words)
