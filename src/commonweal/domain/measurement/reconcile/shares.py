"""Percentages without their numerators, shares of one whole, and cells that print a count, a base and a percentage."""

import re
from collections.abc import Iterator

import numpy as np

from commonweal.domain.measurement.figures import Severity
from commonweal.domain.measurement.reconcile.cells import shown
from commonweal.domain.measurement.reconcile.checking import finding
from commonweal.domain.measurement.reconcile.derived import relations
from commonweal.domain.measurement.reconcile.labels import TOTALS, Role, plain
from commonweal.domain.measurement.reconcile.layout import Table
from commonweal.domain.measurement.reconcile.rules import RULES
from commonweal.domain.measurement.reconcile.sheets import TableFinding
from commonweal.domain.measurement.reconcile.views import View

_COUNTS = re.compile(
    r"\b(?:count|number|no|n|base|total|kpis?|responses|respondents|cases|homes|indicators|measures|sample)\b"
)
_SELF = re.compile(
    r"(?P<a>\d[\d,]*)\s*(?:/|of|out of)\s*(?P<b>\d[\d,]*)\s*[(\[,:=-]*\s*(?P<p>\d+(?:\.\d+)?)\s*%", re.IGNORECASE
)


def feasible(percent: float, step: float, base: int) -> bool:
    """Whether some whole number of ``base`` gives ``percent`` when rounded to ``step`` (or cut off)."""
    nearest = np.floor(percent * base / 100)
    return any(
        -1e-9 <= k <= base and (abs(k / base * 100 - percent) <= step / 2 + 1e-9)
        for k in (nearest - 1, nearest, nearest + 1)
    )


def from_counts(view: View) -> Iterator[TableFinding]:
    """Percentages that no numerator could give, in columns whose other percentages all could come from the count."""
    explained = {one.field for one in relations(view)}
    for f in range(len(view.fields)):
        if f in explained or view.percent[:, f].mean() < 0.3:
            continue
        for g in range(len(view.fields)):
            if g == f or view.percent[:, g].any() or not _COUNTS.search(plain(view.fields[g])):
                continue
            yield from _infeasible(view, f, g)
            break


def _infeasible(view: View, f: int, g: int) -> Iterator[TableFinding]:
    bad, chance, good = [], 1.0, 0
    for r in range(len(view.records)):
        percent, base, step = float(view.value[r, f]), float(view.value[r, g]), float(view.step[r, f])
        if not (np.isfinite(percent) and np.isfinite(base)) or base < 1 or base != int(base) or not 0 <= percent <= 100:
            continue
        if base >= 50 / step:
            continue  # so many that nearly every percentage can be had
        if feasible(percent, step, int(base)):
            good += 1
            chance *= min(1.0, (base + 1) * step / 100)
        else:
            bad.append(r)
    if bad and good >= max(2, 2 * len(bad)) and chance < 0.01:
        for r in bad:
            base = int(view.value[r, g])
            nearest = round(float(view.value[r, f]) * base / 100)
            words = f"{nearest} of {base} {view.fields[g]} is the nearest there is, which gives"
            yield finding(
                view, r, f, "percentage-can-come-from-its-count", nearest / base * 100, words, severity=Severity.ERROR
            )


def add_up(view: View) -> Iterator[TableFinding]:
    """Shares of one whole: each part over the column's total, and 100% in all."""
    totals = [r for r, role in enumerate(view.record_roles) if role in TOTALS]
    items = np.array([r for r, role in enumerate(view.record_roles) if role is Role.ITEM], dtype=np.int64)
    if len(items) < 2 or view.columns_are_records:
        return
    explained = {one.field for one in relations(view)}
    for f, role in enumerate(view.field_roles):
        if role not in {Role.PERCENT, Role.ITEM} or f in explained or view.percent[items, f].mean() < 0.9:
            continue
        shares, step = view.value[items, f], view.step[items, f]
        if not np.isfinite(shares).all() or (shares < 0).any():
            continue
        found = list(_of_total(view, f, items, totals))
        if found:
            yield from (one for one in found if one is not None)
            continue
        whole = next((t for t in totals if view.value[t, f] in (100.0, 1.0)), None)
        if whole is None:
            continue
        gap = abs(float(shares.sum()) - float(view.value[whole, f]))
        slack = float(step.sum() / 2)
        if gap > 1e-9 and (gap <= slack or gap <= 0.5 * float(view.value[whole, f])):
            near = gap <= slack + 1e-9
            yield finding(
                view, whole, f, "shares-add-up-to-all", float(shares.sum()), "the shares add up to", near=near
            )


def _of_total(
    view: View, f: int, items: np.typing.NDArray[np.int64], totals: list[int]
) -> Iterator[TableFinding | None]:
    """Shares that are each a part over the column's total; yields one None when they are and all agree."""
    for g, role in enumerate(view.field_roles):
        if (
            g == f
            or view.percent[items, g].any()
            or role not in {Role.ITEM, Role.ACTUAL, Role.PLAN, Role.NUMERATOR} | TOTALS
        ):
            continue
        parts = view.value[items, g]
        if not np.isfinite(parts).all() or (parts < 0).any():
            continue
        wholes = {float(view.value[t, g]) for t in totals if np.isfinite(view.value[t, g])} | {float(parts.sum())}
        for whole in wholes:
            if whole <= 0:
                continue
            for times in (100.0, 1.0):
                computed = parts / whole * times
                slack = view.half[items, g] / whole * times + view.step[items, f] / 2 + 1e-9
                fits = np.abs(view.value[items, f] - computed) <= slack
                if fits.sum() >= 3 and fits.sum() >= 2 * (~fits).sum():
                    yield None
                    words = f"{view.fields[g]} over its total of {shown(whole / float(view.scale[items[0], g]), 0)} is"
                    for at in np.flatnonzero(~fits):
                        yield finding(
                            view, int(items[at]), f, "percentage-is-part-over-whole", float(computed[at]), words
                        )
                    return


def within_cells(table: Table) -> Iterator[TableFinding]:
    """Cells such as 45/60 (75%)."""
    rule = "cell-agrees-with-itself"
    for r in range(len(table.rows)):
        for c in range(len(table.labels)):
            text = table.cell(r, c)
            match = _SELF.search(text) if "%" in text and len(text) < 200 else None
            if match is None:
                continue
            a, b = int(match["a"].replace(",", "")), int(match["b"].replace(",", ""))
            if not b:
                continue
            places = len(match["p"].partition(".")[2])
            percent, computed = float(match["p"]), a / b * 100
            gap = abs(percent - computed)
            if gap <= 0.5 * 10.0**-places + 1e-9:
                continue
            near = 0 <= computed - percent < 10.0**-places
            again = shown(computed, places)
            yield TableFinding(
                table.sheet.file,
                str(table.lines[r]),
                rule,
                match[0],
                f"{again}%",
                f"{percent - float(again):+.{places}f}",
                Severity.NOTE if near else Severity.WARNING,
                f"{match['a']} of {match['b']} is {again}%, not {match['p']}%; "
                + ("it was cut off rather than rounded." if near else "rounding does not explain it."),
                column=table.name(c),
                check=RULES[rule].check,
            )
