"""Balances carried forward: what is closed with is what was opened with, what came in and what went out."""

import re
from collections.abc import Iterator
from itertools import product

import numpy as np

from commonweal.domain.measurement.reconcile.checking import finding, judge
from commonweal.domain.measurement.reconcile.labels import Role, plain
from commonweal.domain.measurement.reconcile.sheets import TableFinding
from commonweal.domain.measurement.reconcile.views import View

RULE = "balance-carries-forward"
_OPENS = re.compile(r"\b(?:opening|opened with|brought forward|b/?f|bfwd|start of|at start|beginning of)\b")
_CLOSES = re.compile(r"\b(?:closing|closed with|carried forward|c/?f|cfwd|end of|at end)\b")
_MOST_FLOWS = 5


def balances(view: View) -> Iterator[TableFinding]:
    """Findings on closing balances, and on opening ones that are not the closing one of the row before."""
    names = [plain(label) for label in view.fields]
    opens = [f for f, name in enumerate(names) if _OPENS.search(name)]
    closes = [f for f, name in enumerate(names) if _CLOSES.search(name)]
    rows = np.array([r for r, role in enumerate(view.record_roles) if role is Role.ITEM], dtype=np.int64)
    if view.columns_are_records or len(opens) != 1 or len(closes) != 1 or len(rows) < 3:
        return
    first, last = opens[0], closes[0]
    flows = [f for f in range(first + 1, last) if not view.percent[rows, f].any()]
    if 1 <= len(flows) <= _MOST_FLOWS:
        yield from _closing(view, rows, first, last, flows)
    before = np.concatenate([[np.nan], view.value[rows, last][:-1]])
    slack = view.half[rows, first] + np.concatenate([[0.0], view.half[rows, last][:-1]])
    verdict = judge(view.value[rows, first], view.step[rows, first], before - slack, before, before + slack)
    if int(verdict.fits.sum()) >= 2 and int(verdict.fits.sum()) >= 2 * int(verdict.fails.sum()):
        for at in map(int, np.flatnonzero(verdict.fails)):
            words = f"{view.fields[last]} of the row above is"
            yield finding(view, int(rows[at]), first, RULE, float(before[at]), words)


def _closing(
    view: View, rows: np.typing.NDArray[np.int64], first: int, last: int, flows: list[int]
) -> Iterator[TableFinding]:
    printed = view.value[rows, last]
    best = None
    for signs in product((1.0, -1.0), repeat=len(flows)):
        moved = sum(sign * np.nan_to_num(view.value[rows, f]) for sign, f in zip(signs, flows, strict=True))
        middle = view.value[rows, first] + moved
        slack = view.half[rows, first] + view.half[rows][:, flows].sum(axis=1)
        verdict = judge(printed, view.step[rows, last], middle - slack, middle, middle + slack)
        if best is None or verdict.fits.sum() > best[0].fits.sum():
            best = (verdict, middle, signs)
    if best is None:
        return
    verdict, middle, signs = best
    fits, fails = int(verdict.fits.sum()), int(verdict.fails.sum())
    if fits < 2 or fits < 2 * fails:
        return
    said = "".join(f" {'and' if sign > 0 else 'less'} {view.fields[f]}" for sign, f in zip(signs, flows, strict=True))
    for at in map(int, np.flatnonzero(verdict.fails)):
        yield finding(view, int(rows[at]), last, RULE, float(middle[at]), f"{view.fields[first]}{said} make")
