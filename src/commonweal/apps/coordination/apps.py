"""Django's handle on coordination."""

from django.apps import AppConfig


class CoordinationConfig(AppConfig):
    """Alerts: raised from the exchange's outbox, told to who has a relationship, owned, escalated, withdrawn."""

    name = "commonweal.apps.coordination"
    label = "coordination"
