"""When a relationship or a restriction holds."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Relationship:
    """An organisation's relationship with one compartment, from ``start`` to the end of the day ``end``.

    ``feed``: of the source, by which it came; empty where it came by none.
    """

    organisation: str
    compartment_id: int
    kind: str
    start: date
    end: date | None = None
    feed: str = ""


def holds(starts_at: datetime, ends_at: datetime | None, now: datetime) -> bool:
    """Whether a period that begins at ``starts_at`` and stops just before ``ends_at`` covers ``now``."""
    return starts_at <= now and (ends_at is None or now < ends_at)
