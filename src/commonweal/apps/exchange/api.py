"""The exchange's public face: land files, see receipts and quarantine, replay after a fix, do bulk jobs.

Errors: ``ExchangeError`` and below it ``UnknownFeed``, ``UnknownSource``, ``MissingFile``,
``NumberedApart``.
"""

from commonweal.apps.exchange.actions import by_source, land, replay
from commonweal.apps.exchange.bulk.jobs import work
from commonweal.apps.exchange.errors import ExchangeError, MissingFile, NumberedApart, UnknownFeed, UnknownSource
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
    "NumberedApart",
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
    "work",
]
