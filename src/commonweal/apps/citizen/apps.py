"""Django's handle on the citizen's pages."""

from django.apps import AppConfig


class CitizenConfig(AppConfig):
    """Pages for the person whose record it is. It keeps no tables of its own."""

    name = "commonweal.apps.citizen"
    label = "citizen"
