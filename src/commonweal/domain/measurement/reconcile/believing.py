"""Whether a total that does not add up is one: what a row's label, place, neighbours and figures say of it."""

from dataclasses import dataclass

import numpy as np

from commonweal.domain.measurement.reconcile.checking import Verdict
from commonweal.domain.measurement.reconcile.labels import STRONG, TOTALS, Role, exact_total, whole_of_parts
from commonweal.domain.measurement.reconcile.views import Flags, Floats, View

_PARTIAL = ("top ", "selected", "largest", "main ", "example", "of note", "highest", "lowest")


@dataclass(frozen=True)
class Reading:
    """One way to read a total: the mask of rows it takes from, and the stretch."""

    rows: Flags
    first: int
    last: int
    words: str


def accepted(view: View, t: int, reading: Reading, score: int, verdict: Verdict, value: Floats) -> bool:
    """Whether row ``t`` is believed to be a total by ``reading``, ``score`` of whose figures fit."""
    fails, tested = int(verdict.fails.sum()), int(verdict.tested.sum())
    role, label = view.record_roles[t], view.records[t]
    if not fails:
        return True
    counted = int(reading.rows[reading.first : reading.last].sum())
    if (view.value[t][verdict.tested] == counted).all():
        return False  # a row that says how many there are
    if role is Role.WHOLE:
        return (
            (score >= 2 and score >= 2 * fails)
            or (score >= max(1, fails) and whole_of_parts(label) and reading.last == t)
            or (
                (whole_of_parts(label) or score >= 1)
                and _closes(view, t, reading)
                and _near_sum(view, t, reading, verdict, value, 0.4)
            )
        )
    if score >= fails:
        return True
    if not exact_total(label):
        last = reading.last == t and (t + 1 == len(view.records) or view.blocks[t + 1] != view.blocks[t])
        return (
            (score >= 1 and not view.columns_are_records)
            or (score == 0 and tested == 1 and last and _alike(view, t, reading))
            or (_closes(view, t, reading) and _near_sum(view, t, reading, verdict, value, 0.6 if tested > 1 else 0.3))
        )
    if view.columns_are_records:
        return tested <= 2
    return not any(word in (view.title + " " + label).lower() for word in _PARTIAL)


def sister(
    view: View,
    t: int,
    reading: Reading,
    verdict: Verdict,
    value: Floats,
    held: list[tuple[int, Reading, Verdict, Floats, Floats]],
) -> bool:
    """Whether a total is one of several, of which another agrees."""
    return (
        view.record_roles[t] in STRONG
        and len(view.records[t].split()) <= 3
        and any(not other.fails.any() and other.fits.any() for _, _, other, _, _ in held)
        and _near_sum(view, t, reading, verdict, value, 0.6, 2)
    )


def _closes(view: View, t: int, reading: Reading) -> bool:
    """Whether nothing but totals and notes follows a total row on the way to the end of its block."""
    after = range(t + 1, len(view.records))
    return (
        not view.columns_are_records
        and reading.last == t
        and all(
            view.blocks[r] != view.blocks[t] or view.record_roles[r] in TOTALS or not np.isfinite(view.value[r]).any()
            for r in after
        )
    )


def _near_sum(
    view: View, t: int, reading: Reading, verdict: Verdict, value: Floats, within: float, least: int = 3
) -> bool:
    """Whether every figure that fails is beyond all its parts and near their sum: no average, no item of many."""
    rows = reading.rows[reading.first : reading.last]
    if rows.sum() < least:
        return False
    for f in np.flatnonzero(verdict.fails):
        parts = view.value[reading.first : reading.last, f][rows]
        parts = parts[np.isfinite(parts)]
        printed, total = float(view.value[t, f]), float(value[f])
        if len(parts) < least or parts.min() < 0 or printed <= parts.max() or abs(printed - total) > within * total:
            return False
    return True


def _alike(view: View, t: int, reading: Reading) -> bool:
    """Whether a lone column lists things of one kind, its total not far off: else 'total X' may be one item of many."""
    f = int(np.flatnonzero(np.isfinite(view.value[t]))[0])
    parts = view.value[reading.first : reading.last, f][reading.rows[reading.first : reading.last]]
    parts = parts[np.isfinite(parts)]
    total = float(view.value[t, f])
    words = {record.split()[0].lower() for record in view.records if record}
    return len(parts) >= 2 and len(words) > 1 and bool(abs(total - parts.sum()) <= 0.5 * abs(parts.sum()))


def rounded_figures(view: View, held: list[tuple[int, Reading, Verdict, Floats, Floats]]) -> bool:
    """Whether whole numbers of this table must have been rounded: many of its sums are a little out, not just one."""
    little = tested = 0
    for t, reading, verdict, value, _ in held:
        gap = np.abs(view.value[t] - value)
        parts = int(reading.rows[reading.first : reading.last].sum())
        exact = verdict.tested & (view.half[t] == 0)
        tested += int(exact.sum())
        little += int((exact & (gap > 0.5) & (gap <= (parts + 1) / 2)).sum())
    return tested >= 4 and little >= 3 and little >= 0.3 * tested
