"""What is known of a feed besides its format: its name, when silence is a fault, what it does not send.

Dated data (``feed_facts.csv``): a row counts from ``valid_from`` to ``valid_to``, both days included, and
``source`` says why. ``not_sent`` lists sections of the record that the feed's senders hold and the feed does not
carry, with semicolons between: silence there says nothing about the person.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

_TABLE = Path(__file__).with_name("feed_facts.csv")
_UNKNOWN_OVERDUE = timedelta(days=365)  # of a feed the table does not name


@dataclass(frozen=True, slots=True)
class FeedFacts:
    """``name`` of the feed, ``service`` its senders give, ``overdue``: the longest silence that is none."""

    feed: str
    name: str
    service: str
    overdue: timedelta
    not_sent: frozenset[str]


class FeedTable(dict[str, FeedFacts]):
    """Facts by feed, in the order in which services are listed; a feed nobody described is called by its code."""

    def __missing__(self, feed: str) -> FeedFacts:
        return FeedFacts(feed, feed, feed, _UNKNOWN_OVERDUE, frozenset())


def read_facts(rows: Iterable[Mapping[str, str]], on: date) -> FeedTable:
    """Facts in force on a day, from rows with the columns of ``feed_facts.csv``."""
    return FeedTable(
        (
            row["feed"],
            FeedFacts(
                row["feed"],
                row["name"],
                row["service"],
                timedelta(days=int(row["overdue_days"])),
                frozenset(filter(None, row["not_sent"].split(";"))),
            ),
        )
        for row in rows
        if date.fromisoformat(row["valid_from"]) <= on
        and (not row["valid_to"] or on <= date.fromisoformat(row["valid_to"]))
    )


@lru_cache(maxsize=4)
def feed_facts(on: date) -> FeedTable:
    """The shipped facts in force on a day."""
    with _TABLE.open(encoding="utf-8", newline="") as rows:
        return read_facts(csv.DictReader(rows), on)
