"""Rates made comparable between populations of different age: indirect and direct standardisation.

Source: Office for Health Improvement and Disparities, *Public health technical guidance: standardisation*,
https://fingertips.phe.org.uk/static-reports/public-health-technical-guidance/Standardisation/ISRatios.html : the
indirectly standardised ratio is the events observed over those the standard population's rates would give; "the
expected count is considered to be precise", so its limits are Byar's limits of the observed count over the expected
one. A directly standardised rate weights a population's own rates by the standard population (*DSRs*), with limits by
A. J. Dobson and others, Statistics in Medicine 10 (1991), pp. 457-462. Byar's limits are held to a published example
with ``commonweal.domain.measurement.gap``, which computes them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from commonweal.domain.measurement.gap import event_rate


@dataclass(frozen=True, slots=True)
class Standardised:
    """A ratio (1 is as expected) or a rate a person, with 95% limits; ``expected`` events are of a ratio only."""

    value: float
    low: float
    high: float
    observed: int
    expected: float | None = None


def indirect(events: int, people: Sequence[float], standard_rates: Sequence[float]) -> Standardised:
    """Events over those expected if each group of ``people`` had the standard rate.

    Raises ``ValueError`` for groups that do not match, negative numbers, or nothing expected.
    """
    expected = sum(_products(people, standard_rates))
    if events < 0 or expected <= 0:
        raise ValueError("events must be 0 or more, and some must be expected")
    counted = event_rate(events, 1)
    return Standardised(events / expected, counted.low / expected, counted.high / expected, events, expected)


def direct(events: Sequence[int], people: Sequence[float], standard: Sequence[float]) -> Standardised:
    """The rate there would be if the population had the groups of the ``standard`` one.

    Raises ``ValueError`` for groups that do not match, negative numbers, a group without people, or no standard.
    """
    if len(events) != len(people) or any(one <= 0 for one in people) or any(one < 0 for one in events):
        raise ValueError("each group needs people and 0 or more events")
    whole = sum(standard)
    if whole <= 0:
        raise ValueError("the standard population is empty")
    shares = [one / whole for one in standard]
    rates = [count / size for count, size in zip(events, people, strict=True)]
    rate = sum(_products(shares, rates))
    total = sum(events)
    variance = sum((share / size) ** 2 * count for share, size, count in zip(shares, people, events, strict=True))
    counted = event_rate(total, 1)
    scale = sqrt(variance / total) if total else 0.0
    return Standardised(rate, rate + scale * (counted.low - total), rate + scale * (counted.high - total), total)


def _products(one: Sequence[float], other: Sequence[float]) -> list[float]:
    if len(one) != len(other) or any(value < 0 for value in (*one, *other)):
        raise ValueError("groups must match, with numbers of 0 or more")
    return [a * b for a, b in zip(one, other, strict=True)]
