"""The exchange's public face: land files, see receipts and quarantine, replay after a fix.

Errors: ``ExchangeError`` and below it ``UnknownFeed``, ``UnknownSource``, ``MissingFile``.
"""

from commonweal.apps.exchange.actions import by_source, land, replay
from commonweal.apps.exchange.errors import ExchangeError, MissingFile, UnknownFeed, UnknownSource
from commonweal.apps.exchange.reading import known_feeds
from commonweal.apps.exchange.selectors import (
    QuarantinedView,
    ReceiptView,
    quarantine,
    receipts,
)

__all__ = [
    "ExchangeError",
    "MissingFile",
    "QuarantinedView",
    "ReceiptView",
    "UnknownFeed",
    "UnknownSource",
    "by_source",
    "known_feeds",
    "land",
    "quarantine",
    "receipts",
    "replay",
]
