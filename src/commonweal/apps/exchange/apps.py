"""Django's handle on the exchange: files and messages in, with receipts and quarantine."""

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    """Landing of partner files and messages."""

    name = "commonweal.apps.exchange"
    label = "exchange"
