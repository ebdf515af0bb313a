"""Series with a direction, targets and recalibrations, charted together and answered for one by one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np

from commonweal.domain.measurement.figures import Direction
from commonweal.domain.performance import words
from commonweal.domain.performance.icons import Assurance, Variation, assurance, judged, variation
from commonweal.domain.performance.series import Recalibration, Series, phases, stacked
from commonweal.domain.performance.spc import NHS, Floats, Rules, Signal, XmR, first_points, xmr


@dataclass(frozen=True, slots=True)
class Target:
    """What should be reached, from a day on (None: from the start)."""

    value: float
    start: date | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """How series are to be judged. ``hold``: lines from the first so many points of each phase, then held."""

    direction: Direction = Direction.NEITHER
    targets: tuple[Target, ...] = ()
    recalibrations: tuple[Recalibration, ...] = ()
    hold: int | None = None
    rules: Rules = NHS


@dataclass(frozen=True, slots=True)
class PointRow:
    """One point with its lines and what it shows; numbers are None where there are none."""

    series: str
    date: date
    value: float | None
    mean: float | None
    lower: float | None
    upper: float | None
    near_lower: float | None
    near_upper: float | None
    target: float | None
    phase: int
    points: int
    signal: str
    signals: tuple[str, ...]
    judged: str


@dataclass(frozen=True, slots=True)
class Summary:
    """One series as its latest point leaves it; ``notes`` say in English what else must be known."""

    series: str
    points: int
    first_date: date
    date: date
    value: float | None
    mean: float | None
    lower: float | None
    upper: float | None
    signal: str
    variation: Variation
    assurance: Assurance
    signals_in_all: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Every series charted, in the order given; rows of the arrays of ``chart`` are series."""

    question: Question
    series: tuple[Series, ...]
    chart: XmR
    targets: Floats
    variation: tuple[Variation, ...]
    assurance: tuple[Assurance, ...]

    def rows(self, which: int) -> list[PointRow]:
        """The points of one series, in time order."""
        return [self._row(which, place) for place in range(len(self.series[which].dates))]

    def _row(self, which: int, place: int) -> PointRow:
        chart, one = self.chart, self.series[which]
        found = int(chart.signals[which, place])
        first = Signal(int(chart.first[which, place]))
        cell = (which, place)
        return PointRow(
            series=one.name,
            date=one.dates[place],
            value=_number(chart.values[cell]),
            mean=_number(chart.mean[cell]),
            lower=_number(chart.lower[cell]),
            upper=_number(chart.upper[cell]),
            near_lower=_number(chart.near_lower[cell]),
            near_upper=_number(chart.near_upper[cell]),
            target=_number(self.targets[cell]),
            phase=int(chart.phase[cell]),
            points=int(chart.points[cell]),
            signal=words.SIGNAL_NAMES.get(first, ""),
            signals=tuple(words.signals_named(found)),
            judged=judged(int(chart.side[cell]), self.question.direction),
        )

    def findings(self, which: int) -> list[words.Finding]:
        """Every signal of one series, in words."""
        one = self.series[which]
        return words.explain(self.chart, which, len(one.dates), unit_of(one.dates))

    def summary(self, which: int) -> Summary:
        """One series as its latest point leaves it. Raises ``ValueError`` for a series without a date."""
        one = self.series[which]
        if not one.dates:
            raise ValueError(f"{one.name} has no points")
        place = _last(self.chart.values[which])
        row = self._row(which, len(one.dates) - 1 if place is None else place)
        times = len(one.dates)
        return Summary(
            series=one.name,
            points=int((~np.isnan(one.values)).sum()),
            first_date=one.dates[0],
            date=row.date,
            value=row.value,
            mean=row.mean,
            lower=row.lower,
            upper=row.upper,
            signal=row.signal,
            variation=self.variation[which],
            assurance=self.assurance[which],
            signals_in_all=int((self.chart.first[which, :times] > 0).sum()),
            notes=tuple(self._notes(which, row)),
        )

    def _notes(self, which: int, row: PointRow) -> list[str]:
        one, unit = self.series[which], unit_of(self.series[which].dates)
        said = words.notes(row.points, self.question.rules, unit)
        blank = int(np.isnan(one.values).sum())
        if blank:
            said.append(f"{blank} {_plural(unit, blank)} without a figure: no run or moving range crosses them.")
        elif one.missing:
            gone = len(one.missing)
            said.append(
                f"{gone} {_plural(unit, gone)} left out between {one.dates[0]} and {one.dates[-1]}: the points on "
                "either side are taken as neighbours."
            )
        if row.mean is not None and row.upper is not None and row.lower is not None and row.upper == row.lower:
            if np.nanmin(one.values) == np.nanmax(one.values):
                said.append("Every point is the same: the limits lie on the mean.")
            else:
                said.append(
                    f"Most {unit} are equal, so that the limits close on the mean and others lie outside them: for "
                    "events so rare a chart of what lies between them (g or t) says more."
                )
        return said


def assess(many: Iterable[Series], question: Question) -> Answer:
    """Chart every series at once: limits, signals, and both icons."""
    series = tuple(many)
    values = stacked(series)
    phase, baseline = phases(series, question.recalibrations)
    if question.hold is not None and values.size:
        baseline &= first_points(values, question.hold, phase)
    changed = bool(phase.size) and bool(phase.any())
    chart = xmr(
        values,
        phase=phase if changed else None,
        baseline=None if baseline.all() else baseline,
        rules=question.rules,
    )
    targets = _targets(series, question.targets, values.shape)
    return Answer(
        question,
        series,
        chart,
        targets,
        tuple(variation(chart, question.direction)),
        tuple(assurance(chart, targets, question.direction)),
    )


def _targets(series: Sequence[Series], targets: Sequence[Target], shape: tuple[int, ...]) -> Floats:
    found = np.full(shape, np.nan)
    for target in sorted(targets, key=lambda one: one.start or date.min):
        for row, one in enumerate(series):
            for place, day in enumerate(one.dates):
                if target.start is None or day >= target.start:
                    found[row, place] = target.value
    return found


def unit_of(dates: Sequence[date]) -> str:
    """What the points are, for a sentence: days, weeks, months, quarters, years or points."""
    steps = sorted((after - before).days for before, after in pairwise(dates))
    if not steps:
        return "points"
    usual = steps[len(steps) // 2]
    for unit, low, high in (
        ("days", 1, 1),
        ("weeks", 7, 7),
        ("months", 28, 31),
        ("quarters", 90, 92),
        ("years", 365, 366),
    ):
        if low <= usual <= high:
            return unit
    return "points"


def _plural(unit: str, count: int) -> str:
    return unit.removesuffix("s") if count == 1 else unit


def _last(values: Floats) -> int | None:
    places = np.flatnonzero(~np.isnan(values))
    return int(places[-1]) if places.size else None


def _number(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)
