"""The exchange's public face: land files, see receipts and quarantine, replay after a fix, do bulk jobs.

Errors: ``ExchangeError`` and below it ``UnknownFeed``, ``UnknownSource``, ``MissingFile``,
``NoMapping``, ``NumberedApart``, ``RemovalRefused``; ``SealBroken`` is of ``feeds.sealing``.

``changes``: the outbox of whose record messages have just changed, for a higher app to act on.
``bars``: referrals and bookings by the Booking and Referral Standard.
``mesh``: mailboxes polled into feeds, files and scheduled exports sent.
``removal``: asking for, confirming and doing a lawful removal, as the tables' owner.
"""

from commonweal.apps.exchange import again, changes
from commonweal.apps.exchange.actions import land, replay
from commonweal.apps.exchange.arriving import by_source
from commonweal.apps.exchange.bars import face as bars
from commonweal.apps.exchange.bulk.jobs import work
from commonweal.apps.exchange.conforming import Conformance, conformance
from commonweal.apps.exchange.errors import (
    BadOwners,
    BadSchedule,
    ExchangeError,
    MissingFile,
    NoMapping,
    NumberedApart,
    RemovalRefused,
    UnknownFeed,
    UnknownSource,
)
from commonweal.apps.exchange.health import NoticeView, feeds_health, notices, watch
from commonweal.apps.exchange.listening.listener import Limits, Listener
from commonweal.apps.exchange.listening.senders import may_send
from commonweal.apps.exchange.mesh import face as mesh
from commonweal.apps.exchange.owners import Owner, load_owners, owner_of, owners
from commonweal.apps.exchange.presenting import feed_names
from commonweal.apps.exchange.reading import feeds_held, known_feeds
from commonweal.apps.exchange.removal import face as removal
from commonweal.apps.exchange.selectors import (
    QuarantinedView,
    ReceiptView,
    quarantine,
    receipts,
)

__all__ = [
    "BadOwners",
    "BadSchedule",
    "Conformance",
    "ExchangeError",
    "Limits",
    "Listener",
    "MissingFile",
    "NoMapping",
    "NoticeView",
    "NumberedApart",
    "Owner",
    "QuarantinedView",
    "ReceiptView",
    "RemovalRefused",
    "UnknownFeed",
    "UnknownSource",
    "again",
    "bars",
    "by_source",
    "changes",
    "conformance",
    "feed_names",
    "feeds_health",
    "feeds_held",
    "known_feeds",
    "land",
    "load_owners",
    "may_send",
    "mesh",
    "notices",
    "owner_of",
    "owners",
    "quarantine",
    "receipts",
    "removal",
    "replay",
    "watch",
    "work",
]
