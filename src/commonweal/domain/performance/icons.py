"""The two icons of *Making Data Count*: what the latest point says, and whether the target can be relied on.

NHS England, *Making Data Count: Strengthening your decisions*, "Using summary icons",
https://www.england.nhs.uk/publication/making-data-count/ . Variation is that of the latest point: special cause of
improving or of concerning nature, high or low, where one direction is good; special cause high or low where neither is;
else common cause. Assurance compares the latest limits with the latest target: outside them on the good side the target
will consistently be met, outside on the other it will consistently be missed, between them it is hit and miss.
"""

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from commonweal.domain.measurement.figures import Direction
from commonweal.domain.performance.spc import Bools, Ints, XmR


class Variation(StrEnum):
    """What the latest point of a series shows."""

    IMPROVEMENT_HIGH = "improvement_high"
    IMPROVEMENT_LOW = "improvement_low"
    CONCERN_HIGH = "concern_high"
    CONCERN_LOW = "concern_low"
    NEITHER_HIGH = "neither_high"
    NEITHER_LOW = "neither_low"
    COMMON_CAUSE = "common_cause"
    NOT_ENOUGH_POINTS = "not_enough_points"


class Assurance(StrEnum):
    """Whether the target can be expected to be met while nothing changes."""

    PASSING = "consistently_passing"
    HIT_AND_MISS = "hit_and_miss"
    FAILING = "consistently_failing"
    NONE = "none"


def judged(side: int, direction: Direction) -> Variation:
    """The variation of a signal on a ``side`` (+1 high, -1 low, 0 no signal)."""
    if side == 0:
        return Variation.COMMON_CAUSE
    level = "high" if side > 0 else "low"
    if direction is Direction.NEITHER:
        return Variation(f"neither_{level}")
    good = (side > 0) == (direction is Direction.HIGHER)
    return Variation(f"{'improvement' if good else 'concern'}_{level}")


_BY_SIDE = (-1, 0, 1)


def _latest(chart: XmR) -> tuple[Ints, Ints, Bools]:
    """The rows, the place of each one's last point, and whether enough is known there to conclude anything."""
    rows = np.arange(chart.values.shape[0])
    present = ~np.isnan(chart.values)
    if not present.size:
        return rows, np.zeros_like(rows), np.zeros(rows.shape, dtype=np.bool_)
    last = present.shape[1] - 1 - np.argmax(present[:, ::-1], axis=1)
    known = present[rows, last] & (chart.points[rows, last] >= chart.rules.fewest) & ~np.isnan(chart.upper[rows, last])
    return rows, last, known


def variation(chart: XmR, direction: Direction) -> list[Variation]:
    """The variation icon of each series: its latest point's signal; none where its lines have too few points."""
    rows, last, known = _latest(chart)
    named = [*(judged(side, direction) for side in _BY_SIDE), Variation.NOT_ENOUGH_POINTS]
    if not chart.values.size:
        return [Variation.NOT_ENOUGH_POINTS] * len(rows)
    return [named[code] for code in np.where(known, chart.side[rows, last] + 1, 3)]


def assurance(chart: XmR, target: ArrayLike | None, direction: Direction) -> list[Assurance]:
    """The assurance icon of each series.

    ``target`` is a number, or an array that broadcasts to (S, T) where it moves in time (NaN: no target then).
    A target on a limit is hit and miss. Where neither direction is good there is no assurance.
    """
    rows, last, known = _latest(chart)
    if target is None or direction is Direction.NEITHER or not chart.values.size:
        return [Assurance.NONE] * len(rows)
    aim = np.broadcast_to(np.asarray(target, dtype=np.float64), chart.values.shape)[rows, last]
    beyond = (aim > chart.upper[rows, last]).astype(np.int64) - (aim < chart.lower[rows, last])
    good = 1 if direction is Direction.LOWER else -1
    named = {good: Assurance.PASSING, 0: Assurance.HIT_AND_MISS, -good: Assurance.FAILING, 2: Assurance.NONE}
    return [named[code] for code in np.where(known & ~np.isnan(aim), beyond, 2).tolist()]
