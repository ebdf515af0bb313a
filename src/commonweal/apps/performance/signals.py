"""Reads: the series of stored indicators, assessed, with where every figure came from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from django.conf import settings

from commonweal.apps.measurement import api as measurement
from commonweal.apps.measurement.api import Direction, Indicator, Kind, Measurement, State
from commonweal.domain.errors import CommonwealError
from commonweal.domain.measurement.targets import required, target_on
from commonweal.domain.performance.assess import Answer, Question, Target, assess
from commonweal.domain.performance.periods import start_of
from commonweal.domain.performance.series import Recalibration, Series, months_missing

_COUNTED = (Kind.ACTUAL, Kind.COMPUTED, Kind.PRINTED)  # the first of these that a series has is charted


class NoSeriesError(CommonwealError):
    """An indicator was asked for that has no figures over time here."""


@dataclass(frozen=True, slots=True)
class Key:
    """Which series of an indicator: where, and of whom."""

    footprint_kind: str
    footprint: str
    lens: str
    category: str

    @property
    def name(self) -> str:
        """As the command line and a page's address write it."""
        parts = [self.footprint] if self.lens == "all" else [self.footprint, self.lens, self.category]
        return "/".join(parts)


@dataclass(frozen=True, slots=True)
class Charted:
    """An indicator, and how much of it can be charted."""

    code: str
    name: str
    unit: str
    direction_of_good: str
    service_area: str
    series: int
    points: int
    standing: str = "live"


@dataclass(frozen=True, slots=True)
class Held:
    """One series with the figures it was read from, one a point, in time order."""

    key: Key
    series: Series
    figures: tuple[Measurement, ...]

    @property
    def provisional(self) -> frozenset[date]:
        """The days whose figures may still change."""
        return frozenset(
            day for day, one in zip(self.series.dates, self.figures, strict=True) if one.state == State.PROVISIONAL
        )


@dataclass(frozen=True, slots=True)
class Assessed:
    """An indicator's series with what they say, ``answer`` in the same order; ``disclosure``: what is hidden, why."""

    indicator: Indicator
    held: tuple[Held, ...]
    answer: Answer
    disclosure: str = ""


def charted(service_area: str | None = None) -> list[Charted]:
    """Every indicator with the number of its series of two or more points, and their points in all."""
    sizes: dict[str, dict[Key, int]] = {}
    for one in measurement.extents():
        if one.kind in _COUNTED and start_of(one.first) is not None:
            key = Key(one.footprint_kind, one.footprint, one.lens, one.category)
            held = sizes.setdefault(one.indicator, {})
            held[key] = max(held.get(key, 0), one.periods)
    return [
        Charted(
            indicator.code,
            indicator.name,
            indicator.unit,
            indicator.direction_of_good,
            indicator.service_area,
            len(sizes.get(indicator.code, {})),
            sum(sizes.get(indicator.code, {}).values()),
            str(indicator.standing),
        )
        for indicator in measurement.indicators(service_area)
    ]


def assessed(code: str, question: Question | None = None, *, keep_direction: bool = False) -> Assessed:
    """Every series of an indicator, charted.

    Direction and targets are the definition's (in force at each point), recalibrations those decided for it, unless
    ``question`` brings its own. Raises ``NoSeriesError`` for an indicator unknown here or with no series.
    """
    versions = measurement.versions(code)
    if not versions:
        raise NoSeriesError(f"no indicator {code}; commonweal indicator list shows those held")
    figures, disclosure = measurement.as_released(versions[-1], measurement.get(code), settings.COMMONWEAL_NOW().date())
    held = tuple(_held(figures))
    if not held:
        raise NoSeriesError(f"{code} has no series yet: two or more figures of one place by month, week or day")
    now = versions[-1]
    asked = question or Question()
    days = sorted({day for one in held for day in one.series.dates})
    asked = replace(
        asked,
        direction=asked.direction if keep_direction else Direction(now.direction_of_good),
        targets=asked.targets or tuple(_targets(now, days)),
        recalibrations=asked.recalibrations or tuple(recalibrations(code)),
    )
    return Assessed(now, held, assess([one.series for one in held], asked), disclosure)


def series_of(code: str, question: Question, *, keep_direction: bool = False) -> tuple[list[Series], Question]:
    """The series of an indicator and the question its definition asks of them. Raises ``NoSeriesError``."""
    found = assessed(code, question, keep_direction=keep_direction)
    return [one.series for one in found.held], found.answer.question


def recalibrations(code: str) -> list[Recalibration]:
    """The recalibrations two people decided on for an indicator, with their reasons, oldest first."""
    return [Recalibration(one.start, one.reason, one.until) for one in measurement.recalibrations(code, "approved")]


def _targets(indicator: Indicator, days: Sequence[date]) -> Iterable[Target]:
    """What the definition asks for on each day, where that changes."""
    before: float | None = None
    for day in days:
        target = target_on(indicator.targets, day)
        asked = required(target, day) if target is not None else None
        value = float(asked) if asked is not None else float("nan")
        if before is None or not (value == before or (np.isnan(value) and np.isnan(before))):
            yield Target(value, day)
        before = value


def _held(figures: Iterable[Measurement]) -> list[Held]:
    """Figures of one indicator, place, lens and kind as series of two or more points, not all of them hidden.

    Only periods that are a day, week, month, quarter or year make a series, and all of one length. Where a period
    was reported more than once the last report counts.
    """
    found: dict[tuple[str, Key, str, str], dict[date, Measurement]] = {}
    for one in figures:
        began = start_of(one.period)
        if began is None or one.kind not in _COUNTED:
            continue
        length, day = began
        key = Key(one.footprint_kind, one.footprint, one.lens, one.category)
        days = found.setdefault((one.indicator, key, str(one.kind), length), {})
        if day not in days or days[day].reported <= one.reported:
            days[day] = one
    best: dict[tuple[str, Key], tuple[tuple[int, int], dict[date, Measurement]]] = {}
    for (code, key, kind, _), days in found.items():
        if len(days) < 2 or all(one.value is None for one in days.values()):
            continue
        rank = (len(days), -_COUNTED.index(Kind(kind)))
        if (code, key) not in best or rank > best[code, key][0]:
            best[code, key] = (rank, days)
    return [
        _series(key, days) for (_, key), (_, days) in sorted(best.items(), key=lambda one: (one[0][0], one[0][1].name))
    ]


def _series(key: Key, days: dict[date, Measurement]) -> Held:
    ordered = tuple(sorted(days))
    figures = tuple(days[day] for day in ordered)
    values = np.array([np.nan if one.value is None else float(one.value) for one in figures])
    return Held(key, Series(key.name, ordered, values, months_missing(ordered)), figures)
