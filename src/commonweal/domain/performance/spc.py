"""XmR charts by the rules of NHS England's *Making Data Count*, for many series at once.

Sources:

- NHS England, *Making Data Count*, https://www.england.nhs.uk/publication/making-data-count/ : the four signals;
- W. A. Shewhart's individuals chart as D. J. Wheeler, *Understanding Variation* (2nd ed., 2000), ch. 3 gives it: limits
  at the mean ± 2.66 times the mean moving range; p. 60: "useful limits may be constructed with as few as five or
  six values";
- the Making Data Count package of the NHS-R community, https://nhsrplotthedots.nhsrcommunity.com, whose choices are
  followed to the letter: seven points for a shift and for a trend; vignette *Deviations from Excel defaults*, 1:
  "By default, this package will screen outlying points, removing them from the moving range calculation, and hence
  from the process limits calculation. This is in line with the published paper: Nelson, Lloyd S. (1982) Control
  Charts for Individual Measurements, Journal of Quality Technology 14(3): 172-173" (ranges above 3.267 times their
  mean are left out, once; ``Rules(screen=None)`` gives the Excel tool's limits); vignette *Number of points
  required*: limits are trial limits until "we have enough (i.e. >=12 data points)".

Precedence where a point shows several signals: beyond a limit, trend, two of three, shift.

One difference: where a rising run ends and the very next point starts another, the package colours the last point of
the first run by the fall after it; here a point has the direction of the run it is part of (at a turn, of the later).
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


class Signal(IntEnum):
    """What a point can show. A point's ``signals`` is the sum of those it shows."""

    NONE = 0
    BEYOND_LIMIT = 1
    TREND = 2
    TWO_OF_THREE = 4
    SHIFT = 8


PRECEDENCE = (Signal.BEYOND_LIMIT, Signal.TREND, Signal.TWO_OF_THREE, Signal.SHIFT)


@dataclass(frozen=True, slots=True)
class Rules:
    """Numbers of the method; the defaults are the published ones.

    ``multiplier`` of the mean moving range (2.66; 3 / 1.128 for charts that print more digits), ``screen`` the multiple
    of the mean moving range from which a range is left out (None: none is), ``near`` the share of the way to a limit
    from which a point is near it, ``shift`` and ``trend`` the points they take, ``fewest`` the points below which
    nothing is concluded, ``settled`` those below which limits are on trial.
    """

    multiplier: float = 2.66
    screen: float | None = 3.267
    near: float = 2 / 3
    shift: int = 7
    trend: int = 7
    fewest: int = 5
    settled: int = 12

    def __post_init__(self) -> None:
        """Refuse numbers that are no rule."""
        if self.multiplier <= 0 or not 0 < self.near < 1 or (self.screen is not None and self.screen <= 1):
            raise ValueError("multiplier must be above 0, near between 0 and 1, screen above 1")
        if self.shift < 2 or self.trend < 3 or self.fewest < 2:
            raise ValueError("a shift takes at least 2 points, a trend 3, and limits 2")


NHS = Rules()


@dataclass(frozen=True, slots=True)
class XmR:
    """Charts of S series over T times; every array is (S, T).

    ``mean``, ``lower``, ``upper``, ``near_lower``, ``near_upper``: lines of the point's phase, NaN if there are none.
    ``points``: how many points its phase's lines were computed from; ``moving_range``: their mean moving range.
    ``signals``: sum of ``Signal``; ``first``: the one that counts, by precedence; ``side``: +1 high or rising,
    -1 low or falling, for that one; ``above``: on which side of the mean the point is.
    """

    values: Floats
    phase: Ints
    mean: Floats
    lower: Floats
    upper: Floats
    near_lower: Floats
    near_upper: Floats
    moving_range: Floats
    points: Ints
    signals: Bytes
    first: Bytes
    side: NDArray[np.int8]
    above: NDArray[np.int8]
    rules: Rules


