"""What a chart says, in words a board can read, with each probability computed from the rule it explains.

Probabilities are of the stated pattern at one given place of a process in which nothing changes and each point is
independent of the last. A long series offers many places, so false signals come up more often than that; the words
say "any 7 given".
"""

from dataclasses import dataclass
from math import erfc, factorial, sqrt

import numpy as np

from commonweal.domain.measurement.figures import Direction
from commonweal.domain.performance.icons import Assurance, Variation
from commonweal.domain.performance.spc import PRECEDENCE, Rules, Signal, XmR

SIGNAL_NAMES = {
    Signal.BEYOND_LIMIT: "beyond_limit",
    Signal.TREND: "trend",
    Signal.TWO_OF_THREE: "two_of_three",
    Signal.SHIFT: "shift",
}
VARIATION_WORDS = {
    Variation.IMPROVEMENT_HIGH: "Special cause of improving nature: higher, which is better",
    Variation.IMPROVEMENT_LOW: "Special cause of improving nature: lower, which is better",
    Variation.CONCERN_HIGH: "Special cause of concerning nature: higher, which is worse",
    Variation.CONCERN_LOW: "Special cause of concerning nature: lower, which is worse",
    Variation.NEITHER_HIGH: "Special cause, higher; neither direction is better",
    Variation.NEITHER_LOW: "Special cause, lower; neither direction is better",
    Variation.COMMON_CAUSE: "Common cause: no significant change",
    Variation.NOT_ENOUGH_POINTS: "Not enough points to say",
}
ASSURANCE_WORDS = {
    Assurance.PASSING: "Consistently passing: the target will be met unless something changes",
    Assurance.HIT_AND_MISS: "Hit and miss: chance decides whether the target is met",
    Assurance.FAILING: "Consistently failing: the target will be missed unless something changes",
    Assurance.NONE: "No target to compare with",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A signal in one stretch of a chart: the places of its first and last point, and what it says."""

    signal: Signal
    start: int
    end: int
    side: int
    sentence: str


def signals_named(signals: int) -> list[str]:
    """The names of the signals a point shows, the one that counts first."""
    return [SIGNAL_NAMES[one] for one in PRECEDENCE if signals & one]


def chance(signal: Signal, points: int, rules: Rules) -> float:
    """How likely the pattern is by chance at one given place.

    Beyond a limit and two of three are of a normal distribution; a run of ``points`` on one side is two times one
    half to that power; of ``points`` all rising or all falling, two orders of all there are.
    """
    if signal is Signal.SHIFT:
        return 2.0 * 0.5**points
    if signal is Signal.TREND:
        return 2.0 / factorial(points)
    outer, inner = _above(3.0), _above(3.0 * rules.near)
    if signal is Signal.BEYOND_LIMIT:
        return 2 * outer
    zone = inner - outer
    return 2 * (zone**3 + 3 * zone**2 * (0.5 - zone))


def _above(z: float) -> float:
    return 0.5 * erfc(z / sqrt(2))


def one_in(probability: float) -> str:
    """``about 1 in 64``, rounded to two figures from a hundred up, so as not to claim more than the rule knows."""
    times = round(1 / probability)
    if times >= 100:
        digits = len(str(times)) - 2
        times = round(times / 10**digits) * 10**digits
    return f"about 1 in {times:,}"


def explain(chart: XmR, row: int, times: int, unit: str = "months") -> list[Finding]:
    """Every signal of the first ``times`` points of a series in words, in order of time.

    A run is one finding however long; a point in runs of two kinds is in two findings.
    """
    found = [
        _finding(chart, row, signal, start, end, unit)
        for signal in PRECEDENCE
        for start, end in _stretches(chart, row, times, signal)
    ]
    return sorted(found, key=lambda one: (one.end, one.start, PRECEDENCE.index(one.signal)))


def _stretches(chart: XmR, row: int, times: int, signal: Signal) -> list[tuple[int, int]]:
    """First and last places of each run of points that show a signal together."""
    found: list[tuple[int, int]] = []
    shown = (chart.signals[row, :times] & signal) > 0
    start = 0
    while start < times:
        end = start
        if shown[start]:
            while end + 1 < times and shown[end + 1] and _together(chart, row, start, end, signal):
                end += 1
            # A run of one step is the gap between two trends, whose ends are in a run of their own.
            if signal is not Signal.TREND or end - start + 1 >= chart.rules.trend:
                found.append((start, end))
        # At a turn the last point of one trend is the first of the next.
        start = end if signal is Signal.TREND and end > start else end + 1
    return found


def _together(chart: XmR, row: int, start: int, end: int, signal: Signal) -> bool:
    """Whether the point after ``end``, which shows the signal too, belongs to the run that began at ``start``."""
    if signal is Signal.BEYOND_LIMIT or chart.phase[row, end] != chart.phase[row, end + 1]:
        return False
    if signal is Signal.TREND:
        x = chart.values[row]
        return bool(end == start or np.sign(x[end + 1] - x[end]) == np.sign(x[end] - x[end - 1]))
    return bool(chart.above[row, end] == chart.above[row, end + 1])


def _finding(chart: XmR, row: int, signal: Signal, start: int, end: int, unit: str) -> Finding:
    many = end - start + 1
    rules = chart.rules
    if signal is Signal.TREND:
        side = int(np.sign(chart.values[row, end] - chart.values[row, start]))
        going = "rising" if side > 0 else "falling"
        said = f"{many} {unit} running, each {'higher' if side > 0 else 'lower'} than the one before"
        odds = one_in(chance(signal, rules.trend, rules))
        sentence = f"{said}. Any {rules.trend} given {unit} would be all rising or all falling by chance {odds} times"
        return Finding(signal, start, end, side, f"{sentence}: the figure is {going}.")
    side = int(chart.above[row, end])
    where = "above" if side > 0 else "below"
    if signal is Signal.SHIFT:
        odds = one_in(chance(signal, rules.shift, rules))
        return Finding(
            signal,
            start,
            end,
            side,
            f"{many} {unit} running {where} the mean. Any {rules.shift} given {unit} would all be on one side of it by "
            f"chance {odds} times: the usual level has probably changed.",
        )
    if signal is Signal.BEYOND_LIMIT:
        odds = one_in(chance(signal, 1, rules))
        limit = "upper" if side > 0 else "lower"
        return Finding(
            signal,
            start,
            end,
            side,
            f"{_figure(chart.values[row, end])} is {where} the {limit} limit of "
            f"{_figure((chart.upper if side > 0 else chart.lower)[row, end])}. Chance alone puts a point outside the "
            f"limits {odds} times: something unusual probably happened.",
        )
    odds = one_in(chance(signal, 3, rules))
    return Finding(
        signal,
        start,
        end,
        side,
        f"At least two of three {unit} running are near the {'upper' if side > 0 else 'lower'} limit, all three "
        f"{where} the mean. Chance alone does this at any three given {unit} {odds} times.",
    )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"


def notes(points: int, rules: Rules, unit: str = "months") -> list[str]:
    """What must be said of lines computed from few points."""
    if points < 2:
        return [f"There are too few {unit} to draw limits from: at least two in a row are needed."]
    if points < rules.fewest:
        return [
            f"Limits rest on {points} {unit}: too few to conclude anything, so no signal is shown until there are "
            f"{rules.fewest}."
        ]
    if points < rules.settled:
        return [f"Limits are on trial: they rest on {points} {unit} and settle from {rules.settled}."]
    return []


def about(direction: Direction) -> str:
    """Which way is good, as a clause."""
    return {
        Direction.HIGHER: "higher is better",
        Direction.LOWER: "lower is better",
        Direction.NEITHER: "neither higher nor lower is better",
    }[direction]
