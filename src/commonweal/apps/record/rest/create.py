"""create: a new resource under an id the server makes. https://hl7.org/fhir/R4/http.html#create"""

from django.http import HttpRequest, HttpResponse

from commonweal.apps.record.rest import bodies, writes
from commonweal.apps.record.rest.writer import Ask


def create(request: HttpRequest, kind: str) -> HttpResponse:
    """The resource with its id, version and time set in its text; with ``If-None-Exist``, what is there already."""
    text = bodies.text(request)
    stated = request.headers.get("If-None-Exist")
    condition = "" if stated is None else stated or "?"  # one that says nothing is refused, not passed over
    return writes.perform(request, "create", Ask("POST", kind, text=text, if_none_exist=condition))
