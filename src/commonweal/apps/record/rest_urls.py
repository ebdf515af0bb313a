"""Addresses of the FHIR API, to be included at ``fhir/R4/``."""

from django.urls import path, re_path

from commonweal.apps.record import rest

_KIND = r"(?P<kind>[A-Z][A-Za-z]{1,63})"
_IDENT = r"(?P<ident>[A-Za-z0-9\-.]{1,64})"

urlpatterns = [
    path("metadata", rest.metadata),
    re_path(rf"^Patient/{_IDENT}/\$everything$", rest.everything),
    re_path(rf"^{_KIND}/_search$", rest.search),
    re_path(rf"^{_KIND}/{_IDENT}/_history/(?P<version>[0-9]{{1,9}})$", rest.vread),
    re_path(rf"^{_KIND}/{_IDENT}/_history$", rest.history),
    re_path(rf"^{_KIND}/{_IDENT}$", rest.read),
    re_path(rf"^{_KIND}$", rest.search),
    path("<path:rest>", rest.unknown),
    path("", rest.unknown),
]