def xmr(
    values: ArrayLike, *, phase: ArrayLike | None = None, baseline: ArrayLike | None = None, rules: Rules = NHS
) -> XmR:
    """Limits and signals of every series.

    ``values`` is (S, T) or (T,), in time order, NaN where there is no figure: a missing point ends runs and has no
    moving range on either side. ``phase``, (T,) or (S, T), never falling along time, numbers the stretches between
    recalibrations: each has its own lines, and no run crosses. ``baseline``, (T,) or (S, T), is true for the points
    that lines are computed from (default all). Infinite values raise ``ValueError``.
    """
    x = np.atleast_2d(np.asarray(values, dtype=np.float64))
    if x.ndim != 2:
        raise ValueError("values must be one series, or series by times")
    present = ~np.isnan(x)
    if np.isinf(x).any():
        raise ValueError("values must be finite, or NaN for a missing point")
    used = present if baseline is None else present & np.broadcast_to(np.asarray(baseline, dtype=np.bool_), x.shape)
    if phase is None:
        stretch, stretches = np.broadcast_to(np.int64(0), x.shape), 1
    else:
        stretch = np.broadcast_to(np.asarray(phase, dtype=np.int64), x.shape)
        if x.size and ((np.diff(stretch, axis=1) < 0).any() or stretch.min() < 0):
            raise ValueError("phases must count up from 0 along time")
        stretches = int(stretch.max()) + 1 if x.size else 1
    mean, ranges, points = _lines(x, used, stretch, stretches, rules)
    reach = rules.multiplier * ranges
    close = rules.multiplier * rules.near * ranges
    lines = (mean - reach, mean + reach, mean - close, mean + close)
    enough = points >= rules.fewest
    signals, rising = _signals(x, mean, lines, enough, stretch if stretches > 1 else None, rules)
    above = (x > mean).astype(np.int8) - (x < mean).astype(np.int8)
    first, side = _first(signals, rising, above)
    lower, upper, near_lower, near_upper = (np.broadcast_to(one, x.shape) for one in lines)
    return XmR(
        values=x,
        phase=stretch,
        mean=np.broadcast_to(mean, x.shape),
        lower=lower,
        upper=upper,
        near_lower=near_lower,
        near_upper=near_upper,
        moving_range=np.broadcast_to(ranges, x.shape),
        points=np.broadcast_to(points, x.shape),
        signals=signals,
        first=first,
        side=side,
        above=above,
        rules=rules,
    )


def _lines(x: Floats, used: Bools, stretch: Ints, stretches: int, rules: Rules) -> tuple[Floats, Floats, Ints]:
    """Mean, mean moving range and points, (S, 1) for one phase, else (S, T)."""
    moved = np.abs(np.diff(x, axis=1))
    pairs = used[:, 1:] & used[:, :-1]
    if stretches == 1:
        return _of_one(x, used, moved, pairs, rules)
    mean, ranges = np.full(x.shape, np.nan), np.full(x.shape, np.nan)
    points = np.zeros(x.shape, dtype=np.int64)
    for number in range(stretches):
        here = stretch == number
        both = pairs & here[:, 1:] & here[:, :-1]
        found = _of_one(x, used & here, moved, both, rules)
        for whole, part in zip((mean, ranges, points), found, strict=True):
            np.copyto(whole, part, where=here)
    return mean, ranges, points


def _of_one(x: Floats, used: Bools, moved: Floats, pairs: Bools, rules: Rules) -> tuple[Floats, Floats, Ints]:
    points = used.sum(axis=1, keepdims=True)
    mean = _mean(x, used, points)
    ranges = _mean(moved, pairs)
    if rules.screen is not None:
        ranges = _mean(moved, pairs & (moved <= rules.screen * ranges))
    # A constant series must lie on its own mean, whatever rounding does to sum / n.
    for row in np.flatnonzero(ranges[:, 0] == 0):
        own = x[row, used[row]]
        if (own == own[0]).all():
            mean[row] = own[0]
    return mean, ranges, points


def _mean(x: Floats, used: Bools, points: Ints | None = None) -> Floats:
    """Row means of the entries used; NaN for none."""
    count = used.sum(axis=1, keepdims=True) if points is None else points
    total = np.where(used, x, 0.0).sum(axis=1, keepdims=True)
    mean: Floats = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return mean


def _bits(high: Bools, low: Bools) -> Bytes:
    """1 where high, 2 where low: one AND then finds runs of both kinds. NaN compares false, and is neither."""
    both: Bytes = high.view(np.uint8) | (low.view(np.uint8) * np.uint8(2))
    return both


