"""Addresses of the reports."""

from django.urls import path, register_converter

from commonweal.apps.reporting import views


class Month:
    """A month written 2020-10."""

    regex = "[0-9]{4}-[0-9]{2}"

    def to_python(self, value: str) -> str:
        """The text as it is."""
        return value

    def to_url(self, value: str) -> str:
        """The text as it is."""
        return value


register_converter(Month, "month")

urlpatterns = [
    path("reports/board", views.latest_board, name="latest_board_report"),
    path("reports/board/<month:period>", views.board, name="board_report"),
    path("reconciliation", views.reconciliation, name="reconciliation"),
]
