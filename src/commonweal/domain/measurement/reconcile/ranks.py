"""Ranks against the figures they rank, by standard competition ranking or with ties in any usual order."""

import re
from collections.abc import Iterator

import numpy as np

from commonweal.domain.measurement.figures import Severity
from commonweal.domain.measurement.reconcile.checking import finding
from commonweal.domain.measurement.reconcile.labels import Role
from commonweal.domain.measurement.reconcile.layout import Table
from commonweal.domain.measurement.reconcile.rules import RULES
from commonweal.domain.measurement.reconcile.sheets import TableFinding
from commonweal.domain.measurement.reconcile.views import Floats, View

_OF = re.compile(r"\s*(\d{1,4})\s*(?:/|of|out of)\s*(\d{1,4})\s*\Z", re.IGNORECASE)


def ranks(view: View) -> Iterator[TableFinding]:
    """Rank columns whose order follows one column on most rows: the rows where it does not."""
    rows = np.array([r for r, role in enumerate(view.record_roles) if role is Role.ITEM], dtype=np.int64)
    for f, role in enumerate(view.field_roles):
        if role is not Role.RANK or len(rows) < 3:
            continue
        printed = view.value[rows, f]
        named = [g for g in range(len(view.fields)) if g != f and view.field_roles[g] is not Role.RANK]
        best: tuple[int, float, int, Floats, Floats, int] | None = None
        for g in named:
            for turn in (-1.0, 1.0):
                figures = view.value[rows, g] * turn
                low, high = _places(figures)
                fits = int(((printed >= low) & (printed <= high)).sum())
                off = float(np.nansum(np.maximum(low - printed, 0) + np.maximum(printed - high, 0)))
                entry = (fits, -off, -abs(g - f), low, high, g)
                if best is None or entry[:3] > best[:3]:
                    best = entry
        if best is None:
            continue
        fits, _, _, low, high, g = best
        tested = np.isfinite(printed) & np.isfinite(low)
        fails = np.flatnonzero(tested & ~((printed >= low) & (printed <= high)))
        few = len(named) == 1 and fits >= len(fails) and tested.sum() >= 3
        if not len(fails) or not (few or (fits >= 3 and fits >= 1.5 * len(fails))):
            continue
        for at in map(int, fails):
            words = f"by {view.fields[g]} its place is"
            yield finding(
                view, int(rows[at]), f, "rank-follows-figures", float(low[at]), words, severity=Severity.ERROR
            )


def _places(figures: Floats) -> tuple[Floats, Floats]:
    """First and last place each figure may take, smallest first; equal figures share places, dense ranks too."""
    order = np.sort(figures[np.isfinite(figures)])
    low = np.searchsorted(order, figures, side="left") + 1.0
    high = np.searchsorted(order, figures, side="right").astype(float)
    dense = np.searchsorted(np.unique(order), figures, side="left") + 1.0
    low = np.where(high > low, np.minimum(low, dense), low)
    if len(np.unique(order)) < len(order):
        low = np.minimum(low, dense)
    none = ~np.isfinite(figures)
    return np.where(none, np.nan, low), np.where(none, np.nan, high)


def impossible(table: Table) -> Iterator[TableFinding]:
    """Cells such as 43/42 in a column of ranks."""
    for c, label in enumerate(table.labels):
        if "rank" not in label.lower():
            continue
        for r in range(len(table.rows)):
            match = _OF.match(table.cell(r, c))
            if match and (int(match[1]) > int(match[2]) or match[1] == "0"):
                yield TableFinding(
                    table.sheet.file,
                    str(table.lines[r]),
                    "rank-is-possible",
                    table.cell(r, c),
                    match[2],
                    str(int(match[1]) - int(match[2])),
                    Severity.ERROR,
                    f"{table.cell(r, c)}: there is no such rank among {match[2]}.",
                    column=table.name(c),
                    check=RULES["rank-is-possible"].check,
                )
