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
from commonweal.domain.performance.spc import XmR


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


def latest(chart: XmR) -> list[int | None]:
    """The place of the last point of each series; None for a series with none."""
    present = ~np.isnan(chart.values)
    if not present.size:
        return [None] * present.shape[0]
    last = present.shape[1] - 1 - np.argmax(present[:, ::-1], axis=1)
    return [int(place) if present[row, place] else None for row, place in enumerate(last)]


def variation(chart: XmR, direction: Direction) -> list[Variation]:
    """The variation icon of each series: its latest point's signal; none where its lines have too few points."""
    found = []
    for row, place in enumerate(latest(chart)):
        if place is None or chart.points[row, place] < chart.rules.fewest or np.isnan(chart.upper[row, place]):
            found.append(Variation.NOT_ENOUGH_POINTS)
        else:
            found.append(judged(int(chart.side[row, place]), direction))
    return found


def assurance(chart: XmR, target: ArrayLike | None, direction: Direction) -> list[Assurance]:
    """The assurance icon of each series.

    ``target`` is a number, or an array that broadcasts to (S, T) where it moves in time (NaN: no target then).
    A target on a limit is hit and miss. Where neither direction is good there is no assurance.
    """
    series = chart.values.shape[0]
    if target is None or direction is Direction.NEITHER:
        return [Assurance.NONE] * series
    targets = np.broadcast_to(np.asarray(target, dtype=np.float64), chart.values.shape)
    found = []
    for row, place in enumerate(latest(chart)):
        if place is None or chart.points[row, place] < chart.rules.fewest:
            found.append(Assurance.NONE)
            continue
        aim, lower, upper = targets[row, place], chart.lower[row, place], chart.upper[row, place]
        if np.isnan(aim) or np.isnan(upper):
            found.append(Assurance.NONE)
        elif aim > upper:
            found.append(Assurance.FAILING if direction is Direction.HIGHER else Assurance.PASSING)
        elif aim < lower:
            found.append(Assurance.PASSING if direction is Direction.HIGHER else Assurance.FAILING)
        else:
            found.append(Assurance.HIT_AND_MISS)
    return found
