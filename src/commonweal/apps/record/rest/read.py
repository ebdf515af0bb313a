"""read: the current version. https://hl7.org/fhir/R4/http.html#read"""

from django.http import HttpRequest, HttpResponse

from commonweal.apps.record.rest import answers
from commonweal.apps.record.rest.handling import fhir
from commonweal.apps.record.rest.versions import versions_of


@fhir("GET", "HEAD")
def read(request: HttpRequest, kind: str, ident: str) -> HttpResponse:
    """The current version, to the byte as received."""
    return answers.resource(versions_of(request, "fhir.read", kind, ident)[0])
