"""Figures in rows (one a line of a table) become series of points in time order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np

from commonweal.domain.errors import CommonwealError
from commonweal.domain.performance.spc import Bools, Floats, Ints


class SeriesFault(CommonwealError):
    """A table that cannot be charted; the message names the line and column and says what to do."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns hold what. With ``numerator`` and ``denominator`` the value is the percentage."""

    date: str
    group: tuple[str, ...] = ()
    value: str = ""
    numerator: str = ""
    denominator: str = ""

    @property
    def measured(self) -> tuple[str, ...]:
        """The columns that must be numbers."""
        return (self.numerator, self.denominator) if self.numerator else (self.value,)


@dataclass(frozen=True, slots=True)
class Series:
    """One series: its name, its days in order, a value a day (NaN for a blank one), and the months left out."""

    name: str
    dates: tuple[date, ...]
    values: Floats
    missing: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Recalibration:
    """From this day lines are computed afresh, and why; with ``until``, from the points up to that day alone."""

    start: date
    reason: str = ""
    until: date | None = None


def guess_columns(rows: Sequence[Mapping[str, str | None]], asked: Columns) -> Columns:
    """The columns asked for, and for those not asked for the likely ones of a table.

    The day is the first column of days; the value the first of numbers; every column that is neither names series,
    unless some are asked for. Raises ``SeriesFault`` if there is no such column.
    """
    names = [name for name in rows[0] if name] if rows else []
    for name in (asked.date, *asked.group, *asked.measured):
        if name and name not in names:
            raise SeriesFault(f"no column {name}; the columns are {', '.join(names)}")
    kinds = {name: _kind([row.get(name) or "" for row in rows]) for name in names}
    day = asked.date or next((name for name in names if kinds[name] == "day"), "")
    if not day:
        raise SeriesFault("no column of days written YYYY-MM-DD or YYYY-MM; name one with --date")
    value = asked.value
    if not value and not asked.numerator:
        value = next((name for name in names if kinds[name] == "number" and name not in {day, *asked.group}), "")
        if not value:
            raise SeriesFault("no column of numbers; name one with --value")
    group = asked.group or tuple(name for name in names if kinds[name] == "text" and name not in {day, value})
    return Columns(day, group, value, asked.numerator, asked.denominator)


def _kind(cells: Sequence[str]) -> str:
    """What a column holds: day, number or text; a column of blanks is text."""
    try:
        found = [_day(cell, 0, "") for cell in cells]
    except SeriesFault:
        pass
    else:
        return "day" if found else "text"
    try:
        return "text" if np.isnan([_number(cell, 0, "") for cell in cells]).all() else "number"
    except SeriesFault:
        return "text"


def read_series(rows: Iterable[Mapping[str, str | None]], columns: Columns, first_line: int = 2) -> list[Series]:
    """Series by group, in order of name; rows of one group and day are added up.

    A blank cell (or ``-``, ``NA``) is a missing point. Raises ``SeriesFault`` for a column that is not there, a day
    that is none (YYYY-MM-DD or YYYY-MM), a number that is none, and a percentage of nothing out of something.
    """
    found: dict[str, dict[date, list[float]]] = {}
    for line, row in enumerate(rows, first_line):
        for column in (columns.date, *columns.group, *columns.measured):
            if row.get(column) is None:
                known = ", ".join(name for name in row if name)
                raise SeriesFault(f"line {line}: no column {column}; the columns are {known}")
        name = "/".join(str(row[column]).strip() for column in columns.group) or "all"
        day = _day(str(row[columns.date]), line, columns.date)
        numbers = [_number(str(row[column]), line, column) for column in columns.measured]
        held = found.setdefault(name, {}).setdefault(day, [0.0] * len(numbers))
        for place, number in enumerate(numbers):
            held[place] += number
    return [_series(name, days, columns) for name, days in sorted(found.items())]


def _series(name: str, days: Mapping[date, Sequence[float]], columns: Columns) -> Series:
    ordered = tuple(sorted(days))
    if columns.numerator:
        pairs = [days[day] for day in ordered]
        values = np.array([100 * top / bottom if bottom else np.nan for top, bottom in pairs])
    else:
        values = np.array([days[day][0] for day in ordered])
    return Series(name, ordered, values, months_missing(ordered))


def _day(text: str, line: int, column: str) -> date:
    text = text.strip()
    try:
        if "-" not in text:  # 20170301 is as likely a count
            raise ValueError(text)
        return date.fromisoformat(f"{text}-01" if len(text) == 7 else text[:10])
    except ValueError:
        raise SeriesFault(f"line {line}, {column}: {text!r} is no day; write YYYY-MM-DD or YYYY-MM") from None


def _number(text: str, line: int, column: str) -> float:
    text = text.strip().replace(",", "").removesuffix("%")
    if text in {"", "-", "–", "NA", "N/A", "null"}:
        return float("nan")
    try:
        number = float(text)
    except ValueError:
        raise SeriesFault(f"line {line}, {column}: {text!r} is no number; leave it blank if it is missing") from None
    if not np.isfinite(number):
        raise SeriesFault(f"line {line}, {column}: {text!r} is no number; leave it blank if it is missing")
    return number


def months_missing(days: Sequence[date]) -> tuple[date, ...]:
    """The months left out between the first and the last of monthly days; none where days are no months."""
    if len(days) < 3 or len({day.day for day in days}) > 1:
        return ()
    gone: list[date] = []
    for before, after in pairwise(days):
        month = _next(before)
        while month < after:
            gone.append(month)
            month = _next(month)
    # Quarters and years leave out as much as they give: they are no months.
    return tuple(gone) if len(gone) <= len(days) / 2 else ()


def _next(month: date) -> date:
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def with_gaps(series: Series) -> Series:
    """The series with a missing point for each month left out, which ends runs and moving ranges."""
    if not series.missing:
        return series
    held = dict(zip(series.dates, series.values, strict=True))
    days = tuple(sorted((*series.dates, *series.missing)))
    return Series(series.name, days, np.array([held.get(day, np.nan) for day in days]), series.missing)


def stacked(many: Sequence[Series]) -> Floats:
    """Values as (S, T), each series from the left in its own time, NaN after its end."""
    wide = max((len(one.dates) for one in many), default=0)
    values = np.full((len(many), wide), np.nan)
    for row, one in enumerate(many):
        values[row, : len(one.dates)] = one.values
    return values


def phases(many: Sequence[Series], recalibrations: Sequence[Recalibration]) -> tuple[Ints, Bools]:
    """The phase of each point and whether it is one lines are computed from, both (S, T).

    A phase starts with the first point on or after a recalibration's day; a recalibration before the first point
    changes nothing.
    """
    wide = max((len(one.dates) for one in many), default=0)
    phase = np.zeros((len(many), wide), dtype=np.int64)
    baseline = np.ones((len(many), wide), dtype=np.bool_)
    ordered = sorted(recalibrations, key=lambda one: one.start)
    for row, one in enumerate(many):
        started = [sum(day >= change.start for change in ordered) for day in one.dates]
        if not started:
            continue
        for place, (day, number) in enumerate(zip(one.dates, started, strict=True)):
            until = ordered[number - 1].until if number else None
            baseline[row, place] = until is None or day <= until
        phase[row, : len(started)] = np.array(started) - started[0]
        phase[row, len(started) :] = phase[row, len(started) - 1]
    return phase, baseline
