"""Django's entry for the population app."""

from django.apps import AppConfig


class PopulationConfig(AppConfig):
    """The population bounded context."""

    name = "commonweal.apps.population"
    label = "population"
