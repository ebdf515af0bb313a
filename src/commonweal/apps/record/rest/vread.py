"""vread: one version. https://hl7.org/fhir/R4/http.html#vread"""

from django.http import HttpRequest, HttpResponse

from commonweal.apps.record.rest import answers
from commonweal.apps.record.rest.handling import Gone, NotFound, fhir
from commonweal.apps.record.rest.preconditions import unchanged
from commonweal.apps.record.rest.searchset import one
from commonweal.apps.record.rest.versions import versions_of


@fhir("GET", "HEAD")
def vread(request: HttpRequest, kind: str, ident: str, version: str) -> HttpResponse:
    """One version, to the byte as received then; 304 as for a read."""
    for stored in versions_of(request, "fhir.vread", kind, ident, history=True):
        if stored.version == int(version):
            if stored.deleted:
                raise Gone
            return (
                answers.not_modified(stored) if unchanged(request, stored) else answers.resource(one(request, stored))
            )
    raise NotFound
