"""Django's handle on the record: who holds what about whom, as received."""

from django.apps import AppConfig


class RecordConfig(AppConfig):
    """The direct-care store."""

    name = "commonweal.apps.record"
    label = "record"
