"""delete: withdrawn from view, its versions kept. https://hl7.org/fhir/R4/http.html#delete"""

from django.http import HttpRequest, HttpResponse

from commonweal.apps.record.rest import writes
from commonweal.apps.record.rest.writer import Ask


def delete(request: HttpRequest, kind: str, ident: str = "") -> HttpResponse:
    """204, also for what is deleted already or what no condition finds; 404 for what was never there."""
    return writes.perform(
        request,
        "delete",
        Ask(
            "DELETE",
            kind,
            ident,
            "" if ident else writes.query_of(request) or "?",
            if_match=request.headers.get("If-Match", ""),
        ),
    )
