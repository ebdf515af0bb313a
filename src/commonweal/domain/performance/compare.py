"""Simple comparisons over time and between peers: what a board asks first, with missing figures left missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import ArrayLike

from commonweal.domain.measurement.figures import Direction
from commonweal.domain.performance.series import Series
from commonweal.domain.performance.spc import Bools, Floats


@dataclass(frozen=True, slots=True)
class Rolling:
    """A rolling mean a day; ``provisional`` marks days whose mean takes in a figure that may still change."""

    values: Floats
    provisional: Bools


def rolling(values: ArrayLike, *, window: int = 7, tail: int = 0) -> Rolling:
    """The mean of each day and the ``window - 1`` before it; NaN until there are so many, and where one is missing.

    The last ``tail`` figures are provisional (swabs of the last days are still to be reported), and so is every mean
    with one of them. Raises ``ValueError`` for a window below 1 or a tail below 0.
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or window < 1 or tail < 0:
        raise ValueError("one series, a window of 1 or more, a tail of 0 or more")
    found = np.full(x.shape, np.nan)
    if x.size >= window:
        found[window - 1 :] = np.lib.stride_tricks.sliding_window_view(x, window).mean(axis=1)
    return Rolling(found, np.arange(x.size) >= x.size - tail)


@dataclass(frozen=True, slots=True)
class Change:
    """A figure against another: ``difference`` in its unit, ``percent`` of the other; None where it cannot be said."""

    value: float | None
    against: float | None
    difference: float | None
    percent: float | None


def year_on_year(dates: Sequence[date], values: ArrayLike) -> list[Change]:
    """Each figure against that of the same day a year before (29 February against the 28th)."""
    held = dict(zip(dates, np.asarray(values, dtype=np.float64), strict=True))
    return [_change(held[day], held.get(_year_before(day))) for day in dates]


def restored(dates: Sequence[date], values: ArrayLike, *, baseline: date) -> list[Change]:
    """Each figure against the same month of the last twelve before ``baseline`` (2020-03-01: before the pandemic).

    ``percent`` less 100 is not: here it is the share restored, 100 when activity is back at its old level.
    """
    first = baseline.replace(year=baseline.year - 1)
    series = np.asarray(values, dtype=np.float64)
    old = {day.month: value for day, value in zip(dates, series, strict=True) if first <= day < baseline}
    found = []
    for day, value in zip(dates, series, strict=True):
        change = _change(value, old.get(day.month))
        share = None if change.percent is None else change.percent + 100
        found.append(Change(change.value, change.against, change.difference, share))
    return found


@dataclass(frozen=True, slots=True)
class Season:
    """A figure among those of the same month in other years; ``low`` and ``high`` are the range of those before it."""

    value: float | None
    years: int
    low: float | None
    high: float | None
    mean: float | None

    @property
    def unusual(self) -> bool:
        """Whether it lies outside every earlier year's, of two or more."""
        if self.value is None or self.low is None or self.high is None or self.years < 2:
            return False
        return not self.low <= self.value <= self.high


def seasonal(dates: Sequence[date], values: ArrayLike) -> list[Season]:
    """Each figure beside those of its calendar month in earlier years."""
    series = np.asarray(values, dtype=np.float64)
    found = []
    for day, value in zip(dates, series, strict=True):
        before = [
            float(other)
            for at, other in zip(dates, series, strict=True)
            if at.month == day.month and at < day and at.year < day.year and not np.isnan(other)
        ]
        own = None if np.isnan(value) else float(value)
        if before:
            found.append(Season(own, len(before), min(before), max(before), sum(before) / len(before)))
        else:
            found.append(Season(own, 0, None, None, None))
    return found


@dataclass(frozen=True, slots=True)
class Rank:
    """A place among peers, 1 the best: ``tied`` others share it; ``of`` have a figure."""

    place: int
    of: int
    tied: int

    @property
    def text(self) -> str:
        """``joint 3 of 42``."""
        return f"{'joint ' if self.tied else ''}{self.place} of {self.of}"


def ranks(values: Sequence[float | None], direction: Direction) -> list[Rank | None]:
    """The rank of each; equal figures share the best place, and the next follows after them all (1, 2, 2, 4).

    A missing figure has none and counts for none. Raises ``ValueError`` where neither direction is good.
    """
    if direction is Direction.NEITHER:
        raise ValueError("there is no rank where neither direction is good")
    sign = -1 if direction is Direction.HIGHER else 1
    known = [sign * one for one in values if one is not None]
    return [
        None
        if one is None
        else Rank(1 + sum(other < sign * one for other in known), len(known), known.count(sign * one) - 1)
        for one in values
    ]


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure of one series beside all it can be compared with; None, or no rank, where it cannot be said."""

    series: str
    date: date
    value: float | None
    year_before: float | None
    change: float | None
    percent: float | None
    season_low: float | None
    season_high: float | None
    rolling: float | None
    provisional: bool
    restored_percent: float | None
    rank: str


def compared(
    many: Sequence[Series],
    *,
    baseline: date | None = None,
    window: int = 7,
    tail: int = 0,
    direction: Direction = Direction.NEITHER,
) -> list[Compared]:
    """Every figure of every series with its comparisons, a series at a time in order of time.

    Ranks are among the series with a figure of the same day, and none where neither direction is good. What is
    restored is said from the day of the baseline on.
    """
    at_once: dict[date, list[tuple[str, float | None]]] = {}
    for one in many:
        for day, figure in zip(one.dates, one.values, strict=True):
            at_once.setdefault(day, []).append((one.name, None if np.isnan(figure) else float(figure)))
    place: dict[tuple[str, date], str] = {}
    for day, peers in at_once.items() if direction is not Direction.NEITHER else ():
        for (name, _), rank in zip(peers, ranks([figure for _, figure in peers], direction), strict=True):
            place[name, day] = rank.text if rank else ""
    found = []
    for one in many:
        rolled = rolling(one.values, window=window, tail=tail)
        yearly, season = year_on_year(one.dates, one.values), seasonal(one.dates, one.values)
        back = restored(one.dates, one.values, baseline=baseline) if baseline else None
        found += [
            Compared(
                one.name,
                day,
                yearly[at].value,
                yearly[at].against,
                yearly[at].difference,
                yearly[at].percent,
                season[at].low,
                season[at].high,
                None if np.isnan(rolled.values[at]) else float(rolled.values[at]),
                bool(rolled.provisional[at]),
                back[at].percent if back and baseline and day >= baseline else None,
                place.get((one.name, day), ""),
            )
            for at, day in enumerate(one.dates)
        ]
    return found


def _change(value: float, against: float | None) -> Change:
    own = None if np.isnan(value) else float(value)
    other = None if against is None or np.isnan(against) else float(against)
    if own is None or other is None:
        return Change(own, other, None, None)
    return Change(own, other, own - other, 100 * (own - other) / other if other else None)


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return (day - timedelta(days=1)).replace(year=day.year - 1)
