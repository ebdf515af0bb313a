"""The inequality gap: how a rate in the most deprived fifth compares with the least deprived fifth.

Confidence limits are Wilson's for a share (Wilson 1927) and Newcombe's hybrid for the difference of two shares
(Newcombe 1998, method 10), as England's public-health profiles use; an event count may exceed its denominator,
and then Byar's limits of a rate apply (Breslow and Day 1987).
"""

from dataclasses import dataclass
from math import sqrt

Z = 1.959963984540054


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
