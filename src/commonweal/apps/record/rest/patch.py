"""patch: a JSON Patch on the current version. https://hl7.org/fhir/R4/http.html#patch"""

from django.http import HttpRequest, HttpResponse

from commonweal.apps.record.rest import bodies, writes
from commonweal.apps.record.rest.writer import Ask

MOST = 1024 * 1024  # bytes of a patch


def patch(request: HttpRequest, kind: str, ident: str = "") -> HttpResponse:
    """The resource as patched; numbers that the patch does not touch keep every digit."""
    body = bodies.read(request, bodies.PATCH, MOST)
    return writes.perform(
        request,
        "patch",
        Ask(
            "PATCH",
            kind,
            ident,
            "" if ident else writes.query_of(request) or "?",
            patch=body,
            if_match=request.headers.get("If-Match", ""),
        ),
    )
