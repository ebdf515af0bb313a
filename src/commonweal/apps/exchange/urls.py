"""Addresses of the feeds pages, and of bulk export and import under the FHIR base."""

from django.urls import path, re_path

from commonweal.apps.exchange import views
from commonweal.apps.exchange.bulk import rest_export, rest_import

_IDENT = r"(?P<ident>[0-9a-f\-]{36})"
_NAME = r"(?P<name>[A-Za-z0-9\-]{1,100}\.ndjson)"

urlpatterns = [
    path("feeds", views.feeds, name="feeds"),
    path("feeds/<int:receipt_id>", views.receipt, name="receipt"),
    re_path(r"^fhir/R4/\$export$", rest_export.export_system),
    re_path(r"^fhir/R4/Patient/\$export$", rest_export.export_people),
    re_path(r"^fhir/R4/Group/(?P<group>[A-Za-z0-9\-.]{1,64})/\$export$", rest_export.export_group),
    re_path(rf"^fhir/R4/\$export/{_IDENT}$", rest_export.export_status),
    re_path(rf"^fhir/R4/\$export/{_IDENT}/{_NAME}$", rest_export.export_file),
    re_path(r"^fhir/R4/\$import$", rest_import.import_),
    re_path(r"^fhir/R4/\$import/uploads$", rest_import.upload),
    re_path(rf"^fhir/R4/\$import/{_IDENT}$", rest_import.import_status),
    re_path(rf"^fhir/R4/\$import/{_IDENT}/{_NAME}$", rest_import.import_file),
]
