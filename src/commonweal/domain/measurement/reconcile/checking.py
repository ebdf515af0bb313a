"""Comparing what is printed with what its neighbours give: agreement, rounding, or a finding.

A printed figure stands for every number that rounds to it. What follows from several has a range too; a printed result
outside that range cannot have come from them (R. E. Moore, Interval Analysis, Prentice-Hall 1966, chapter 3). Counts
and money to the penny are exact; one unit is let pass as a note where whole numbers may be rounded (money, staff).
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from commonweal.domain.measurement.figures import Severity
from commonweal.domain.measurement.reconcile.cells import shown
from commonweal.domain.measurement.reconcile.rules import RULES
from commonweal.domain.measurement.reconcile.sheets import TableFinding
from commonweal.domain.measurement.reconcile.views import Flags, Floats, View

_TINY = 1e-9


# Whole numbers that may be rounded though nothing prints so: money, and whole-time equivalents.
_WHOLE_UNITS = re.compile(
    r"£|\b(?:w?te|fte|staff|workforce|posts?|headcount|spend(?:ing)?|costs?|income|expenditure|budgets?|funding|pay|"
    r"savings|allocations?|revenue|capital|estimate[ds]?)\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=1 << 12)
def _whole_units(label: str) -> bool:
    return bool(_WHOLE_UNITS.search(label))


def soft_record(view: View, r: int) -> bool:
    """Whether the whole numbers of a record may be rounded ones, by its label or the table's title."""
    return _whole_units(view.title) or _whole_units(view.records[r])


def soft_fields(view: View) -> Flags:
    """Fields whose whole numbers may be rounded ones."""
    return np.array([_whole_units(label) for label in view.fields])


@dataclass(frozen=True, slots=True)
class Verdict:
    """Arrays over the figures compared: can be compared, agrees as printed, differs as rounding may make it."""

    tested: Flags
    agrees: Flags
    near: Flags

    @property
    def fits(self) -> Flags:
        """Agrees, or would but for rounding."""
        return np.asarray(self.agrees | self.near)

    @property
    def fails(self) -> Flags:
        """Compared, and no rounding explains it."""
        return np.asarray(self.tested & ~self.agrees & ~self.near)


def judge(
    printed: Floats, step: Floats, low: Floats, middle: Floats, high: Floats, let_pass: Floats | float = 0.0
) -> Verdict:
    """Compare printed figures with the range and the middle of what was computed; NaN is not compared."""
    with np.errstate(invalid="ignore"):
        tiny = _TINY * np.maximum(1.0, np.maximum(np.abs(printed), np.abs(middle)))
        tested = np.isfinite(printed) & np.isfinite(middle)
        agrees = tested & (np.abs(printed - middle) <= step / 2 + tiny)
        near = (
            tested
            & ~agrees
            & (printed >= low - step / 2 - let_pass - tiny)
            & (printed <= high + step / 2 + let_pass + tiny)
        )
    return Verdict(tested, agrees, near)


def finding(
    view: View,
    r: int,
    f: int,
    rule: str,
    computed: float,
    words: str,
    *,
    near: bool = False,
    severity: Severity | None = None,
) -> TableFinding:
    """The finding for the figure at record ``r`` and field ``f``; ``words`` say what it was computed from."""
    line, column = view.place(r, f)
    printed = view.text(r, f).strip()
    scale, places = float(view.scale[r, f]) or 1.0, int(view.places[r, f])
    value = float(view.value[r, f]) / scale
    whole = computed / scale
    if abs(whole) < 1e12:
        places = max(places, 1 if abs(value - whole) < 0.5 * 10.0**-places else places)
    again, difference = shown(whole, places), shown(value - float(shown(whole, places)), places)
    unit = "%" if printed.endswith("%") else ""
    what = (
        f"{view.records[r]}, {view.fields[f]}".strip(", ")
        if not view.columns_are_records
        else (f"{view.fields[f]}, {view.records[r]}".strip(", "))
    )
    because = "rounding of the printed figures explains it" if near else hint(value, whole)
    if severity is None:
        exact = bool(view.half[r, f] == 0) and not view.percent[r, f]
        severity = Severity.NOTE if near else Severity.ERROR if exact else Severity.WARNING
    return TableFinding(
        file=view.file,
        line=str(line),
        rule=rule,
        printed=printed,
        computed=again + unit,
        difference=difference if difference.startswith("-") else f"+{difference}",
        severity=severity,
        message=f"{what}: printed {printed}, but {words} {again}{unit}; {because}.",
        column=column,
        check=RULES[rule].check,
    )


def hint(printed: float, computed: float) -> str:
    """What kind of slip would make one figure of the other, in words; a lead for whoever checks."""
    if printed and computed:
        ratio = printed / computed
        for power in (1000.0, 1_000_000.0, 100.0, 10.0):
            if abs(ratio / power - 1) < 0.002 or abs(ratio * power - 1) < 0.002:
                return f"it is out by a factor of {power:,.0f}: check the unit or the decimal point"
        if abs(ratio + 1) < _TINY:
            return "the sign is turned round"
        left, right = f"{abs(printed):.6f}".rstrip("0").rstrip("."), f"{abs(computed):.6f}".rstrip("0").rstrip(".")
        if sorted(left) == sorted(right) and left != right and len(left) == len(right):
            return "the same digits stand in another order"
    return "rounding does not explain it"
