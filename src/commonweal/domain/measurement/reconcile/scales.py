"""Figures in the wrong unit, counts below nought, and values that are not what their printed cell says."""

import re
from collections.abc import Iterator

import numpy as np

from commonweal.domain.measurement.figures import Severity
from commonweal.domain.measurement.reconcile.calendar_dates import read_day, read_period
from commonweal.domain.measurement.reconcile.cells import Kind, read_cell, shown
from commonweal.domain.measurement.reconcile.checking import finding
from commonweal.domain.measurement.reconcile.figures import twins
from commonweal.domain.measurement.reconcile.labels import Role, plain, side
from commonweal.domain.measurement.reconcile.layout import Table
from commonweal.domain.measurement.reconcile.rules import RULES
from commonweal.domain.measurement.reconcile.sheets import TableFinding
from commonweal.domain.measurement.reconcile.views import View

_COUNTED = re.compile(
    r"\b(?:number|count|no|beds|staff|people|persons|patients|population|attendances|admissions|referrals|appointments|"
    r"contacts|visits|deaths|cases|homes|headcount|complaints|incidents|breaches|falls|infections|vacancies|calls|requests|"
    r"responses|tests|doses|vaccinations|procedures|operations|consultations|births|assessments|discharges|carers|"
    r"residents|children|adults|wards|practices|n)\b"
)
_POWERS = (1e3, 1e6)
_NEAR = 3.0  # other rows must lie within this factor of one another before one is called a thousand times out


def slips(view: View) -> Iterator[TableFinding]:
    """Figures a thousand or a million times their neighbour in the row, where other rows are of one size."""
    pairs = []
    for a, one in enumerate(view.field_roles):
        for b, other in enumerate(view.field_roles):
            sides = side(view.fields[a]), side(view.fields[b])
            if (
                a < b
                and one is not Role.RANK
                and other is not Role.RANK
                and (set(sides) == {Role.PLAN, Role.ACTUAL} or _periods(view.fields[a], view.fields[b]))
            ):
                pairs.append((a, b))
    told: set[tuple[int, int]] = set()
    for a, b in pairs:
        with np.errstate(all="ignore"):
            ratio = np.abs(view.value[:, b] / view.value[:, a])
        ratio[~np.isfinite(ratio) | (ratio == 0)] = np.nan
        known = ratio[np.isfinite(ratio)]
        if len(known) < 3:
            continue
        usual = float(np.median(known))
        apart = np.maximum(ratio / usual, usual / ratio)
        out = np.flatnonzero(apart > _POWERS[0] / _NEAR)
        others = ratio[np.isfinite(ratio) & ~(apart > _POWERS[0] / _NEAR)]
        if not 0 < len(out) <= max(1, 0.1 * len(known)) or not 1 / _NEAR <= usual <= _NEAR:
            continue
        if others.max() / others.min() > _NEAR * 2:
            continue
        for r in out:
            power = next(
                (p for p in _POWERS if p / _NEAR <= max(ratio[r] / usual, usual / ratio[r]) <= p * _NEAR), None
            )
            if power is None:
                continue
            f = (
                b
                if abs(np.log(abs(view.value[r, b]) / np.nanmedian(np.abs(view.value[:, b]))))
                > abs(np.log(abs(view.value[r, a]) / np.nanmedian(np.abs(view.value[:, a]))))
                else a
            )
            if (int(r), f) in told:
                continue
            told.add((int(r), f))
            value = float(view.value[r, f])
            big = (ratio[r] > usual) == (f == b)
            words = f"{view.fields[a if f == b else b]} beside it and the other rows lead one to expect about"
            yield finding(
                view,
                int(r),
                f,
                "unit-is-not-mistaken",
                value / power if big else value * power,
                words,
                severity=Severity.ERROR,
            )


def _periods(one: str, other: str) -> bool:
    first, second = read_period(one), read_period(other)
    return first is not None and second is not None and first[0] == second[0] and abs(first[1] - second[1]) == 1


