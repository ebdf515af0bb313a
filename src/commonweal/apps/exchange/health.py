"""How every feed is, and notices to the integration engineers about those that are not well. No person's data.

Schedules and limits are dated tables; a ``schedules.csv`` in ``feeds`` of the home folder adds rows for single sources,
which count before the shipped ones. A notice is raised once, stands until what it says is over, and is then closed.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from commonweal.apps.exchange.errors import BadSchedule
from commonweal.apps.exchange.mappings import own_folder
from commonweal.apps.exchange.models import Notice, Receipt
from commonweal.apps.exchange.reading import BY_INTERFACE
from commonweal.domain.exchange.health import Arrival, Health, Schedule, health

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class NoticeView:
    """An operational notice: which feed, what is wrong, since when; ``closed_at`` None while it stands."""

    source: str
    feed: str
    trouble: str
    message: str
    raised_at: datetime
    closed_at: datetime | None
    id: int = 0


def schedules(on: date) -> dict[tuple[str, str], Schedule]:
    """Schedules in force on a day by (feed, source), '' for any source. Raises ``BadSchedule``."""
    found: dict[tuple[str, str], Schedule] = {}
    for path in (_HERE / "schedules.csv", own_folder() / "schedules.csv"):
        for row in _in_force(path, on):
            try:
                every, grace = (timedelta(days=float(row[name])) for name in ("every_days", "grace_days"))
            except (KeyError, TypeError, ValueError):
                raise BadSchedule(f"{path.name}: every_days and grace_days must be numbers of days") from None
            found[row["feed"], row["source"]] = Schedule(row["feed"], every, grace, row["source"], row["why"])
    return found


def _in_force(path: Path, on: date) -> Iterable[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    day = on.isoformat()
    try:
        return [row for row in rows if row["valid_from"] <= day <= (row["valid_to"] or "9999-12-31")]
    except (KeyError, TypeError):
        raise BadSchedule(f"{path.name}: must have the columns valid_from and valid_to") from None


def feeds_health() -> list[Health]:
    """Every source's feed that has sent something, or of which a schedule names the source; the troubled first."""
    now = settings.COMMONWEAL_NOW()
    known = schedules(now.date())
    limits = {row["name"]: float(row["amount"]) for row in _in_force(_HERE / "health_limits.csv", now.date())}
    arrived: dict[tuple[str, str], list[Arrival]] = {(source, feed): [] for feed, source in known if source}
    rows = Receipt.objects.filter(received_at__lte=now).exclude(feed=BY_INTERFACE)
    for source, feed, at, read, aside, said in rows.values_list(
        "source", "feed", "received_at", "read", "quarantined", "filled"
    ):
        arrived.setdefault((source, feed), []).append(Arrival(at, read, aside, said))
    found = [
        health(source, feed, arrivals, known.get((feed, source)) or known.get((feed, "")), now, limits)
        for (source, feed), arrivals in arrived.items()
    ]
    return sorted(found, key=lambda one: (not one.troubles, one.feed, one.source))


def watch() -> list[NoticeView]:
    """Raise a notice for each new trouble, close those that are over; the notices that stand."""
    now = settings.COMMONWEAL_NOW()
    wrong = {(one.source, one.feed, trouble.value): text for one in feeds_health() for trouble, text in one.troubles}
    with transaction.atomic():
        held = Notice.objects.select_for_update().filter(closed_at=None)
        standing = {(one.source, one.feed, one.trouble): one for one in held}
        for key in standing.keys() - wrong.keys():
            Notice.objects.filter(pk=standing[key].pk).update(closed_at=now)
        for key, text in wrong.items():
            if key not in standing:
                source, feed, trouble = key
                Notice.objects.create(source=source, feed=feed, trouble=trouble, message=text, raised_at=now)
            elif standing[key].message != text:
                Notice.objects.filter(pk=standing[key].pk).update(message=text)
    return notices(standing=True, limit=None)


def notices(*, standing: bool = False, limit: int | None = 50) -> list[NoticeView]:
    """Notices, those that stand first, then the latest; ``limit`` None for all."""
    found = Notice.objects.order_by("-raised_at", "-pk")
    if standing:
        found = found.filter(closed_at=None)
    rows = found.values_list("source", "feed", "trouble", "message", "raised_at", "closed_at", "pk")[:limit]
    return sorted((NoticeView(*row) for row in rows), key=lambda one: one.closed_at is not None)
