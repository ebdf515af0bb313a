"""Whose a feed is: who is told when it stops. Dated rows, the most particular first.

``owners.csv`` in ``feeds`` of the home folder, with the columns feed, source, organisation, team, account, valid_from,
valid_to: ``feed`` and ``source`` empty for any; ``organisation`` an ODS code; ``team`` and ``account`` (a user name)
empty for the whole organisation; days both included, ``valid_to`` empty for no end. A feed with no row is the
administrators'.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from commonweal.apps.exchange import dated
from commonweal.apps.exchange.arriving import ODS_CODE
from commonweal.apps.exchange.errors import BadOwners
from commonweal.apps.exchange.mappings import own_folder

COLUMNS = ("feed", "source", "organisation", "team", "account", "valid_from", "valid_to")


@dataclass(frozen=True, slots=True)
class Owner:
    """One row. ``account``: a user name, or empty; then the ``team``, and without one the whole organisation."""

    feed: str
    source: str
    organisation: str
    team: str
    account: str
    valid_from: date = date.min
    valid_to: date = date.max

    @property
    def words(self) -> str:
        """The owner as a reader is told."""
        return ", ".join(one for one in (self.account, self.team, self.organisation) if one)

    def owns(self, feed: str, source: str, on: date) -> bool:
        """Whether it is the owner of a source's feed on a day, if no row is more particular."""
        there = self.feed in ("", feed) and self.source in ("", source)
        return there and self.valid_from <= on <= self.valid_to


def owner_of(feed: str, source: str, on: date) -> Owner | None:
    """Whose a source's feed is on a day; a row that names the source counts before one that names the feed alone.

    Raises ``BadOwners``.
    """
    return owner_among(owners(), feed, source, on)


def owner_among(rows: Iterable[Owner], feed: str, source: str, on: date) -> Owner | None:
    """The same of rows that were read already."""
    found = [one for one in rows if one.owns(feed, source, on)]
    return max(found, key=lambda one: (bool(one.source), bool(one.feed)), default=None)


def owners() -> list[Owner]:
    """Every row of this installation's file, in its order. Raises ``BadOwners``."""
    path = own_folder() / "owners.csv"
    return read(path) if path.exists() else []


def load_owners(path: Path) -> list[Owner]:
    """Replace the installation's file by this one, whole or not at all. Raises ``BadOwners``; then nothing changes."""
    found = read(path)
    place = own_folder() / "owners.csv"
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_suffix(".new")
    beside.write_bytes(path.read_bytes())
    os.replace(beside, place)
    return found


def read(path: Path) -> list[Owner]:
    """The rows of a file. Raises ``BadOwners`` naming the line and what to do."""
    found = [(where, _owner(where, cells)) for where, cells in dated.rows(path, COLUMNS, BadOwners)]
    return dated.once_a_day(found, lambda one: (one.feed, one.source), "the feed has two owners", BadOwners)


def _owner(where: str, cells: Mapping[str, str]) -> Owner:
    if not ODS_CODE.fullmatch(cells["organisation"]):
        raise BadOwners(f"{where}: give the ODS code of the organisation that owns the feed")
    first, last = dated.days(where, cells, BadOwners)
    return Owner(
        cells["feed"], cells["source"], cells["organisation"], cells["team"], cells["account"].casefold(), first, last
    )
