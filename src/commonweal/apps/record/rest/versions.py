"""The versions of one resource, behind the gate: what read, vread and history share."""

from django.http import HttpRequest

from commonweal.apps.access import api as access
from commonweal.apps.record import own_entries, selectors
from commonweal.apps.record.rest import directory
from commonweal.apps.record.rest.handling import LONG_WAY, Gone, NotFound, asking, session
from commonweal.apps.record.rest.people import only, whose
from commonweal.apps.record.stored import Stored
from commonweal.fhir.compartment import personal


def versions_of(request: HttpRequest, action: str, kind: str, ident: str, history: bool = False) -> list[Stored]:
    """The versions of one resource (only the current one unless ``history``), inside an audited session.

    Raises ``NotFound``, ``Gone``, and ``Refused`` with *withheld* for care staff who may open it in an emergency.
    """
    versions = None if history else _at_once(request, action, kind, ident)
    if versions is None:
        with session(request, action, kind, pipelined=True) as opened:
            if opened.actor.role is access.Role.SERVICE:
                versions = _own(opened, kind, ident, history)
            else:
                versions = _open(opened, kind, ident, history)
    if not versions:
        raise NotFound
    if versions[0].deleted and not history:
        raise Gone
    return versions


def _at_once(request: HttpRequest, action: str, kind: str, ident: str) -> list[Stored] | None:
    """What the asking system's organisation wrote, by one statement; None where that takes a session."""
    if LONG_WAY in request.META:
        return None
    asker, purpose = asking(request)
    look = access.single_look(asker, purpose, action, kind)
    return None if look is None else own_entries.read_at_once(look, kind, ident)


def _own(opened: access.AccessSession, kind: str, ident: str, history: bool) -> list[Stored]:
    """Of what the asking system's organisation wrote."""
    scope = opened.open_source()
    if not history:
        current, people = own_entries.read_told(scope, kind, ident)
        opened.disclose(people)
        return current
    found, _ = own_entries.versions_own(scope, kind, ident)
    opened.disclose(own_entries.people_in(compartment for _, compartment in found))
    return [stored for stored, _ in found]


def _open(opened: access.AccessSession, kind: str, ident: str, history: bool) -> list[Stored]:
    """Of the person whose it is, as far as the asker may see them; or of what is about nobody."""
    people = whose(kind, [ident])
    if not people and not personal(kind):
        opened.require("read_directory")
        shared = selectors.read_shared(kind, ident)
        return [shared] if shared else directory.organisations(ident) if kind == "Organization" else []
    person_id, compartments = only(people)
    scope = opened.open_person(person_id, compartments)
    current = None if history else selectors.read(scope, kind, ident)
    versions = [current] if current else selectors.history(scope, kind, ident)
    if scope.withheld and not versions:
        raise access.Refused(access.RefusedKind.WITHHELD, "This is held and withheld from you.", scope.may_emergency)
    return versions
