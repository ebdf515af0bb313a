"""Deciding that an indicator's lines are computed afresh from a day on: one person proposes, another decides.

A recalibration hides whatever changed before it, so it is dated, has a reason a reader can judge, and is nobody's
decision alone; the database holds to the second person. Callers hold the permission check and the audit row.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from commonweal.apps.measurement.models import IndicatorRow, RecalibrationRow
from commonweal.apps.measurement.registry import ReviewError, Who

_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Recalibrating:
    """A recalibration and what became of it; with ``until`` the lines come from the points up to that day alone."""

    number: int
    indicator: str
    start: date
    until: date | None
    reason: str
    state: str
    proposed_by: str
    proposed_name: str
    proposed_at: datetime
    reviewed_name: str
    reviewed_at: datetime | None
    review_note: str


def propose_recalibration(indicator: str, start: date, until: date | None, reason: str, who: Who, now: datetime) -> int:
    """Put a recalibration forward for somebody else to decide. Its number.

    Raises ``ReviewError`` without a reason, for an unknown indicator, an end before the start, a start still to come,
    or where one from that day stands or waits.
    """
    stated = " ".join(reason.split())[:_LONGEST]
    if not stated:
        raise ReviewError("say what changed on that day, so that the reviewer and later readers know")
    if not IndicatorRow.objects.filter(code=indicator).exists():
        raise ReviewError(f"no indicator {indicator} is defined")
    if until is not None and until < start:
        raise ReviewError("the last day of the baseline is before its first")
    if start > now.date():
        raise ReviewError("lines are computed afresh from a day that has been, not from one to come")
    waiting = RecalibrationRow.objects.filter(indicator=indicator, start=start, state__in=["proposed", "approved"])
    if waiting.exists():
        raise ReviewError(f"a recalibration from {start} stands or waits already")
    row = RecalibrationRow.objects.create(
        indicator=indicator,
        start=start,
        until=until,
        reason=stated,
        proposed_by=who.key,
        proposed_name=who.name,
        proposed_at=now,
    )
    return int(row.pk)


def decide_recalibration(number: int, *, approve: bool, note: str, who: Who, now: datetime) -> Recalibrating:
    """Approve or reject one; approved, it counts at once. Raises ``ReviewError`` as ``decide`` of a definition does."""
    with transaction.atomic():
        row = RecalibrationRow.objects.select_for_update().filter(pk=number).first()
        if row is None:
            raise ReviewError(f"there is no recalibration {number}")
        if row.state != "proposed":
            raise ReviewError(f"this recalibration was {row.state} before")
        if row.proposed_by == who.key:
            raise ReviewError("somebody else has to decide a recalibration you proposed")
        said = " ".join(note.split())[:_LONGEST]
        if not approve and not said:
            raise ReviewError("say why it is rejected, so that whoever proposed it knows")
        row.state = "approved" if approve else "rejected"
        row.reviewed_by, row.reviewed_name, row.reviewed_at, row.review_note = who.key, who.name, now, said
        row.save(update_fields=["state", "reviewed_by", "reviewed_name", "reviewed_at", "review_note"])
    return _of(row)


def withdraw_recalibration(number: int, who: Who) -> None:
    """Take one's own waiting proposal back. Raises ``ReviewError`` for anybody else's, or a decided one."""
    waiting = RecalibrationRow.objects.filter(pk=number, state="proposed", proposed_by=who.key)
    if not waiting.update(state="withdrawn"):
        raise ReviewError("only who proposed it withdraws it, and only while it waits")


def recalibrations(indicator: str | None = None, state: str | None = None) -> list[Recalibrating]:
    """Every one, by day; of one indicator or one state if asked."""
    rows = RecalibrationRow.objects.order_by("indicator", "start", "id")
    if indicator is not None:
        rows = rows.filter(indicator=indicator)
    if state is not None:
        rows = rows.filter(state=state)
    return [_of(row) for row in rows]


def _of(row: RecalibrationRow) -> Recalibrating:
    return Recalibrating(
        int(row.pk),
        row.indicator,
        row.start,
        row.until,
        row.reason,
        row.state,
        row.proposed_by,
        row.proposed_name,
        row.proposed_at,
        row.reviewed_name,
        row.reviewed_at,
        row.review_note,
    )
