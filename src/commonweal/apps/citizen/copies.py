"""What a person does about a copy of their record: asks, answers, takes it back, reads it when it is released."""

from commonweal.apps.access import api as access
from commonweal.apps.citizen.copy_document import CopyDocument, bundle_of, document_of
from commonweal.apps.citizen.own import open_own
from commonweal.domain.access.requests import CopyState, CopyStep, Party


def ask(actor: access.Actor, wants: str) -> int:
    """Ask for a copy of the actor's own record. The request's number.

    Signing in shows who they are, so the clock runs from today. Raises ``access.Refused``, ``RequestError``.
    """
    from commonweal.apps.citizen import tasks  # the queue is set up when Django is

    with access.session(actor, access.Purpose.OWN_RECORD, "ask for a copy") as session:
        scope = open_own(session)
        number = access.copies.ask(
            actor,
            scope.person_id,
            scope.compartments,
            received=session.now.date(),
            how="online",
            wants=wants,
            identified=True,
            words="",
        )
        tasks.put_together.defer(copy_id=number)
    return number


def own_copies(actor: access.Actor) -> list[access.copies.Copy]:
    """The actor's own requests, newest first. Raises ``access.Refused``."""
    with access.session(actor, access.Purpose.OWN_RECORD, "own requests") as session:
        return access.copies.copies_about(open_own(session).compartments)


def own_copy(actor: access.Actor, copy_id: int) -> tuple[access.copies.Copy, str] | None:
    """One of the actor's own requests with the last words addressed to them. Raises ``access.Refused``."""
    with access.session(actor, access.Purpose.OWN_RECORD, "own requests", f"request {copy_id}") as session:
        scope = open_own(session)
        found = next((one for one in access.copies.copies_about(scope.compartments) if one.id == copy_id), None)
        if found is None:
            return None
        told = {CopyStep.CLARIFY, CopyStep.EXTEND, CopyStep.REFUSE}
        said = [one.words for one in access.copies.steps_of(copy_id) if one.step in told]
    return found, said[-1] if said else ""


def take_step(actor: access.Actor, copy_id: int, step: CopyStep, words: str) -> None:
    """Answer what was asked, or take the request back. Raises ``access.Refused``, ``RequestError``."""
    with access.session(actor, access.Purpose.OWN_RECORD, f"copy {step}", f"request {copy_id}") as session:
        open_own(session)
        access.copies.take_step(session, copy_id, step, Party.PERSON, words)


def read(actor: access.Actor, copy_id: int, form: str = "page") -> CopyDocument | bytes | None:
    """The released copy: as a document (``page``), or the FHIR Bundle's JSON (``fhir``). None: there is none released.

    Made from the record each time, within what the person may see today: nothing that has since been removed or
    withheld is in it. Raises ``access.Refused``.
    """
    with access.session(actor, access.Purpose.OWN_RECORD, "read copy", f"request {copy_id} {form}") as session:
        scope = open_own(session)
        found = next((one for one in access.copies.copies_about(scope.compartments) if one.id == copy_id), None)
        if found is None or found.state is not CopyState.RELEASED:
            return None
        return bundle_of(scope, found) if form == "fhir" else document_of(scope, found)
