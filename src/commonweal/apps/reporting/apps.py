"""Django's entry for the reporting app."""

from django.apps import AppConfig


class ReportingConfig(AppConfig):
    """The reporting bounded context."""

    name = "commonweal.apps.reporting"
    label = "reporting"
