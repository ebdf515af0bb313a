"""Charts of counts: p and u with Laney's p′ and u′ for overdispersion, c, and g and t for rare events.

Sources:

- p, u, c: NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.3.1 and 6.3.3.2,
  https://www.itl.nist.gov/div898/handbook/pmc/section3/pmc33.htm : centre ± 3 standard deviations of the binomial or
  Poisson, no lower limit below zero and no proportion above one;
- p′ and u′: D. B. Laney, "Improved control charts for attributes", Quality Engineering 14 (2002), pp. 531-537: the
  limits are widened by sigma z, the mean moving range of the z-scores over 1.128; formulas as in
  https://support.minitab.com/en-us/minitab/help-and-how-to/quality-and-process-improvement/control-charts/ ;
- g: J. C. Benneyan, "Number-between g-type statistical quality control charts for monitoring adverse events", Health
  Care Management Science 4 (2001), pp. 305-318: mean ± 3 √(mean × (mean + 1)), cases between events counted from 0;
- t: L. S. Nelson, "A control chart for parts-per-million nonconforming items", Journal of Quality Technology 26 (1994),
  pp. 239-240: the time between events to the power 1 / 3.6 on an individuals chart, turned back.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from commonweal.domain.performance.spc import Floats, Rules, xmr

D2 = 1.128  # a moving range of two points over this estimates a standard deviation
NELSON = 3.6
_LIMITS = Rules(multiplier=3 / D2, screen=None)


@dataclass(frozen=True, slots=True)
class Limits:
    """One chart over T times: what is plotted, and its lines. NaN where there is no figure.

    ``spread`` is Laney's sigma z: 1 for a chart that takes the variation to be pure chance.
    """

    values: Floats
    centre: Floats
    lower: Floats
    upper: Floats
    spread: float


def p_chart(events: ArrayLike, trials: ArrayLike, *, prime: bool = False) -> Limits:
    """Proportions of varying size. Raises ``ValueError`` unless 0 <= events <= trials; no trials is no point."""
    x, n = _pair(events, trials)
    if (x > n).any():
        raise ValueError("more events than trials")
    with np.errstate(invalid="ignore", divide="ignore"):
        values = x / n
        centre = np.nansum(x) / np.nansum(np.where(np.isnan(values), np.nan, n))
        deviation = np.sqrt(centre * (1 - centre) / n)
    return _limits(values, centre, deviation, prime, ceiling=1.0)


def u_chart(events: ArrayLike, exposure: ArrayLike, *, prime: bool = False) -> Limits:
    """Events per unit of exposure (bed days, thousand contacts). Raises ``ValueError`` for negative numbers."""
    x, n = _pair(events, exposure)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = x / n
        centre = np.nansum(x) / np.nansum(np.where(np.isnan(values), np.nan, n))
        deviation = np.sqrt(centre / n)
    return _limits(values, centre, deviation, prime)


def c_chart(events: ArrayLike) -> Limits:
    """Counts in equal periods or areas. Raises ``ValueError`` for negative counts."""
    x, _ = _pair(events, np.ones_like(np.asarray(events, dtype=np.float64)))
    centre = float(np.nanmean(x)) if not np.isnan(x).all() else np.nan
    return _limits(x, centre, np.full(x.shape, np.sqrt(centre)), prime=False)


def g_chart(between: ArrayLike) -> Limits:
    """Cases (or whole days) between rare events, from 0. A point above the limit is unusually long without one."""
    x, _ = _pair(between, np.ones_like(np.asarray(between, dtype=np.float64)))
    centre = float(np.nanmean(x)) if not np.isnan(x).all() else np.nan
    return _limits(x, centre, np.full(x.shape, np.sqrt(centre * (centre + 1))), prime=False)


def t_chart(between: ArrayLike) -> Limits:
    """Time between rare events, from 0: Nelson's transformation, an individuals chart, and back."""
    x, _ = _pair(between, np.ones_like(np.asarray(between, dtype=np.float64)))
    chart = xmr(x ** (1 / NELSON), rules=_LIMITS)
    lower, centre, upper = (np.maximum(one[0], 0.0) ** NELSON for one in (chart.lower, chart.mean, chart.upper))
    return Limits(x, centre, lower, upper, 1.0)


def _pair(events: ArrayLike, size: ArrayLike) -> tuple[Floats, Floats]:
    x, n = np.asarray(events, dtype=np.float64), np.asarray(size, dtype=np.float64)
    if x.ndim != 1 or x.shape != n.shape:
        raise ValueError("events and sizes must be two lists of one length")
    if (x < 0).any() or (n < 0).any() or np.isinf(x).any() or np.isinf(n).any():
        raise ValueError("counts must be finite and not negative")
    return np.where(n == 0, np.nan, x), n


def _limits(values: Floats, centre: float, deviation: Floats, prime: bool, ceiling: float = np.inf) -> Limits:
    spread = 1.0
    if prime:
        with np.errstate(invalid="ignore", divide="ignore"):
            scores = (values - centre) / deviation
        ranges = np.abs(np.diff(scores))
        ranges = ranges[np.isfinite(ranges)]
        spread = float(ranges.mean() / D2) if ranges.size else np.nan
    here = np.where(np.isnan(values), np.nan, centre)
    reach = 3 * deviation * spread
    return Limits(values, here, np.maximum(here - reach, 0.0), np.minimum(here + reach, ceiling), spread)
