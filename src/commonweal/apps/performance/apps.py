"""Django's entry for the performance app."""

from django.apps import AppConfig


class PerformanceConfig(AppConfig):
    """The performance bounded context."""

    name = "commonweal.apps.performance"
    label = "performance"
