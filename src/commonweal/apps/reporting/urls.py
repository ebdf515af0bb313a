"""Addresses of the reports."""

from django.urls import path, register_converter

from commonweal.apps.reporting import notes_views, opendata_views, pack_views, views


class Month:
    """A month written 2020-10."""

    regex = "[0-9]{4}-[0-9]{2}"

    def to_python(self, value: str) -> str:
        """The text as it is."""
        return value

    def to_url(self, value: str) -> str:
        """The text as it is."""
        return value


class Form:
    """A form a pack is written in."""

    regex = "html|pdf|xlsx"

    def to_python(self, value: str) -> str:
        """The text as it is."""
        return value

    def to_url(self, value: str) -> str:
        """The text as it is."""
        return value


register_converter(Month, "month")
register_converter(Form, "form")

urlpatterns = [
    path("reports/board", views.latest_board, name="latest_board_report"),
    path("reports/board/<month:period>", views.board, name="board_report"),
    path("reports/packs", pack_views.builder, name="pack_builder"),
    path("reports/packs/preview", pack_views.preview, name="pack_preview"),
    path("reports/packs/download", pack_views.download, name="pack_download"),
    path("reports/versions/<int:key>", pack_views.version, name="report_version"),
    path("reports/versions/<int:key>/read", pack_views.read, name="report_version_read"),
    path("reports/versions/<int:key>.<form:form>", pack_views.version_file, name="report_version_file"),
    path("reports/notes/<month:period>", notes_views.index, name="report_notes"),
    path("reports/notes/<month:period>/<str:code>", notes_views.notes_of, name="figure_notes"),
    path("open-data", opendata_views.front, name="open_data"),
    path("open-data/figures.json", opendata_views.figures_json, name="open_figures_json"),
    path("open-data/figures.csv", opendata_views.figures_csv, name="open_figures_csv"),
    path("open-data/openapi.json", opendata_views.openapi, name="open_data_api"),
    path("open-data/reports/<int:key>.<form:form>", opendata_views.report, name="open_report"),
    path("reconciliation", views.reconciliation, name="reconciliation"),
]
