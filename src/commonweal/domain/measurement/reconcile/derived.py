"""Columns that follow from others: variances, changes, growth, percentages, rates, quotients and products.

A column's label says what kind of figure it is; which columns it was made from is found by trying the pairs and
taking the one that fits. Named operands (plan and actual, n and N) are believed when half the rows fit; others only
when nearly all do, so that a coincidence is not taken for a rule.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from commonweal.domain.measurement.figures import Severity
from commonweal.domain.measurement.reconcile.checking import Verdict, finding, judge, soft_fields, soft_record
from commonweal.domain.measurement.reconcile.formulas import (
    BY_ROLE,
    CHANGE_PERCENT,
    MADE_BY_PRODUCT,
    OPERANDS,
    OVER_PERCENT,
    PART,
    PRODUCT,
    REST,
    SHARES,
    VARIANCE,
    Formula,
    Operand,
    Range,
)
from commonweal.domain.measurement.reconcile.labels import TOTALS, Role, plain, side
from commonweal.domain.measurement.reconcile.sheets import TableFinding
from commonweal.domain.measurement.reconcile.signs import other_way
from commonweal.domain.measurement.reconcile.views import Floats, View

_SAMPLE = 400  # rows on which pairs are tried; the one taken is then held to all
_GLANCE = 60  # rows on which all pairs are tried at once
_CLOSER = 12  # pairs then looked at with their rounding
_MOST_FIELDS = 24  # further away than this no operand is looked for


@dataclass(frozen=True)
class Found:
    """A relation taken as meant: the field, its formula and operands."""

    field: int
    formula: Formula
    first: int
    second: int
    flipped: bool = False  # the table prints second less first


def relations(view: View) -> list[Found]:
    """The derived columns of a view, each with the formula that fits it best."""
    rows = np.flatnonzero(np.isfinite(view.value).any(axis=1))
    if len(rows) > _SAMPLE:
        rows = rows[np.linspace(0, len(rows) - 1, _SAMPLE).astype(int)]
    found: list[Found] = []
    if len(view.fields) < 3 or not len(rows):
        return found
    for f, role in enumerate(view.field_roles):
        formulas = _formulas(view, f, role)
        if formulas:
            one = _best(view, f, formulas, rows)
            if one is not None:
                found.append(one)
    # A price is given and a cost is made of it: of two readings of one relation, the product is the stricter.
    products = [{one.field, one.first, one.second} for one in found if one.formula.name == "product"]
    return [one for one in found if one.formula.name == "product" or {one.field, one.first, one.second} not in products]


def _formulas(view: View, f: int, role: Role) -> tuple[Formula, ...]:
    percent = bool(view.percent[:, f].mean() > 0.5)
    label = plain(view.fields[f])
    if not percent and SHARES & set(label.split()) and role in {Role.ITEM, Role.NUMERATOR, Role.ACTUAL}:
        return (*PART, *REST)
    if role is Role.VARIANCE and percent:
        return (*CHANGE_PERCENT, *OVER_PERCENT, *VARIANCE)
    if role in {Role.ACTUAL, Role.NUMERATOR} and not percent:
        return PRODUCT if any(word in label.split() for word in MADE_BY_PRODUCT) else ()
    if role is Role.ITEM or (role is Role.TOTAL and not percent):
        if percent:
            return (*PART, *CHANGE_PERCENT, *REST)
        return PRODUCT if any(word in label.split() for word in MADE_BY_PRODUCT) else ()
    if role in TOTALS or role in {Role.PLAN, Role.DENOMINATOR}:
        return ()
    return BY_ROLE.get(role, ())


def _best(view: View, f: int, formulas: tuple[Formula, ...], rows: np.typing.NDArray[np.int64]) -> Found | None:
    candidates = [
        g
        for g, role in enumerate(view.field_roles)
        if g != f and (role in OPERANDS or role is Role.VARIANCE) and abs(g - f) <= _MOST_FIELDS
    ]
    target = view.value[rows, f]
    if not np.isfinite(target).any():
        return None
    printed = _printed(view, f, rows)
    best: tuple[tuple[float, ...], Found, Verdict, bool] | None = None
    for formula in formulas:
        for a, b in _likely(view, f, formula, candidates, rows):
            if _may(view, f, formula, a, b):
                named = _named(view, f, formula, a, b)
                first, second = _operand(view, a, rows, formula), _operand(view, b, rows, formula)
                low, middle, high = formula.compute(first, second)
                plain_ = _judged(view, f, rows, printed, low, middle, high, formula.name == "difference")
                signed = formula.name in {"difference", "change"}
                for flipped in (False, True) if signed else (False,):
                    verdict = (
                        _judged(view, f, rows, printed, -high, -middle, -low, formula.name == "difference")
                        if flipped
                        else plain_
                    )
                    tested = int(verdict.tested.sum())
                    real = verdict.fits & (np.abs(middle) > 0) & (first.value != second.value)
                    score = int(real.sum())
                    if not tested:
                        continue
                    near = abs(a - f) + abs(b - f) + (b < a) * 0.1
                    key = (score / tested + 0.3 * named, score, not flipped, -near)
                    if best is None or key > best[0]:
                        either = _either(view, f, rows, formula, printed, (low, middle, high), verdict)
                        best = (key, Found(f, formula, a, b, flipped), either, bool(named))
    if best is None:
        return None
    _, found, verdict, named_ = best
    return found if _believed(view, found, verdict, named_, candidates) else None


def _either(
    view: View,
    f: int,
    rows: np.typing.NDArray[np.int64],
    formula: Formula,
    printed: Floats,
    computed: Range,
    verdict: Verdict,
) -> Verdict:
    """What agrees but for its sign counts as agreeing in a table of sections, whose signs may differ."""
    if formula.name != "difference" or view.columns_are_records or len(set(view.blocks.tolist())) < 2:
        return verdict
    low, middle, high = computed
    other = [_judged(view, f, rows, printed, *one, True) for one in ((low, middle, high), (-high, -middle, -low))]
    agrees = other[0].agrees | other[1].agrees
    return Verdict(verdict.tested, agrees, (other[0].near | other[1].near) & ~agrees)


def _likely(
    view: View, f: int, formula: Formula, candidates: list[int], rows: np.typing.NDArray[np.int64]
) -> list[tuple[int, int]]:
    """The pairs worth a closer look: those that come nearest on a few rows, all tried at once, and those named."""
    few = rows[np.linspace(0, len(rows) - 1, min(len(rows), _GLANCE)).astype(int)]
    cells = view.value[np.ix_(few, candidates)]
    wide = Operand(cells[:, :, None], np.zeros((1, 1, 1)))
    deep = Operand(cells[:, None, :], np.zeros((1, 1, 1)))
    with np.errstate(all="ignore"):
        middle = formula.compute(wide, deep)[1]
        printed, step = view.value[few, f][:, None, None], view.step[few, f][:, None, None]
        gap = np.abs(np.abs(printed) - np.abs(middle)) if formula.name == "difference" else np.abs(printed - middle)
        score = (gap <= step / 2 + 1e-9).sum(axis=0) + 0.3 * (gap <= step + 0.02 * np.abs(middle)).sum(axis=0)
    np.fill_diagonal(score, -1.0)
    order = np.argsort(-score, axis=None, kind="stable")[:_CLOSER]
    pairs = [(candidates[at // len(candidates)], candidates[at % len(candidates)]) for at in map(int, order)]
    pairs += [(a, b) for a in candidates for b in candidates if a != b and _named(view, f, formula, a, b)]
    return [(a, b) for a, b in dict.fromkeys(pairs) if a != b]


def _believed(view: View, found: Found, verdict: Verdict, named: bool, candidates: list[int]) -> bool:
    tested, fits, agrees = int(verdict.tested.sum()), int(verdict.fits.sum()), int(verdict.agrees.sum())
    fails = tested - fits
    if not named and (agrees < 3 or agrees < 2 * (fits - agrees) or (view.columns_are_records and tested < 5)):
        return _only(view, found, candidates) and agrees >= 2 and fits >= 2 * fails and not view.columns_are_records
    if not fails:
        return True
    if named and found.formula.name == "over":
        return fits >= 2 * fails
    if named and found.formula.name in {"difference", "change", "part"}:
        return fits >= fails or tested <= 2
    return agrees >= 3 and fits >= 3 * fails


def _only(view: View, found: Found, candidates: list[int]) -> bool:
    """Whether the table leaves no other pair of columns to choose from."""
    plain_ones = [g for g in candidates if view.field_roles[g] in OPERANDS]
    return len(plain_ones) == 2 and found.formula.name in {"difference", "change", "part", "over"}


def _may(view: View, f: int, formula: Formula, a: int, b: int) -> bool:
    """Whether the units of two operands allow a formula."""
    roles = view.field_roles
    if formula.name == "over":
        return roles[a] is Role.VARIANCE and roles[b] is not Role.VARIANCE
    if formula.name in {"part", "rest"} and Role.VARIANCE in {roles[a], roles[b]}:
        return False
    if formula.name in {"difference", "change"} and Role.VARIANCE in {roles[a], roles[b]}:
        return False
    if formula.name in {"product", "quotient", "per"}:
        return roles[a] is not Role.VARIANCE and roles[b] is not Role.VARIANCE and (formula.name != "product" or a < b)
    left, right = bool(view.percent[:, a].mean() > 0.5), bool(view.percent[:, b].mean() > 0.5)
    if formula.name in {"part", "rest"} and (left or right):
        return False
    return formula.name != "difference" or left == right


def _named(view: View, f: int, formula: Formula, a: int, b: int) -> float:
    """How plainly the labels name the operands: 1 for plan and actual, n and N, claimed by the same other words."""
    pair = (side(view.fields[a]), side(view.fields[b]))
    if formula.name in {"difference", "change"}:
        good = pair == (Role.ACTUAL, Role.PLAN)
    elif formula.name == "over":
        good = pair[1] is Role.PLAN
    elif formula.name == "part":
        good = pair in {(Role.NUMERATOR, Role.DENOMINATOR), (Role.ACTUAL, Role.PLAN), (Role.NUMERATOR, Role.PLAN)}
    else:
        good = False
    short = not view.columns_are_records or all(len(view.fields[g].split()) <= 4 for g in (f, a, b))
    if not good or not short:
        return 0.0
    words = set(plain(view.fields[f]).split())
    shared = len(words & set(plain(view.fields[a]).split()) & set(plain(view.fields[b]).split()))
    others = sum(1 for g in range(len(view.fields)) if side(view.fields[g]) is pair[1])
    return 1.0 if others <= 1 else 0.8 + 0.1 * min(shared, 2)


def _operand(view: View, g: int, rows: np.typing.NDArray[np.int64] | slice, formula: Formula) -> Operand:
    return Operand(view.value[rows, g], view.half[rows, g])


def _printed(view: View, f: int, rows: np.typing.NDArray[np.int64] | slice) -> Floats:
    return view.value[rows, f]


def _judged(
    view: View,
    f: int,
    rows: np.typing.NDArray[np.int64] | slice,
    printed: Floats,
    low: Floats,
    middle: Floats,
    high: Floats,
    differs: bool,
) -> Verdict:
    verdict = judge(printed, view.step[rows, f], low, middle, high)
    if not differs or soft_fields(view)[f]:
        exact = (view.half[rows, f] == 0) & differs
        return judge(printed, view.step[rows, f], low, middle, high, np.where(exact, view.step[rows, f], 0.0))
    # Whole numbers may have been rounded before they were subtracted; those multiplied or divided were not.
    step = view.step[rows, f]
    little = np.flatnonzero(verdict.fails & (view.half[rows, f] == 0) & (np.abs(printed - middle) <= 1.5 * step))
    numbers = np.arange(len(view.records))[rows]
    little = little[[soft_record(view, int(numbers[at])) for at in little]] if len(little) else little
    verdict.near[little] = True
    return verdict


def derived(view: View) -> Iterator[TableFinding]:
    """Findings on every derived column of the view."""
    for found in relations(view):
        rows = slice(None)
        formula, f = found.formula, found.field
        first, second = _operand(view, found.first, rows, formula), _operand(view, found.second, rows, formula)
        low, middle, high = formula.compute(first, second)
        if found.flipped:
            low, middle, high = -high, -middle, -low
        printed = _printed(view, f, rows)
        verdict = _judged(view, f, rows, printed, low, middle, high, formula.name == "difference")
        names = (
            (view.fields[found.second], view.fields[found.first])
            if found.flipped
            else (
                view.fields[found.first],
                view.fields[found.second],
            )
        )
        words = formula.words.format(*names)
        turned = _judged(view, f, rows, -printed, low, middle, high, formula.name == "difference")
        steady = int((verdict.fits & (middle != 0)).sum()) >= 2
        meant = other_way(view, f, verdict, turned, middle)
        for r in map(int, np.flatnonzero(verdict.tested & ~verdict.agrees)):
            near, rule, severity = bool(verdict.near[r]), formula.rule, None
            signed = formula.name in {"difference", "change", "over"}
            if meant[r] and turned.fits[r]:
                continue
            if not near and signed and turned.fits[r]:
                if not steady and np.count_nonzero(verdict.tested) > 1:
                    continue
                rule, severity = "variance-has-the-wrong-sign", Severity.ERROR
                if np.count_nonzero(verdict.tested) == 1:
                    continue  # one row alone cannot show which sign its table means
            if not near and formula.scale_free and _cut_off(view, r, f, float(middle[r])):
                near = True
            yield finding(view, r, f, rule, float(middle[r]), words, near=near, severity=severity)
        for r in map(int, np.flatnonzero(meant & verdict.fits & ~turned.fits & (np.abs(middle) > 0))):
            words = f"the rows about it have the other sign: {words}"
            yield finding(view, r, f, "variance-has-the-wrong-sign", -float(middle[r]), words, severity=Severity.ERROR)


def _cut_off(view: View, r: int, f: int, computed: float) -> bool:
    """Whether a ratio was cut off after its last digit instead of rounded."""
    gap = (abs(computed) - abs(float(view.value[r, f]))) / float(view.step[r, f])
    return 0 <= gap < 1