def _signals(
    x: Floats,
    mean: Floats,
    lines: tuple[Floats, Floats, Floats, Floats],
    enough: Bools,
    stretch: Ints | None,
    rules: Rules,
) -> tuple[Bytes, NDArray[np.int8]]:
    """The signals of each point, and for those in a trend which way it goes."""
    lower, upper, near_lower, near_upper = lines
    beyond = (x > upper) | (x < lower)
    side = _bits(x > mean, x < mean)
    near = _bits((x > near_upper) & ~beyond, (x < near_lower) & ~beyond)
    step = _bits(x[:, 1:] > x[:, :-1], x[:, 1:] < x[:, :-1])
    shift = _part_of(_all(side, rules.shift), rules.shift, x.shape, stretch)
    trend = _part_of(_all(step, rules.trend - 1), rules.trend, x.shape, stretch)
    pairs = (near[:, :-2] & near[:, 1:-1]) | (near[:, :-2] & near[:, 2:]) | (near[:, 1:-1] & near[:, 2:])
    two = _part_of(pairs & _all(side, 3), 3, x.shape, stretch) & near
    signals = beyond.view(np.uint8) * np.uint8(Signal.BEYOND_LIMIT)
    for found, kind in ((trend, Signal.TREND), (two, Signal.TWO_OF_THREE), (shift, Signal.SHIFT)):
        signals |= (found > 0).view(np.uint8) * np.uint8(kind)
    signals *= enough & ~np.isnan(upper)
    # At a turn a point ends one trend and starts another: the later one counts.
    turning = trend == 3
    if turning.any():
        onwards = np.zeros(x.shape, dtype=np.uint8)
        onwards[:, :-1] = step
        trend = np.where(turning, onwards, trend)
    return signals, (trend & 1).astype(np.int8) - (trend >> 1).astype(np.int8)


def _all(flags: Bytes, length: int) -> Bytes:
    """The AND of each window of ``length`` along time, by its first point; doubling makes it log(length) steps."""
    done = 1
    while done < length and flags.shape[1] > 0:
        more = min(done, length - done)
        flags = flags[:, :-more] & flags[:, more:]
        done += more
    return flags if done >= length else flags[:, :0]


def _part_of(windows: Bytes, length: int, shape: tuple[int, ...], stretch: Ints | None) -> Bytes:
    """The OR over every window a point is part of; windows that cross a recalibration are dropped."""
    series, times = shape
    part = np.zeros((series, times), dtype=np.uint8)
    if windows.shape[1] == 0 or times < length:
        return part
    if stretch is not None:
        windows = windows * (stretch[:, : windows.shape[1]] == stretch[:, length - 1 :])
    if not windows.any():
        return part
    padded = np.zeros((series, times + length - 1), dtype=np.uint8)
    padded[:, length - 1 : length - 1 + windows.shape[1]] = windows
    done = 1
    while done < length:
        more = min(done, length - done)
        padded = padded[:, :-more] | padded[:, more:]
        done += more
    return padded


_FIRST = np.zeros(16, dtype=np.uint8)
for _both in range(16):
    _FIRST[_both] = next((kind for kind in PRECEDENCE if _both & kind), Signal.NONE)


def _first(signals: Bytes, rising: NDArray[np.int8], above: NDArray[np.int8]) -> tuple[Bytes, NDArray[np.int8]]:
    """The signal that counts at each point, and its side."""
    first = _FIRST[signals]
    return first, np.where(first == Signal.TREND, rising, above * (first > 0)).astype(np.int8)


def first_points(values: ArrayLike, count: int, phase: ArrayLike | None = None) -> Bools:
    """A baseline of the first ``count`` present points of each phase: lines that are then held. Shape (S, T)."""
    x = np.atleast_2d(np.asarray(values, dtype=np.float64))
    stretch = np.broadcast_to(np.asarray(0 if phase is None else phase, dtype=np.int64), x.shape)
    kept: Any = np.zeros(x.shape, dtype=np.bool_)
    for number in range(int(stretch.max()) + 1 if x.size else 0):
        here = ~np.isnan(x) & (stretch == number)
        kept |= here & (np.cumsum(here, axis=1) <= count)
    return np.asarray(kept, dtype=np.bool_)
