"""Django's entry for the measurement app."""

from django.apps import AppConfig


class MeasurementConfig(AppConfig):
    """The measurement bounded context."""

    name = "commonweal.apps.measurement"
    label = "measurement"
