"""Figures that were said otherwise before: by a later file for the same month, or by a later month's report."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from commonweal.apps.measurement.actions import put
from commonweal.apps.measurement.models import EarlierRow, MeasurementRow
from commonweal.domain.measurement.figures import Measurement

_KEY = ("indicator", "footprint_kind", "footprint", "period", "lens", "category", "kind")
_SAID = ("reported", "value", "state", "printed", "source_file", "source_line")


@dataclass(frozen=True, slots=True)
class Restated:
    """One figure as it was and as it is now; ``when`` is the moment, or the month of the report, that changed it."""

    footprint: str
    period: str
    lens: str
    category: str
    kind: str
    before: Decimal | None
    before_state: str
    before_source: str
    now: Decimal | None
    now_state: str
    by: str
    when: str


def keep_restated(source_key: str, figures: Iterable[Measurement], *, by: str, now: datetime) -> int:
    """Keep what stands under ``source_key`` wherever ``figures``, about to replace it, say otherwise. How many.

    A figure that is left out counts as said otherwise; one that is new does not.
    """
    coming = {tuple(str(getattr(one, name)) for name in _KEY): one for one in figures}
    kept = []
    for row in MeasurementRow.objects.filter(source_key=source_key).order_by("id").values(*_KEY, *_SAID):
        after = coming.get(tuple(row[name] for name in _KEY))
        if after is not None and (after.value, str(after.state)) == (row["value"], row["state"]):
            continue
        kept.append(
            EarlierRow(
                **row | {"printed": row["printed"] or ""},
                source_key=source_key,
                now_value=after.value if after else None,
                now_state=str(after.state) if after else "",
                replaced_by=by,
                replaced_at=now,
            )
        )
    EarlierRow.objects.bulk_create(kept)
    return len(kept)


def put_restating(source_key: str, figures: Sequence[Measurement], *, by: str, now: datetime) -> int:
    """Put figures in place of what ``source_key`` said before, and keep what they change. How many changed.

    Raises as ``put`` does; then nothing is changed or kept.
    """
    with transaction.atomic():
        kept = keep_restated(source_key, figures, by=by, now=now)
        put(source_key, figures)
    return kept


def restated(indicator: str) -> list[Restated]:
    """Every figure of an indicator that was said otherwise before, newest change first."""
    found = [
        Restated(
            row.footprint,
            row.period,
            row.lens,
            row.category,
            row.kind,
            row.value,
            row.state,
            f"{row.source_file} {row.source_line}",
            row.now_value,
            row.now_state or "left out",
            row.replaced_by,
            f"{row.replaced_at:%Y-%m-%d}",
        )
        for row in EarlierRow.objects.filter(indicator=indicator).order_by("-id")
    ]
    before: dict[tuple[str, ...], dict[str, object]] = {}
    later = []
    rows = MeasurementRow.objects.filter(indicator=indicator).order_by("reported", "id")
    for row in rows.values(*_KEY, *_SAID):
        key = tuple(row[name] for name in _KEY)
        old = before.get(key)
        if old is not None and old["reported"] != row["reported"] and old["value"] != row["value"]:
            later.append(
                Restated(
                    row["footprint"],
                    row["period"],
                    row["lens"],
                    row["category"],
                    row["kind"],
                    old["value"] if isinstance(old["value"], Decimal) else None,
                    str(old["state"]),
                    f"{old['source_file']} {old['source_line']}",
                    row["value"],
                    row["state"],
                    f"{row['source_file']} {row['source_line']}",
                    row["reported"],
                )
            )
        before[key] = row
    return sorted([*found, *later], key=lambda one: one.when, reverse=True)
