"""history: every version, the latest first. https://hl7.org/fhir/R4/http.html#history"""

from django.http import HttpRequest, HttpResponse

from commonweal.apps.record.rest import answers
from commonweal.apps.record.rest.handling import base, fhir
from commonweal.apps.record.rest.versions import versions_of


@fhir("GET", "HEAD")
def history(request: HttpRequest, kind: str, ident: str) -> HttpResponse:
    """Every version of one resource."""
    versions = versions_of(request, "fhir.history", kind, ident, history=True)
    links = [("self", request.build_absolute_uri())]
    return answers.answer(answers.bundle("history", base(request), links, versions, total=len(versions)))
