"""read: the current version, or that the client has it already. https://hl7.org/fhir/R4/http.html#read"""

from django.http import HttpRequest, HttpResponse

from commonweal.apps.record.rest import answers, audit_events
from commonweal.apps.record.rest.preconditions import unchanged
from commonweal.apps.record.rest.searchset import one
from commonweal.apps.record.rest.versions import versions_of


def read(request: HttpRequest, kind: str, ident: str) -> HttpResponse:
    """The current version as stored, to the byte, or what is asked of it; 304 if the client has that version."""
    if audit_events.reads_audit(request, kind):
        return audit_events.read(request, ident)
    stored = one(request, versions_of(request, "fhir.read", kind, ident)[0])
    return answers.not_modified(stored) if unchanged(request, stored) else answers.resource(stored)
