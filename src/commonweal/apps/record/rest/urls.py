"""Addresses of the FHIR API, to be included at ``fhir/R4/``."""

from django.urls import path, re_path

from commonweal.apps.record.rest.addresses import collection, instance, system
from commonweal.apps.record.rest.everything import everything
from commonweal.apps.record.rest.handling import unknown
from commonweal.apps.record.rest.history import history, history_of_all
from commonweal.apps.record.rest.metadata import metadata
from commonweal.apps.record.rest.openapi import openapi
from commonweal.apps.record.rest.search import search
from commonweal.apps.record.rest.smart import configuration
from commonweal.apps.record.rest.terminology import expand, lookup, subsumes, validate_code
from commonweal.apps.record.rest.validate import validate
from commonweal.apps.record.rest.vread import vread

_KIND = r"(?P<kind>[A-Z][A-Za-z]{1,63})"
_IDENT = r"(?P<ident>[A-Za-z0-9\-.]{1,64})"

urlpatterns = [
    # Most asked for, so looked for first; neither takes an address of another below.
    re_path(rf"^{_KIND}/{_IDENT}$", instance),
    re_path(rf"^{_KIND}$", collection),
    path("metadata", metadata),
    path(".well-known/smart-configuration", configuration),
    path("openapi.json", openapi),
    re_path(rf"^Patient/{_IDENT}/\$everything$", everything),
    re_path(rf"^{_KIND}/\$validate$", validate),
    re_path(rf"^{_KIND}/{_IDENT}/\$validate$", validate),
    path("ValueSet/$expand", expand),
    re_path(r"^(?P<kind>ValueSet|CodeSystem)/\$validate-code$", validate_code),
    path("CodeSystem/$lookup", lookup),
    path("CodeSystem/$subsumes", subsumes),
    re_path(rf"^{_KIND}/_search$", search),
    re_path(rf"^{_KIND}/{_IDENT}/_history/(?P<version>[0-9]{{1,9}})$", vread),
    re_path(rf"^{_KIND}/{_IDENT}/_history$", history),
    re_path(rf"^{_KIND}/_history$", history_of_all),
    path("_history", history_of_all),
    path("<path:rest>", unknown),
    path("", system),
]
