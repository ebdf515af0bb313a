"""Which mapping a file is read with: today's for a new one, and for one that has landed exactly the one it had.

Mappings are shipped with the code and kept in ``feeds`` of the home folder. What a file was read with is stored once,
by its digest, and the receipt names it: an edited file changes no past day.
"""

from datetime import date
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from commonweal.apps.exchange.errors import NoMapping
from commonweal.apps.exchange.models import MappingVersion, Receipt
from commonweal.feeds.mapped.kinds import Kind, kinds
from commonweal.feeds.mapped.library import SHIPPED, Library, Version, restored
from commonweal.feeds.mapped.reading import Plan


def own_folder() -> Path:
    """Where this installation keeps the mappings of its suppliers."""
    return Path(settings.COMMONWEAL_HOME) / "feeds"


def library() -> Library:
    """Every mapping, checked for today. Raises ``MappingFault`` on the first that cannot be followed."""
    folders = (SHIPPED, own_folder())
    stamps = tuple(
        (str(path), path.stat().st_mtime_ns)
        for folder in folders
        for path in sorted(folder.rglob("*.*"))
        if path.is_file()
    )
    return _library(folders, stamps, settings.COMMONWEAL_NOW().date())


@lru_cache(maxsize=2)
def _library(folders: tuple[Path, ...], stamps: tuple[tuple[str, int], ...], on: date) -> Library:
    return Library(folders, on)


def kind_of(feed: str) -> Kind | None:
    """The kind of a feed that is read by a mapping, ``None`` for one that has a reader of its own."""
    return kinds().get(feed)


def for_analysis(feed: str) -> bool:
    """Whether a feed goes only through the pseudonymising door, and never into the care record."""
    kind = kinds().get(feed)
    return kind is not None and kind.zone == "analysis"


def analysis_feeds() -> list[str]:
    """The feeds that go only through that door."""
    return sorted(name for name, kind in kinds().items() if kind.zone == "analysis")


def current(feed: str, source: str, on: date | None = None) -> Version:
    """The mapping for a file of ``source`` received on a day, today unless said. Raises ``NoMapping``."""
    day = on or settings.COMMONWEAL_NOW().date()
    found = library().choose(feed, source, day)
    if found is None:
        raise NoMapping(
            f"no mapping of {feed} is for {source} on {day.isoformat()}; make one with commonweal feeds new SAMPLE.csv"
        )
    return found


def of_receipt(receipt: Receipt) -> Version:
    """What a landed file was read with, or for one not begun what it is to be read with, which is kept."""
    if receipt.mapping:
        return restored(MappingVersion.objects.get(digest=receipt.mapping).text)
    version = current(receipt.feed, receipt.source, receipt.received_at.date())
    keep(receipt, version)
    return version


def keep(receipt: Receipt, version: Version) -> None:
    """Note on a receipt what it is read with."""
    MappingVersion.objects.bulk_create(
        [MappingVersion(digest=version.digest, label=version.mapping.label, text=version.text)], ignore_conflicts=True
    )
    Receipt.objects.filter(pk=receipt.pk).update(mapping=version.digest)
    receipt.mapping = version.digest


def plan_of(receipt: Receipt) -> Plan | None:
    """What a receipt's file is or was read with, ``None`` for a feed that has a reader of its own."""
    return of_receipt(receipt).plan if kind_of(receipt.feed) is not None else None


def plan_today(receipt: Receipt) -> Plan | None:
    """What a receipt's file would be read with today, as ``plan_of``."""
    return current(receipt.feed, receipt.source).plan if kind_of(receipt.feed) is not None else None
