"""Changing definitions: one person proposes, another approves, and the history keeps every form they had.

Callers hold the permission check and the audit row (``performance.registry``); the database holds the rest: no
change is approved by who proposed it, and the role that serves people writes no definition without one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from commonweal.apps.measurement.actions import stored
from commonweal.apps.measurement.models import ChangeRow, HistoryRow, IndicatorRow
from commonweal.apps.measurement.selectors import versions
from commonweal.domain.errors import CommonwealError
from commonweal.domain.measurement.definitions import NAMES, as_plain, changes, read_definition
from commonweal.domain.measurement.figures import Indicator


class ReviewError(CommonwealError):
    """A change of a definition that cannot be proposed or decided as asked."""


@dataclass(frozen=True, slots=True)
class Who:
    """Whoever acts: the key the audit knows, and the name a reader sees."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Change:
    """A proposed definition and what became of it; ``differs`` is (field, now or then, proposed)."""

    number: int
    proposed: Indicator
    reason: str
    proposed_by: str
    proposed_name: str
    proposed_at: datetime
    state: str
    reviewed_name: str
    reviewed_at: datetime | None
    review_note: str
    differs: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Past:
    """One form a definition had: since when it stood so, by which change (None: loaded from a file)."""

    indicator: Indicator
    changed_at: datetime
    change: int | None
    differs: tuple[tuple[str, str, str], ...]


def propose(indicator: Indicator, reason: str, who: Who, now: datetime) -> int:
    """Keep a proposed definition for somebody else to review. Its number.

    Raises ``ReviewError`` without a reason, when nothing would change, or when an equal proposal is waiting.
    """
    stated = " ".join(reason.split())
    if not stated:
        raise ReviewError("say why the definition changes, so that the reviewer and later readers know")
    standing = _standing(indicator)
    if standing == indicator:
        raise ReviewError("nothing differs from the definition as it stands")
    body = as_plain(indicator)
    if ChangeRow.objects.filter(code=indicator.code, state="proposed", body=body).exists():
        raise ReviewError("the same change is already waiting for review")
    row = ChangeRow.objects.create(
        code=indicator.code,
        body=body,
        reason=stated[:1000],
        proposed_by=who.key,
        proposed_name=who.name,
        proposed_at=now,
    )
    return int(row.pk)


def decide(number: int, *, approve: bool, note: str, who: Who, now: datetime) -> Indicator:
    """Approve or reject a proposal; an approved one is in force by its dates at once. The definition proposed.

    Raises ``ReviewError`` for one's own proposal, one decided before, none of that number, or a rejection without
    a reason.
    """
    with transaction.atomic():
        row = ChangeRow.objects.select_for_update().filter(pk=number).first()
        if row is None:
            raise ReviewError(f"there is no change {number}")
        if row.state != "proposed":
            raise ReviewError(f"this change was {row.state} before; open the definition to see how it stands")
        if row.proposed_by == who.key:
            raise ReviewError("somebody else has to review a change you proposed")
        said = " ".join(note.split())[:1000]
        if not approve and not said:
            raise ReviewError("say why the change is rejected, so that its author can mend it")
        row.state = "approved" if approve else "rejected"
        row.reviewed_by, row.reviewed_name, row.reviewed_at, row.review_note = who.key, who.name, now, said
        row.save(update_fields=["state", "reviewed_by", "reviewed_name", "reviewed_at", "review_note"])
        proposed = read_definition(row.body)
        if approve:
            IndicatorRow.objects.update_or_create(
                code=proposed.code, valid_from=proposed.valid_from, defaults={**stored(proposed), "change": row}
            )
    return proposed


def withdraw(number: int, who: Who) -> None:
    """Take one's own waiting proposal back. Raises ``ReviewError`` for anybody else's, or a decided one."""
    changed = ChangeRow.objects.filter(pk=number, state="proposed", proposed_by=who.key).update(state="withdrawn")
    if not changed:
        raise ReviewError("only its author withdraws a change, and only while it waits")


def proposals(code: str | None = None, state: str | None = None) -> list[Change]:
    """Changes proposed, newest first; of one indicator or one state if asked."""
    rows = ChangeRow.objects.order_by("-id")
    if code is not None:
        rows = rows.filter(code=code)
    if state is not None:
        rows = rows.filter(state=state)
    return [_change(row) for row in rows]


def proposal(number: int) -> Change | None:
    """One change, by its number."""
    row = ChangeRow.objects.filter(pk=number).first()
    return None if row is None else _change(row)


def history(code: str) -> list[Past]:
    """Every form the definitions of a code have had, newest first, each with what changed in it."""
    before: dict[Any, Indicator] = {}
    found = []
    for row in HistoryRow.objects.filter(code=code).order_by("id"):
        indicator = read_definition({name: row.body.get(name) for name in NAMES if row.body.get(name) is not None})
        earlier = before.get(row.valid_from)
        found.append(Past(indicator, row.changed_at, row.change_id, tuple(changes(earlier, indicator))))
        before[row.valid_from] = indicator
    return found[::-1]


def plan(indicators: Iterable[Indicator]) -> list[tuple[Indicator, Indicator | None]]:
    """Each definition of a file that is new or differs from what stands, with what stands (None: nothing)."""
    return [(one, standing) for one in indicators if (standing := _standing(one)) != one]


def _standing(indicator: Indicator) -> Indicator | None:
    """The stored definition with the same code and first day, as it was written: its end as entered."""
    row = IndicatorRow.objects.filter(code=indicator.code, valid_from=indicator.valid_from).first()
    if row is None:
        return None
    return read_definition({name: getattr(row, name) for name in NAMES if getattr(row, name) is not None})


def _change(row: ChangeRow) -> Change:
    proposed = read_definition(row.body)
    before = _before(proposed, row)
    return Change(
        number=int(row.pk),
        proposed=proposed,
        reason=row.reason,
        proposed_by=row.proposed_by,
        proposed_name=row.proposed_name,
        proposed_at=row.proposed_at,
        state=row.state,
        reviewed_name=row.reviewed_name,
        reviewed_at=row.reviewed_at,
        review_note=row.review_note,
        differs=tuple(changes(before, proposed)),
    )


def _before(proposed: Indicator, row: ChangeRow) -> Indicator | None:
    """What the change is compared with: the definition it amends, or the latest one it follows.

    Of a change decided long ago, the form just before it, which the history has.
    """
    if row.state == "approved":
        forms = history(proposed.code)[::-1]
        place = next((n for n, one in enumerate(forms) if one.change == row.pk), 0)
        earlier = [one.indicator for one in forms[:place]]
        same = [one for one in earlier if one.valid_from == proposed.valid_from]
        return next(iter((same or earlier)[::-1]), None)
    same_day = _standing(proposed)
    return same_day or next(iter(versions(proposed.code)[::-1]), None)
