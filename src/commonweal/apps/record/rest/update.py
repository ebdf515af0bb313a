"""update: a new version, or a new resource under the client's id. https://hl7.org/fhir/R4/http.html#update"""

from django.http import HttpRequest, HttpResponse

from commonweal.apps.record.rest import bodies, writes
from commonweal.apps.record.rest.writer import Ask


def update(request: HttpRequest, kind: str, ident: str = "") -> HttpResponse:
    """The resource as it now is; without ``ident``, the one its condition finds.

    The same text again makes no version.
    """
    text = bodies.text(request)
    return writes.perform(
        request,
        "update",
        Ask(
            "PUT",
            kind,
            ident,
            "" if ident else writes.query_of(request) or "?",
            text,
            if_match=request.headers.get("If-Match", ""),
            if_none_match=request.headers.get("If-None-Match", ""),
        ),
    )
