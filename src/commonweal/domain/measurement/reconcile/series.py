"""Rows that follow from the rows before them: running totals, growth on the row before, averages of all rows."""

import re
from collections.abc import Callable, Iterator

import numpy as np

from commonweal.domain.measurement.reconcile.checking import Verdict, finding, judge
from commonweal.domain.measurement.reconcile.labels import TOTALS, Role
from commonweal.domain.measurement.reconcile.sheets import TableFinding
from commonweal.domain.measurement.reconcile.views import Floats, View

_STATISTICS: dict[Role, Callable[[Floats], np.float64]] = {
    Role.AVERAGE: np.mean,
    Role.MEDIAN: np.median,
    Role.LEAST: np.min,
    Role.MOST: np.max,
}


def running(view: View) -> Iterator[TableFinding]:
    """Cumulative columns, each the one before it plus a column beside it; and growth on the row before."""
    if view.columns_are_records:
        return
    rows = np.array([r for r, role in enumerate(view.record_roles) if role is Role.ITEM], dtype=np.int64)
    if len(rows) < 3:
        return
    for f, role in enumerate(view.field_roles):
        label = view.fields[f].lower()
        if role is Role.CUMULATIVE or "ytd" in label.split() or "year to date" in label:
            yield from _cumulative(view, f, rows)
        elif role is Role.VARIANCE_PERCENT:
            yield from _growth(view, f, rows)


def _cumulative(view: View, f: int, rows: np.typing.NDArray[np.int64]) -> Iterator[TableFinding]:
    printed = view.value[rows, f]
    for g in _beside(view, f):
        amount, half = view.value[rows, g], view.half[rows, g] + view.half[rows, f]
        middle = np.concatenate([[np.nan], printed[:-1] + amount[1:]])
        middle[0] = amount[0]
        verdict = judge(printed, view.step[rows, f], middle - half, middle, middle + half)
        if int(verdict.fits.sum()) >= 3 and int(verdict.fits.sum()) >= 2 * int(verdict.fails.sum()):
            words = f"the row above and {view.fields[g]} of this row make"
            yield from _report(view, rows, f, "cumulative-is-running-total", middle, verdict, words)
            return


def _growth(view: View, f: int, rows: np.typing.NDArray[np.int64]) -> Iterator[TableFinding]:
    printed = view.value[rows, f]
    for g in _beside(view, f):
        if view.percent[rows, g].mean() > 0.5:
            continue
        level, half = view.value[rows, g], view.half[rows, g]
        with np.errstate(all="ignore"):
            before = np.where(level[:-1] > half[:-1], level[:-1], np.nan)
            low = np.concatenate([[np.nan], ((level[1:] - half[1:]) / (before + half[:-1]) - 1) * 100])
            high = np.concatenate([[np.nan], ((level[1:] + half[1:]) / (before - half[:-1]) - 1) * 100])
            middle = np.concatenate([[np.nan], (level[1:] / before - 1) * 100])
        verdict = judge(printed, view.step[rows, f], low, middle, high)
        if int(verdict.agrees.sum()) >= 3 and int(verdict.fits.sum()) >= 2 * int(verdict.fails.sum()):
            words = f"{view.fields[g]} on the row above gives"
            yield from _report(view, rows, f, "variance-percent-is-variance-over-plan", middle, verdict, words)
            return


def _beside(view: View, f: int) -> list[int]:
    fits = [
        g for g, role in enumerate(view.field_roles) if g != f and role in {Role.ITEM, Role.ACTUAL, Role.PLAN} | TOTALS
    ]
    return sorted(fits, key=lambda g: abs(g - f))


def _report(
    view: View, rows: np.typing.NDArray[np.int64], f: int, rule: str, middle: Floats, verdict: Verdict, words: str
) -> Iterator[TableFinding]:
    for at in map(int, np.flatnonzero(verdict.tested & ~verdict.agrees)):
        yield finding(view, int(rows[at]), f, rule, float(middle[at]), words, near=bool(verdict.near[at]))


def statistics(view: View) -> Iterator[TableFinding]:
    """Rows (columns, in a turned view) labelled average, median, lowest or highest."""
    if view.columns_are_records:
        items = [r for r, role in enumerate(view.record_roles) if role in {Role.ITEM, Role.ACTUAL}]
    else:
        items = [r for r, role in enumerate(view.record_roles) if role is Role.ITEM]
    for t, role in enumerate(view.record_roles):
        what = _STATISTICS.get(role)
        if what is None:
            continue
        parts = [r for r in items if r < t]
        if len(parts) < 2 or (view.columns_are_records and not _bare(view.records[t])):
            continue
        fits: list[tuple[int, float, float]] = []
        fails: list[tuple[int, float]] = []
        for f in range(len(view.fields)):
            cells, half = view.value[parts, f], view.half[parts, f]
            cells, half = cells[np.isfinite(cells)], half[np.isfinite(cells)]
            if len(cells) < 2 or not np.isfinite(view.value[t, f]):
                continue
            computed, slack = float(what(cells)), float(half.mean() if role is Role.AVERAGE else half.max())
            step, printed = float(view.step[t, f]), float(view.value[t, f])
            if abs(printed - computed) <= step / 2 + slack + 1e-9 * max(1.0, abs(computed)):
                fits.append((f, computed, printed))
            elif not (role is Role.AVERAGE and _weighted(view, t, f, parts)):
                fails.append((f, computed))
        alone = not fits and len(fails) <= 1 and not view.columns_are_records and not view.percent[t].any()
        if (fits and len(fits) >= len(fails)) or alone:
            for f, computed in fails:
                words = f"the {role} of the {'columns' if view.columns_are_records else 'rows'} is"
                yield finding(view, t, f, "average-of-its-parts", computed, words)


_BARE = re.compile(
    r"(?:(?:monthly|weekly|quarterly|annual|yearly|daily|row|\d+[ -](?:month|week|quarter|year|day)) )?(?:average|mean|"
    r"avg)\.?(?: (?:per|a|each) (?:period|month|week|quarter|year|day))?"
    r"|median|min(?:imum)?|max(?:imum)?|lowest|highest"
)


def _bare(label: str) -> bool:
    return bool(_BARE.fullmatch(label.strip().lower()))


def _weighted(view: View, t: int, f: int, parts: list[int]) -> bool:
    """Whether the average is one weighted by another column, such as a rate weighted by its denominators."""
    for g in range(len(view.fields)):
        weights = view.value[parts, g]
        cells = view.value[parts, f]
        both = np.isfinite(weights) & np.isfinite(cells)
        if g == f or both.sum() < 2 or weights[both].sum() <= 0 or view.percent[parts, g].any():
            continue
        mean = float((cells[both] * weights[both]).sum() / weights[both].sum())
        if abs(mean - float(view.value[t, f])) <= float(view.step[t, f]):
            return True
    return False
