"""Funnel plots: organisations of different size against limits that narrow with size, with overdispersion.

Source: D. J. Spiegelhalter, "Funnel plots for comparing institutional performance", Statistics in Medicine 24 (2005),
pp. 1185-1202, https://doi.org/10.1002/sim.1970 :

- exact limits for a proportion and for a ratio of observed to expected counts, interpolated between whole counts
  (appendix A.1): with r the smallest count whose cumulative probability exceeds p, the limit is (r - a) / n, where
  a = (P(R <= r) - p) / (P(R <= r) - P(R <= r - 1));
- overdispersion (section 4 and appendix A.3): z-scores winsorised ("set the lowest 100q% of z-scores to Zq, and the
  highest 100q% of z-scores to Z1-q", here q = 10%), their mean square phi widens the limits by its root
  (multiplicative), or the variance between organisations, tau², by the method of moments of R. DerSimonian and
  N. Laird (1986), is added to the variance within (additive). Neither narrows: with phi at most 1, or tau² at most 0,
  the limits are those of chance.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from commonweal.domain.performance.spc import Floats, Ints

WARNING, ALARM = 0.95, 0.998  # the shares of chance results that lie inside


class Adjustment(StrEnum):
    """What is done about more variation between organisations than chance makes."""

    NONE = "none"
    MULTIPLICATIVE = "multiplicative"
    ADDITIVE = "additive"


class Basis(StrEnum):
    """What is compared: events out of people (binomial), or events over those expected (Poisson)."""

    PROPORTION = "proportion"
    RATIO = "ratio"


@dataclass(frozen=True, slots=True)
class Funnel:
    """Each array has one entry an organisation. ``place`` is 0 inside both limits, ±1 beyond 95%, ±2 beyond 99.8%."""

    basis: Basis
    sizes: Floats
    values: Floats
    centre: float
    low95: Floats
    high95: Floats
    low998: Floats
    high998: Floats
    phi: float
    tau2: float
    adjustment: Adjustment
    place: Ints

    def limits_at(self, sizes: ArrayLike) -> tuple[Floats, Floats, Floats, Floats]:
        """95% and 99.8% limits, low and high of each, at other sizes: the curves of the drawing."""
        at = np.asarray(sizes, dtype=np.float64)
        return _limits(self.basis, at, self.centre, self.adjustment, self.phi, self.tau2)


def funnel(
    events: ArrayLike,
    sizes: ArrayLike,
    *,
    basis: Basis = Basis.PROPORTION,
    centre: float | None = None,
    adjustment: Adjustment = Adjustment.NONE,
    winsorise: float = 0.1,
) -> Funnel:
    """Events over sizes (people, or events expected) of each organisation, with both limits.

    ``centre`` defaults to all events over all sizes. Raises ``ValueError`` for no organisation, a size of none or
    less, negative events, or a proportion of more events than people.
    """
    x, n = np.asarray(events, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
    if x.ndim != 1 or x.shape != n.shape or not x.size:
        raise ValueError("give a size for each organisation's events, and at least one organisation")
    if (n <= 0).any() or (x < 0).any() or not (np.isfinite(x).all() and np.isfinite(n).all()):
        raise ValueError("sizes must be above 0, and events 0 or more")
    if basis is Basis.PROPORTION and (x > n).any():
        raise ValueError("more events than people")
    if not 0 <= winsorise < 0.5:
        raise ValueError("winsorise a share from 0 to less than a half at each end")
    middle = float(x.sum() / n.sum()) if centre is None else centre
    values = x / n
    error = np.sqrt(_variance(basis, middle) / n)
    phi, tau2 = dispersion(values, middle, error, winsorise)
    bands = _limits(basis, n, middle, adjustment, phi, tau2)
    low95, high95, low998, high998 = bands
    place = (values > high95).astype(np.int64) + (values > high998) - (values < low95) - (values < low998)
    return Funnel(basis, n, values, middle, low95, high95, low998, high998, phi, tau2, adjustment, place)


def dispersion(values: Floats, centre: float, error: Floats, winsorise: float) -> tuple[float, float]:
    """phi, the mean square of winsorised z-scores, and tau², the variance between organisations (never below 0)."""
    if not (error > 0).all():
        return 1.0, 0.0
    scores = (values - centre) / error
    low, high = np.quantile(scores, (winsorise, 1 - winsorise))
    phi = float(np.mean(np.clip(scores, low, high) ** 2))
    weight, many = 1 / error**2, scores.size
    spare = float(weight.sum() - (weight**2).sum() / weight.sum())
    tau2 = max(0.0, (many * phi - (many - 1)) / spare) if spare > 0 else 0.0
    return phi, tau2


def _variance(basis: Basis, centre: float) -> float:
    return centre * (1 - centre) if basis is Basis.PROPORTION else centre


def _limits(
    basis: Basis, sizes: Floats, centre: float, adjustment: Adjustment, phi: float, tau2: float
) -> tuple[Floats, Floats, Floats, Floats]:
    found = []
    for inside in (WARNING, ALARM):
        tail = (1 - inside) / 2
        if adjustment is Adjustment.NONE or (adjustment is Adjustment.MULTIPLICATIVE and phi <= 1):
            found += [exact_limit(basis, sizes, centre, tail), exact_limit(basis, sizes, centre, 1 - tail)]
            continue
        variance = _variance(basis, centre) / sizes
        spread = variance * phi if adjustment is Adjustment.MULTIPLICATIVE else variance + tau2
        reach = float(special.ndtri(1 - tail)) * np.sqrt(spread)
        ceiling = 1.0 if basis is Basis.PROPORTION else np.inf
        found += [np.maximum(centre - reach, 0.0), np.minimum(centre + reach, ceiling)]
    return found[0], found[1], found[2], found[3]


def exact_limit(basis: Basis, sizes: Floats, centre: float, probability: float) -> Floats:
    """The value below which a share ``probability`` of chance results lies, interpolated between counts.

    Sizes that are not whole count as the whole number nearest for a proportion. Never below 0.
    """
    n = np.round(sizes) if basis is Basis.PROPORTION else sizes

    def below(count: Floats) -> Floats:
        """The chance of at most ``count`` events."""
        kept = np.maximum(count, 0.0)
        if basis is Basis.PROPORTION:
            chance = np.where(kept >= n, 1.0, special.bdtr(np.minimum(kept, n), n.astype(np.int64), centre))
        else:
            chance = special.pdtr(kept, n * centre)
        return np.where(count < 0, 0.0, chance)

    # A normal guess lands within a few counts; the bracket is then closed exactly.
    deviation = np.sqrt(_variance(basis, centre) * n)
    guess = n * centre + float(special.ndtri(probability)) * deviation
    low = np.floor(guess - 6 - 0.5 * deviation)
    high = np.ceil(guess + 6 + 0.5 * deviation)
    low = np.where(below(low) > probability, -1.0, low)
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        over = below(middle) > probability
        high, low = np.where(over, middle, high), np.where(over, low, middle)
    step = below(high) - below(high - 1)
    part = np.divide(below(high) - probability, step, out=np.zeros_like(step), where=step > 0)
    limits: Floats = np.maximum((high - part) / sizes, 0.0)
    return np.minimum(limits, 1.0) if basis is Basis.PROPORTION else limits


def overdispersed(phi: float, organisations: int) -> bool:
    """Whether phi is more than chance gives: above 1 + 2 √(2 / organisations), as Spiegelhalter suggests."""
    return phi > 1 + 2 * sqrt(2 / organisations)