def negatives(view: View) -> Iterator[TableFinding]:
    """Minus signs in a column of counts."""
    for f, role in enumerate(view.field_roles):
        if role not in {Role.ITEM, Role.ACTUAL, Role.PLAN, Role.NUMERATOR, Role.DENOMINATOR}:
            continue
        cells = view.value[:, f]
        below = np.flatnonzero(cells < 0)
        known = int(np.isfinite(cells).sum())
        if len(below) and _COUNTED.search(plain(view.fields[f])) and known >= 3 and len(below) <= max(1, 0.1 * known):
            for r in map(int, below):
                words = "a count is not below nought: without its sign it is"
                yield finding(view, r, f, "count-is-not-negative", -float(cells[r]), words, severity=Severity.ERROR)


_WITHIN = re.compile(
    r"\b(?:uptake|compliance|compliant|coverage|completeness|within|proportion|seen|screened|vaccinated|positive|"
    r"treated|responses?|complete|passed|share|of (?:patients|people|staff|cases|contacts|referrals|appointments))\b"
)
_BEYOND = re.compile(
    r"\b(?:plan|planned|target|budget|baseline|change|growth|variance|occupancy|restored|index)\b|20\d\d"
)

_INSIDE = re.compile(r"\b(?:within|inside|meeting|met) (?:the )?(?:target|plan|standard)\b")


def beyond(view: View) -> Iterator[TableFinding]:
    """Percentages of a whole that are more than all of it, or less than none."""
    for f, role in enumerate(view.field_roles):
        name = plain(view.fields[f])
        cells = view.value[:, f]
        known = np.isfinite(cells)
        if (
            role in {Role.VARIANCE, Role.VARIANCE_PERCENT}
            or not _WITHIN.search(name)
            or _BEYOND.search(_INSIDE.sub("", name))
        ):
            continue
        out = np.flatnonzero(known & view.percent[:, f] & ((cells > 100 + view.step[:, f] / 2) | (cells < 0)))
        if known.sum() < 3 or not view.percent[known, f].all() or not 0 < len(out) <= max(1, 0.1 * known.sum()):
            continue
        for r in map(int, out):
            words = "a share of a whole lies between nought and"
            yield finding(view, r, f, "percentage-is-possible", 100.0, words, severity=Severity.ERROR)


def prints(table: Table) -> Iterator[TableFinding]:
    """Columns of values as read beside the printed cells they were read from."""
    for clean, printed in twins(table.labels).items():
        pairs = []
        for r in range(len(table.rows)):
            said, held = table.cell(r, printed), table.cell(r, clean)
            if not said or not held or said == held:
                continue
            day, again = read_day(said), read_day(held)
            if day is not None and day.day and again is not None and again.day:
                if day.day != again.day:
                    pairs.append((r, said, held, day.day.isoformat(), f"{(again.day - day.day).days} days"))
                continue
            one, other = read_cell(said), read_cell(held)
            if one.kind != Kind.NUMBER or other.kind != Kind.NUMBER:
                continue
            stopped = read_cell(said, True)
            wanted = {abs(one.value), abs(stopped.value)} | {
                abs(one.value) / power for power in (1e3, 1e6, 1e9) if one.own
            }
            if one.pounds or one.own:
                wanted |= {abs(one.value) / 1e3, abs(one.value) / 1e6} if one.own else set()
            if all(abs(value - abs(other.value)) > 1e-9 * max(1.0, value) for value in wanted):
                nearest = min(wanted, key=lambda value: abs(value - abs(other.value)))
                gap = shown(abs(other.value) - nearest, max(one.places, other.places))
                pairs.append((r, said, held, shown(nearest, one.places), gap))
        if len(pairs) * 4 > len(table.rows) and len(table.rows) > 3:
            continue  # the two columns are of different things
        for r, said, held, computed, gap in pairs:
            yield TableFinding(
                table.sheet.file,
                str(table.lines[r]),
                "print-agrees-with-value",
                held,
                computed,
                gap,
                Severity.ERROR,
                f"{table.labels[clean]} is {held}, but {table.labels[printed]} prints {said}.",
                column=table.name(clean),
                check=RULES["print-agrees-with-value"].check,
            )
