"""Limits and signals of 10,000 series of 60 months, against numpy's means and moving ranges of the same numbers.

Run: ``commonweal bench spc``. Ours is everything a chart says: mean, limits, the four signals of every point, which
counts and on which side, and both icons of every series; a tenth of the points are missing, which the other side need
not know. The other side is the two sums no such engine can do without. Equal means and moving ranges are asserted
first, on the same numbers with none missing.
"""

import os
import statistics
import time
from collections.abc import Callable

import numpy as np

from commonweal.domain.measurement.figures import Direction
from commonweal.domain.performance.icons import assurance, variation
from commonweal.domain.performance.spc import Floats, Rules, xmr

MONTHS = 60
SERIES = 100_000 if os.environ.get("COMMONWEAL_BENCH_LARGE") else 10_000
ROUNDS = 15
TARGET = 30.0


def ours(values: Floats) -> None:
    """Everything a chart says of each series."""
    chart = xmr(values)
    variation(chart, Direction.LOWER)
    assurance(chart, 95.0, Direction.LOWER)


def limit(values: Floats) -> tuple[Floats, Floats]:
    """Means and mean moving ranges."""
    return values.mean(axis=1), np.abs(np.diff(values, axis=1)).mean(axis=1)


def _seconds(work: Callable[[Floats], object], values: Floats) -> float:
    started = time.perf_counter()
    work(values)
    return time.perf_counter() - started


def run() -> list[dict[str, object]]:
    """One row: seconds of ours, of the limit, and their ratio, the median of rounds side by side.

    Raises ``RuntimeError`` if the two sides do not agree on means and moving ranges.
    """
    values = np.random.default_rng(20261122).normal(90, 4, size=(SERIES, MONTHS))
    chart = xmr(values, rules=Rules(screen=None))
    mean, ranges = limit(values)
    if not (np.allclose(chart.mean[:, 0], mean) and np.allclose(chart.moving_range[:, 0], ranges)):
        raise RuntimeError("the two sides differ")
    gappy = values.copy()
    gappy[np.random.default_rng(1).random(values.shape) < 0.1] = np.nan
    pairs = [(_seconds(ours, gappy), _seconds(limit, values)) for _ in range(ROUNDS)]
    return [
        {
            "name": f"spc: {SERIES:,} series of {MONTHS} months, seconds (at most {TARGET:.0f} times numpy)",
            "ours": statistics.median(one for one, _ in pairs),
            "limit": statistics.median(other for _, other in pairs),
            "ratio": statistics.median(one / other for one, other in pairs),
        }
    ]


if __name__ == "__main__":
    print(run())
