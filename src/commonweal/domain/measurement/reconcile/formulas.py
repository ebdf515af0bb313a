"""How a column may follow from two others: differences, changes, parts, rates, quotients and products, as ranges."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from commonweal.domain.measurement.reconcile.labels import TOTALS, Role
from commonweal.domain.measurement.reconcile.views import Floats

Range = tuple[Floats, Floats, Floats]
OPERANDS = (
    frozenset(
        {
            Role.ITEM,
            Role.PLAN,
            Role.ACTUAL,
            Role.NUMERATOR,
            Role.DENOMINATOR,
            Role.CUMULATIVE,
            Role.PERCENT,
            Role.RATE,
            Role.AVERAGE,
        }
    )
    | TOTALS
)


@dataclass(frozen=True)
class Operand:
    """The figures of one column over some rows, with what rounding may hide in each."""

    value: Floats
    half: Floats


@dataclass(frozen=True)
class Formula:
    """How a column may follow from two others; ``words`` take their names."""

    name: str
    rule: str
    words: str
    compute: Callable[[Operand, Operand], Range]
    scale_free: bool = False  # the result is a ratio, so that units of the operands cancel


def _difference(a: Operand, b: Operand) -> Range:
    middle, slack = a.value - b.value, a.half + b.half
    return middle - slack, middle, middle + slack


def _product(a: Operand, b: Operand) -> Range:
    corners = [(a.value + s * a.half) * (b.value + t * b.half) for s in (-1, 1) for t in (-1, 1)]
    return np.minimum.reduce(corners), a.value * b.value, np.maximum.reduce(corners)


def _ratio(times: float, less: float = 0.0) -> Callable[[Operand, Operand], Range]:
    def compute(a: Operand, b: Operand) -> Range:
        with np.errstate(all="ignore"):
            size = np.abs(b.value)
            under = np.where(size > b.half, b.value, np.nan)
            ends = [
                (a.value + s * a.half - less * (under + t * b.half)) / np.abs(under + t * b.half) * times
                for s in (-1, 1)
                for t in (-1, 1)
            ]
            middle = (a.value - less * under) / np.abs(under) * times
        return np.minimum.reduce(ends), middle, np.maximum.reduce(ends)

    return compute


def _less(a: Operand, b: Operand) -> Range:
    low, middle, high = _ratio(100.0)(a, b)
    return 100.0 - high, 100.0 - middle, 100.0 - low


VARIANCE = (Formula("difference", "variance-is-actual-less-plan", "{0} less {1} is", _difference),)
CHANGE_PERCENT = tuple(
    Formula("change", "variance-percent-is-variance-over-plan", "{0} less {1}, over {1}, is", _ratio(times, 1.0), True)
    for times in (100.0, 1.0)
)
OVER_PERCENT = tuple(
    Formula("over", "variance-percent-is-variance-over-plan", "{0} over {1} is", _ratio(times), True)
    for times in (100.0, 1.0)
)
PART = tuple(
    Formula("part", "percentage-is-part-over-whole", "{0} over {1} is", _ratio(times), True) for times in (100.0, 1.0)
)
REST = (Formula("rest", "percentage-is-part-over-whole", "what {0} leave of {1} is", _less, True),)
PER = tuple(
    Formula("per", "percentage-is-part-over-whole", "{0} over {1} is", _ratio(times), True)
    for times in (1000.0, 10_000.0, 100_000.0, 1_000_000.0)
)
QUOTIENT = (Formula("quotient", "average-is-quotient", "{0} over {1} is", _ratio(1.0)),)
PRODUCT = (Formula("product", "product-is-product", "{0} times {1} is", _product),)
BY_ROLE: dict[Role, tuple[Formula, ...]] = {
    Role.VARIANCE: (*VARIANCE, *CHANGE_PERCENT),
    Role.VARIANCE_PERCENT: (*CHANGE_PERCENT, *OVER_PERCENT, *VARIANCE),
    Role.PERCENT: (*PART, *CHANGE_PERCENT, *REST),
    Role.RATE: (*PER, *PART, *QUOTIENT, *PRODUCT, *REST),
    Role.AVERAGE: QUOTIENT,
    Role.ACTUAL: (*PART, *PRODUCT),
    Role.TOTAL: PRODUCT,
    Role.NUMERATOR: PART,
}
SHARES = frozenset(
    [
        "uptake",
        "coverage",
        "occupancy",
        "performance",
        "compliance",
        "utilisation",
        "proportion",
        "share",
        "completion",
        "achievement",
        "attainment",
        "adherence",
        "positivity",
        "response",
        "conversion",
    ]
)
MADE_BY_PRODUCT = ("cost", "amount", "value", "score", "total", "spend", "price", "budget")
