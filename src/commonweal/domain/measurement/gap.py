"""The inequality gap: how a rate in the most deprived fifth compares with the least deprived fifth.

Limits are at 95%, and each is held to a published example in ``tests/unit/measurement/test_gap.py``:

- a share: the score interval. E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
  Journal of the American Statistical Association 22 (1927), pp. 209-212, https://doi.org/10.1080/01621459.1927.10502953;
  examples in R. G. Newcombe, Statistics in Medicine 17 (1998), pp. 857-872, table I;
- events, which may outnumber people: Byar's approximation. N. E. Breslow and N. E. Day, Statistical Methods in Cancer
  Research, volume II (IARC Scientific Publications 82, 1987), chapter 2, p. 69;
- the difference of two shares: R. G. Newcombe, "Interval estimation for the difference between independent
  proportions", Statistics in Medicine 17 (1998), pp. 873-890, method 10; examples in its table II. Other rates are
  combined alike, from each one's own limits: G. Y. Zou and A. Donner, Statistics in Medicine 27 (2008), pp. 1693-1702.
"""

from dataclasses import dataclass
from math import sqrt

Z = 1.959963984540054  # the normal quantile of 0.975


@dataclass(frozen=True, slots=True)
class Rate:
    """Numerator over denominator, with 95% limits, all as shares (0.074 is 74 in a thousand)."""

    numerator: int
    denominator: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Gap:
    """Most deprived less least deprived; ``ratio`` is None where the least deprived rate is zero."""

    most: Rate
    least: Rate
    difference: float
    low: float
    high: float
    ratio: float | None

    @property
    def certain(self) -> bool:
        """Whether the 95% interval of the difference leaves out zero."""
        return self.low > 0 or self.high < 0


def share(numerator: int, denominator: int) -> Rate:
    """A share of people with Wilson 95% limits. Raises ``ValueError`` unless 0 <= numerator <= denominator > 0."""
    if denominator <= 0 or not 0 <= numerator <= denominator:
        raise ValueError(f"{numerator} of {denominator} is not a share")
    p, n = numerator / denominator, denominator
    centre = p + Z * Z / (2 * n)
    spread = Z * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    scale = 1 + Z * Z / n
    return Rate(numerator, denominator, p, max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale))


def event_rate(events: int, people: int) -> Rate:
    """Events per person with Byar 95% limits. Raises ``ValueError`` unless events >= 0 and people > 0."""
    if people <= 0 or events < 0:
        raise ValueError(f"{events} events among {people} people is not a rate")
    low = 0.0
    if events:
        low = events * (1 - 1 / (9 * events) - Z / (3 * sqrt(events))) ** 3
    above = events + 1
    high = above * (1 - 1 / (9 * above) + Z / (3 * sqrt(above))) ** 3
    return Rate(events, people, events / people, max(0.0, low) / people, high / people)


def gap(most: Rate, least: Rate) -> Gap:
    """The difference and ratio of two rates, limits by combining each rate's own (Newcombe's method)."""
    difference = most.value - least.value
    below = sqrt((most.value - most.low) ** 2 + (least.high - least.value) ** 2)
    above = sqrt((most.high - most.value) ** 2 + (least.value - least.low) ** 2)
    ratio = most.value / least.value if least.value else None
    return Gap(most, least, difference, difference - below, difference + above, ratio)
