"""Django's entry for the places app."""

from django.apps import AppConfig


class PlacesConfig(AppConfig):
    """The places bounded context."""

    name = "commonweal.apps.places"
    label = "places"
