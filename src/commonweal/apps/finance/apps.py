"""Django's entry for the finance app."""

from django.apps import AppConfig


class FinanceConfig(AppConfig):
    """The finance bounded context."""

    name = "commonweal.apps.finance"
    label = "finance"
