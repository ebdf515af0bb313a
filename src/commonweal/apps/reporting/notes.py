"""Comments, reasons and actions on the figures of a report: each change with its permission check and its audit row."""

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings

from commonweal.apps.access import api as access
from commonweal.apps.measurement import api as measurement
from commonweal.apps.reporting.models import NoteRow, StepRow
from commonweal.domain.errors import CommonwealError
from commonweal.domain.reporting.workflow import ACTION, after

KINDS = {"comment": "Comment", "reason": "Why it stands so", "action": "Action"}
_LONGEST = 2000


class BadNoteError(CommonwealError):
    """A comment, reason or action that cannot be kept as sent; ``field`` is the box to mend."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an action: who took it, when, why, and the state it led to."""

    step: str
    state: str
    why: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """A comment, reason or action. ``steps`` are those taken, ``next`` those the state allows."""

    number: int
    period: str
    indicator: str
    kind: str
    text: str
    owner: str
    due: date | None
    state: str
    by: str
    at: datetime
    steps: tuple[Step, ...]
    next: tuple[str, ...]


def notes(period: str | None = None, indicator: str | None = None) -> list[Note]:
    """Those of a reporting month or an indicator, oldest first."""
    rows = NoteRow.objects.order_by("id").prefetch_related("steprow_set")
    if period is not None:
        rows = rows.filter(period=period)
    if indicator is not None:
        rows = rows.filter(indicator=indicator)
    return [_note(row) for row in rows]


def _note(row: NoteRow) -> Note:
    steps = tuple(
        Step(one.step, one.state, one.why, one.taken_name, one.taken_at)
        for one in sorted(row.steprow_set.all(), key=lambda one: int(one.pk))
    )
    return Note(
        number=int(row.pk),
        period=row.period,
        indicator=row.indicator,
        kind=row.kind,
        text=row.text,
        owner=row.owner,
        due=row.due,
        state=row.state,
        by=row.written_name,
        at=row.written_at,
        steps=steps,
        next=tuple(ACTION.get(row.state, {})) if row.kind == "action" else (),
    )


def write(
    actor: access.Actor, period: str, indicator: str, kind: str, text: str, owner: str = "", due: date | None = None
) -> int:
    """Keep a comment, a reason or an action on an indicator as reported in ``period``. Its number.

    Raises ``access.Refused``, or ``BadNoteError``: no text, no such kind or indicator, an action without an owner or
    a day it is due.
    """
    said = " ".join(text.split())[:_LONGEST]
    if kind not in KINDS:
        raise BadNoteError("kind", "Choose whether this is a comment, a reason or an action")
    if not said:
        raise BadNoteError("text", "Write what is to be kept")
    if kind == "action" and not owner.strip():
        raise BadNoteError("owner", "Say who owns the action: a role or a group")
    if kind == "action" and due is None:
        raise BadNoteError("due", "Say by which day the action is due, like 31 12 2026")
    with access.session(actor, access.default_purpose(actor), "note on figure", f"{period} {indicator}") as session:
        session.require(access.Action.ANNOTATE_FIGURES)
        if not measurement.versions(indicator):
            raise BadNoteError("text", f"there is no indicator {indicator}")
        row = NoteRow.objects.create(
            period=period,
            indicator=indicator,
            kind=kind,
            text=said,
            owner=" ".join(owner.split())[:200] if kind == "action" else "",
            due=due if kind == "action" else None,
            state="open" if kind == "action" else "",
            written_by=actor.key,
            written_name=actor.name,
            written_at=settings.COMMONWEAL_NOW(),
        )
    return int(row.pk)


def take(actor: access.Actor, number: int, step: str, why: str = "") -> str:
    """Take a step of an action. Its state after.

    Raises ``access.Refused``, ``BadNoteError`` for no such action, or ``TransitionError``.
    """
    with access.session(actor, access.default_purpose(actor), "step of action", str(number)) as session:
        session.require(access.Action.ANNOTATE_FIGURES)
        row = NoteRow.objects.select_for_update().filter(pk=number, kind="action").first()
        if row is None:
            raise BadNoteError("text", f"there is no action {number}")
        row.state = after(ACTION, row.state, step)
        row.save(update_fields=["state"])
        StepRow.objects.create(
            note=row,
            step=step,
            state=row.state,
            why=" ".join(why.split())[:_LONGEST],
            taken_by=actor.key,
            taken_name=actor.name,
            taken_at=settings.COMMONWEAL_NOW(),
        )
    return str(row.state)
