"""Addresses of bulk export and import, to be included at ``fhir/R4/``."""

from django.urls import re_path

from commonweal.apps.exchange.bulk import rest_export, rest_import

_IDENT = r"(?P<ident>[0-9a-f\-]{36})"
_NAME = r"(?P<name>[A-Za-z0-9\-]{1,100}\.ndjson)"

urlpatterns = [
    re_path(r"^\$export$", rest_export.export_system),
    re_path(r"^Patient/\$export$", rest_export.export_people),
    re_path(r"^Group/(?P<group>[A-Za-z0-9\-.]{1,64})/\$export$", rest_export.export_group),
    re_path(rf"^\$export/{_IDENT}$", rest_export.export_status),
    re_path(rf"^\$export/{_IDENT}/{_NAME}$", rest_export.export_file),
    re_path(r"^\$import$", rest_import.import_),
    re_path(r"^\$import/uploads$", rest_import.upload),
    re_path(rf"^\$import/{_IDENT}$", rest_import.import_status),
    re_path(rf"^\$import/{_IDENT}/{_NAME}$", rest_import.import_file),
]
