"""One address, several interactions: the method decides. https://hl7.org/fhir/R4/http.html#summary"""

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from commonweal.apps.record.rest.bundles import bundle
from commonweal.apps.record.rest.create import create
from commonweal.apps.record.rest.delete import delete
from commonweal.apps.record.rest.handling import fhir, unknown
from commonweal.apps.record.rest.patch import patch
from commonweal.apps.record.rest.read import read
from commonweal.apps.record.rest.search import search
from commonweal.apps.record.rest.update import update


@fhir("GET", "HEAD", "PUT", "PATCH", "DELETE")
def instance(request: HttpRequest, kind: str, ident: str) -> HttpResponseBase:
    """``Type/id``: read, update, patch, delete."""
    match request.method:
        case "PUT":
            return update(request, kind, ident)
        case "PATCH":
            return patch(request, kind, ident)
        case "DELETE":
            return delete(request, kind, ident)
    return read(request, kind, ident)


@fhir("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
def collection(request: HttpRequest, kind: str) -> HttpResponseBase:
    """``Type``: search, create, and the conditional update, patch and delete."""
    match request.method:
        case "POST":
            return create(request, kind)
        case "PUT":
            return update(request, kind)
        case "PATCH":
            return patch(request, kind)
        case "DELETE":
            return delete(request, kind)
    return search(request, kind)


@fhir("GET", "HEAD", "POST")
def system(request: HttpRequest) -> HttpResponseBase:
    """The base: batch and transaction."""
    return bundle(request) if request.method == "POST" else unknown(request)
