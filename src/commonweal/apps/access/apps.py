from django.apps import AppConfig


class AccessConfig(AppConfig):
    """The access context."""

    name = "commonweal.apps.access"
    label = "access"
