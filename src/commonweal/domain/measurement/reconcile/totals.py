"""Totals and sub-totals against their parts, down a table and, on the turned view, across it.

Which rows a total adds up is not printed. The readings people use are tried (the rows since the last total, all rows,
the sub-totals with the rows under none, the rows below); the one that fits most columns is taken, and only what then
disagrees is reported. A word like *all* or *year* makes a total only if most columns fit.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from commonweal.domain.measurement.figures import Severity
from commonweal.domain.measurement.reconcile.believing import Reading, accepted, rounded_figures, sister
from commonweal.domain.measurement.reconcile.cells import Kind, bound, hides
from commonweal.domain.measurement.reconcile.checking import Verdict, finding, judge, soft_fields, soft_record
from commonweal.domain.measurement.reconcile.labels import (
    ADDITIVE,
    STRONG,
    TOTALS,
    Role,
    is_share,
    plain,
)
from commonweal.domain.measurement.reconcile.sheets import TableFinding
from commonweal.domain.measurement.reconcile.views import Flags, Floats, View

RULE = "total-is-sum-of-parts"


@dataclass(frozen=True)
class _Sums:
    """Running sums down the table, so that any stretch of rows costs one subtraction."""

    value: Floats
    half: Floats
    count: Floats
    missing: Floats

    def over(self, first: int, last: int) -> tuple[Floats, Floats, Floats, Floats]:
        """Sum, its possible rounding, how many figures, and how many are to come, of rows first to last - 1."""
        return (
            self.value[last] - self.value[first],
            self.half[last] - self.half[first],
            self.count[last] - self.count[first],
            self.missing[last] - self.missing[first],
        )


def totals(view: View) -> Iterator[TableFinding]:
    """Findings on every total of the view."""
    roles = view.record_roles
    marks = [r for r, role in enumerate(roles) if role in TOTALS]
    if not marks:
        return
    items, subs, loose = _masks(view)
    sums = {id(mask): _running(view, mask) for mask in (items, subs, loose)}
    additive = _additive(view)
    soft = {t: soft_fields(view) | soft_record(view, t) for t in marks}
    seen: dict[int, int] = {}  # fields whose totals were found to be sums elsewhere in the table
    held: list[tuple[int, Reading, Verdict, Floats, Floats]] = []
    for t in marks:
        best = None
        for reading in _readings(view, t, items, subs, loose):
            value, half, count, missing = sums[id(reading.rows)].over(reading.first, reading.last)
            printed = np.where(additive & (count >= (1 if roles[t] in STRONG else 2)), view.value[t], np.nan)
            let_pass = np.where((view.half[t] == 0) & soft[t], view.step[t], 0.0)
            verdict = judge(printed, view.step[t], value - half, value, value + half, let_pass)
            real = verdict.fits & (np.abs(value) > 0) & (count >= 2)
            score = int(real.sum())
            gap = float(np.nanmin(np.where(verdict.tested, np.abs(printed - value) / (np.abs(value) + 1e-9), np.inf)))
            entry = (score, -int(verdict.fails.sum()), -gap, reading, verdict, value, missing)
            if verdict.tested.any() and (best is None or entry[:2] > best[:2] or (score == 0 and entry[:3] > best[:3])):
                best = entry
        if best is None:
            continue
        score, _, _, reading, verdict, value, missing = best
        if sister(view, t, reading, verdict, value, held) or accepted(view, t, reading, score, verdict, value):
            for f in np.flatnonzero(verdict.fits & (value != 0)):
                seen[int(f)] = seen.get(int(f), 0) + 1
            held.append((t, reading, verdict, value, missing))
    rounded_table = rounded_figures(view, held)
    for t, reading, verdict, value, missing in held:
        yield from _report(view, t, reading, verdict, value, missing, seen, rounded_table)


def _masks(view: View) -> tuple[Flags, Flags, Flags]:
    """Rows that are items; totals inside the table; and those totals with the items under none of them."""
    if view.columns_are_records:
        wanted = [role in ADDITIVE - {Role.PLAN, Role.ACTUAL, Role.CUMULATIVE} for role in view.record_roles]
    else:
        wanted = [
            role not in TOTALS | {Role.OF_WHICH, Role.AVERAGE, Role.MEDIAN, Role.LEAST, Role.MOST}
            and not is_share(label)
            for role, label in zip(view.record_roles, view.records, strict=True)
        ]
    items = np.array(wanted)
    inside, left = False, 0.0
    for r, role in enumerate(view.record_roles):
        if role is Role.OF_WHICH:
            # A heading: the rows that follow are part of the row above, until they make it up.
            inside, left = not np.isfinite(view.value[r]).any(), _first(view, r - 1)
        elif role in TOTALS or (r and view.blocks[r] != view.blocks[r - 1]):
            inside = False
        elif inside:
            items[r] = False
            left -= _first(view, r)
            inside = left > 0
    subs = np.array([role in {Role.SUBTOTAL, Role.TOTAL} for role in view.record_roles])
    covered = np.zeros(len(items), dtype=bool)
    last = 0
    for r, role in enumerate(view.record_roles):
        if role in TOTALS:
            if subs[r]:
                start = last
                for back in range(r - 1, last - 1, -1):
                    if view.blocks[back] != view.blocks[r]:
                        start = back + 1
                        break
                covered[start:r] = True
            last = r + 1
    return items, subs, subs | (items & ~covered)


def _first(view: View, r: int) -> float:
    """The first figure of a row, nought if it has none."""
    cells = view.value[r][np.isfinite(view.value[r])] if r >= 0 else view.value[:0]
    return float(cells[0]) if cells.size else 0.0


def _running(view: View, mask: Flags) -> _Sums:
    def down(cells: Floats) -> Floats:
        return np.vstack([np.zeros((1, cells.shape[1])), np.cumsum(np.where(mask[:, None], cells, 0.0), axis=0)])

    number = np.isfinite(view.value) & ~view.percent
    return _Sums(
        down(np.where(number, view.value, 0.0)),
        down(np.where(number, view.half, 0.0)),
        down(number.astype(float)),
        down((view.kind == Kind.MISSING).astype(float)),
    )


def _additive(view: View) -> Flags:
    """Fields whose figures may be added down the view."""
    if view.columns_are_records:  # fields are the table's rows: one in percent is no sum
        return np.array([not is_share(label) and not _rate(label) for label in view.fields]) & ~_mostly(view.percent)
    return np.array([role in ADDITIVE | TOTALS | {Role.VARIANCE} for role in view.field_roles]) & ~_mostly(view.percent)


def _mostly(percent: Flags) -> Flags:
    return np.asarray(percent.mean(axis=0) > 0.5)


def _rate(label: str) -> bool:
    return any(word in plain(label).split() for word in ("rate", "average", "mean", "per", "ratio", "score", "median"))


def _readings(view: View, t: int, items: Flags, subs: Flags, loose: Flags) -> Iterator[Reading]:
    roles = view.record_roles
    above = [r for r in range(t) if roles[r] in TOTALS]
    since = above[-1] + 1 if above else 0
    block = t
    while block > since and view.blocks[block - 1] == view.blocks[t]:
        block -= 1
    near = [Reading(items, since, t, "the rows above add up to")]
    if block > since:
        near.insert(0, Reading(items, block, t, "the rows above add up to"))
    grand = max((r for r in above if roles[r] is Role.GRAND), default=-1) + 1
    top = max((r for r in above if roles[r] is Role.TOTAL), default=-1) + 1
    wide = [Reading(items, 0, t, "the rows above add up to")]
    if above:
        wide = [
            Reading(loose, grand, t, "the totals above add up to"),
            Reading(subs, grand, t, "the totals above add up to"),
            Reading(loose, top, t, "the rows above add up to"),
            *wide,
        ]
    yield from [*wide, *near] if roles[t] is Role.GRAND else [*near, *wide]
    if since == t or not items[since:t].any():
        after = next((r for r in range(t + 1, len(roles)) if roles[r] in TOTALS), len(roles))
        yield Reading(items, t + 1, after, "the rows below add up to")
    same = _group(view, t)
    if same is not None:
        yield Reading(items, same, t, "the rows of its group add up to")


def _group(view: View, t: int) -> int | None:
    """First row of the group a total closes: the rows above with the same words left of the word total."""
    if not view.groups:
        return None
    words = view.groups[t]
    at = next((c for c, text in enumerate(words) if text == view.records[t]), 0)
    if at == 0 or not words[0]:
        return None
    first = t
    while first and view.groups[first - 1][:at] == words[:at]:
        first -= 1
    return first if first < t else None


def _report(
    view: View,
    t: int,
    reading: Reading,
    verdict: Verdict,
    value: Floats,
    missing: Floats,
    seen: dict[int, int],
    rounded_table: bool,
) -> Iterator[TableFinding]:
    parts = np.flatnonzero(reading.rows[reading.first : reading.last]) + reading.first
    for f in map(int, np.flatnonzero(verdict.tested)):
        computed = float(value[f])
        if missing[f]:
            gone = [int(r) for r in parts if view.kind[r, f] == Kind.MISSING and _to_come(view.text(int(r), f))]
            if gone:
                yield from _incomplete(view, t, f, reading, gone, value)
                continue
        if verdict.agrees[f]:
            continue
        slipped = _slipped(view, t, f, parts, computed) if verdict.fails[f] else None
        if slipped is not None:
            r, meant = slipped
            words = f"with {view.records[t]} and its other parts in one unit it is"
            yield finding(view, r, f, "unit-is-not-mistaken", meant, words, severity=Severity.ERROR)
            continue
        if verdict.fails[f] and seen.get(f, 0) < 2 and _averages(view, t, f, parts):
            continue
        near = bool(verdict.near[f]) or (
            rounded_table and abs(float(view.value[t, f]) - computed) <= (len(parts) + 1) / 2 and view.half[t, f] == 0
        )
        words = _across(view, reading)
        gap = float(view.value[t, f]) - computed
        left_out = [r for r in parts if not near and gap and view.value[r, f] in (gap, -gap)]
        rule, severity = RULE, None
        ratio = abs(float(view.value[t, f]) / computed) if computed else 0.0
        if not near and any(abs(ratio / power - 1) < 0.002 for power in (1e3, 1e6, 1e-3, 1e-6)):
            rule, severity = "unit-is-not-mistaken", Severity.ERROR
        elif len(left_out) == 1:
            more = "is left out of it" if gap < 0 else "is counted twice in it"
            words = f"{view.records[left_out[0]]} {more}, or it is wrong: {words}"
        yield finding(view, t, f, rule, computed, words, near=near, severity=severity)


def _to_come(text: str) -> bool:
    """Whether a cell without a figure stands for one, as n/a does not."""
    return text.strip().lower() not in {"n/a", "na", "n.a.", "not applicable", "[z]", "z", "nil return"}


def _incomplete(view: View, t: int, f: int, reading: Reading, gone: list[int], value: Floats) -> Iterator[TableFinding]:
    """A total with parts that are hidden or to come: impossible, unverifiable, or left without them."""
    computed, printed = float(value[f]), float(view.value[t, f])
    parts = view.value[reading.first : reading.last, f][reading.rows[reading.first : reading.last]]
    where = ", ".join(view.records[r] for r in gone)
    texts = [view.text(r, f) for r in gone]
    slack = float(view.half[t, f] + np.nansum(view.half[reading.first : reading.last, f])) + 1e-9 * abs(printed)
    above = computed + sum(map(bound, texts))
    counts = not (parts < 0).any() and all(map(hides, texts))
    if counts and not computed - slack <= printed <= above + slack:
        most = f", at most {above:g}" if printed > above and above < float("inf") else ""
        words = f"{_across(view, reading)}, without {where}, which hides a small number,{most}"
        yield finding(view, t, f, RULE, computed, words)
    elif not counts and abs(printed - computed) > slack:
        words = f"without {where}, which prints no figure, {_across(view, reading)}"
        yield finding(view, t, f, "total-has-a-missing-part", computed, words, severity=Severity.WARNING)
    elif not counts:
        words = f"it is given though {where} prints no figure; {_across(view, reading)}"
        yield finding(view, t, f, "total-has-a-missing-part", computed, words, near=True)


def _across(view: View, reading: Reading) -> str:
    return (
        reading.words.replace("rows above", "columns beside it").replace("rows below", "columns beside it")
        if (view.columns_are_records)
        else reading.words
    )


def _slipped(
    view: View, t: int, f: int, parts: np.typing.NDArray[np.int64], computed: float
) -> tuple[int, float] | None:
    """The one part a thousand or a million times out that explains a total, and what it was meant to be."""
    printed = float(view.value[t, f])
    slack = float(view.half[t, f] + view.half[parts, f].sum() + view.step[t, f]) + 1e-9 * abs(printed)
    for r in map(int, parts):
        cell = float(view.value[r, f])
        for power in (1e3, 1e6, 1e-3, 1e-6):
            if not cell or not np.isfinite(cell) or min(abs(cell), abs(cell / power)) <= 2 * slack:
                continue
            if abs(computed - cell + cell / power - printed) <= slack:
                return r, cell / power
    return None


def _averages(view: View, t: int, f: int, parts: np.typing.NDArray[np.int64]) -> bool:
    """Whether the figure in a total row reads as an average, a constant or a latest figure rather than a sum."""
    cells = view.value[parts, f]
    cells = cells[np.isfinite(cells)]
    printed = float(view.value[t, f])
    if len(cells) < 2 or not cells.min() <= printed <= cells.max() or printed == 0:
        return False
    whole = bool((view.half[parts, f] == 0).all())
    middle = float(cells.mean())
    steady = cells.max() - cells.min() <= 0.5 * abs(middle)
    return not whole or cells.min() == cells.max() or abs(printed - middle) <= 0.1 * abs(middle) or bool(steady)
