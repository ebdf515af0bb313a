"""How a feed is: whether it is late, whether its volume is out of the ordinary, what of it is missing or set aside.

Volumes are judged by the individuals chart of ``performance.spc`` (NHS England, *Making Data Count*), a period at a
time, the period that is still running left out. Only points beyond a limit count here: an engineer is to be called
when a feed halves or doubles, not for a slow trend. Nothing in here is about a person: counts of rows only.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import numpy as np

from commonweal.domain.performance.spc import Signal, xmr

LONGEST = 36  # periods of a chart
_DAY = timedelta(days=1)


class Trouble(StrEnum):
    """What is wrong with a feed, the gravest first."""

    STOPPED = "stopped"
    NEVER_HEARD = "never heard"
    VOLUME = "volume"
    NHS_NUMBER = "nhs number"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a feed is to come: a file ``every`` so long, and how much later is no fault yet."""

    feed: str
    every: timedelta
    grace: timedelta
    source: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One landed file: when it came, its rows, those set aside, and what of its people is filled in."""

    at: datetime
    rows: int
    quarantined: int
    filled: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Point:
    """Rows received in one period, with the limits of its chart; ``beyond`` is +1 above, -1 below, else 0."""

    start: date
    rows: int
    mean: float | None
    lower: float | None
    upper: float | None
    beyond: int


@dataclass(frozen=True, slots=True)
class Health:
    """A source's feed as of a moment. Shares are of people told; None where nobody was told of."""

    source: str
    feed: str
    last: datetime | None
    due: datetime | None
    late: timedelta
    points: tuple[Point, ...]
    nhs_number_valid: float | None
    completeness: tuple[tuple[str, float], ...]
    quarantined: float | None
    troubles: tuple[tuple[Trouble, str], ...]


def health(
    source: str,
    feed: str,
    arrivals: Sequence[Arrival],
    schedule: Schedule | None,
    now: datetime,
    limits: Mapping[str, float],
) -> Health:
    """The health of one feed of one source from all its files.

    ``limits``: ``nhs_number_valid`` the least share that is no trouble, ``quarantine`` the greatest. Shares are taken
    over the files of the last ``LONGEST`` periods. Without a schedule nothing is late.
    """
    ordered = sorted(arrivals, key=lambda one: one.at)
    last = ordered[-1].at if ordered else None
    due = last + schedule.every + schedule.grace if schedule and last else None
    late = max(timedelta(0), now - due) if due else timedelta(0)
    points = volumes(ordered, schedule.every if schedule else timedelta(days=30), now)
    since = points[0].start if points else date.min
    recent = [one for one in ordered if one.at.date() >= since] or ordered
    people = sum(one.filled.get("people", 0) for one in recent)
    shares = {
        name: sum(one.filled.get(name, 0) for one in recent) / people
        for name in sorted({name for one in recent for name in one.filled} - {"people"})
        if people
    }
    rows = sum(one.rows for one in recent)
    aside = sum(one.quarantined for one in recent) / rows if rows else None
    valid = shares.pop("nhs_number_valid", 0.0 if people else None)
    made = Health(source, feed, last, due, late, points, valid, tuple(shares.items()), aside, ())
    return _judged(made, schedule, limits)


def _judged(made: Health, schedule: Schedule | None, limits: Mapping[str, float]) -> Health:
    found: list[tuple[Trouble, str]] = []
    if made.last is None and schedule and schedule.source:
        found.append((Trouble.NEVER_HEARD, "nothing has come from it yet"))
    if made.late:
        found.append((Trouble.STOPPED, f"nothing since {made.last:%d %B %Y}, {in_words(made.late)} overdue"))
    if schedule and not made.late and made.points and made.points[-1].beyond:
        one = made.points[-1]
        way = "more" if one.beyond > 0 else "fewer"
        limit = one.upper if one.beyond > 0 else one.lower
        text = f"{one.rows:,} rows in the period from {one.start:%d %B %Y}, {way} than the limit of {limit or 0:,.0f}"
        found.append((Trouble.VOLUME, text))
    least, most = limits.get("nhs_number_valid"), limits.get("quarantine")
    if least is not None and made.nhs_number_valid is not None and made.nhs_number_valid < least:
        text = f"{made.nhs_number_valid:.1%} of people with a valid NHS number, under {least:.0%}"
        found.append((Trouble.NHS_NUMBER, text))
    if most is not None and made.quarantined is not None and made.quarantined > most:
        found.append((Trouble.QUARANTINE, f"{made.quarantined:.1%} of rows set aside, over {most:.0%}"))
    return Health(
        made.source, made.feed, made.last, made.due, made.late, made.points, made.nhs_number_valid,
        made.completeness, made.quarantined, tuple(found),
    )  # fmt: skip


def volumes(arrivals: Sequence[Arrival], every: timedelta, now: datetime) -> tuple[Point, ...]:
    """Rows a period, from the first file's to the last whole one, with limits; a period without a file counts zero.

    Periods are days, weeks from Monday, or months, whichever is the longest that ``every`` reaches. The limits of a
    point are computed from the points before it, so that what is judged does not widen them; the first points, as long
    as there are fewer than the method asks for, have none.
    """
    if not arrivals:
        return ()
    counts: dict[date, int] = {}
    for one in arrivals:
        start = _start(one.at.date(), every)
        counts[start] = counts.get(start, 0) + one.rows
    starts = list(_periods(min(counts), _start(now.date(), every), every))[-LONGEST:]
    rows = [counts.get(start, 0) for start in starts]
    found = []
    for n, (start, count) in enumerate(zip(starts, rows, strict=True)):
        mean, lower, upper = _lines(rows[:n])
        beyond = 0 if lower is None or upper is None else int(count > upper) - int(count < lower)
        found.append(Point(start, count, mean, lower, upper, beyond))
    return tuple(found)


def _lines(before: Sequence[int]) -> tuple[float | None, float | None, float | None]:
    chart = xmr(np.array([before], dtype=np.float64)) if len(before) >= 5 else None
    if chart is None or np.isnan(chart.mean[0, -1]):
        return None, None, None
    within = [v for v, s in zip(before, chart.signals[0], strict=True) if not s & Signal.BEYOND_LIMIT]
    if 5 <= len(within) < len(before):  # a stop in the past must not hide the next one
        chart = xmr(np.array([within], dtype=np.float64))
    return float(chart.mean[0, -1]), max(0.0, float(chart.lower[0, -1])), float(chart.upper[0, -1])


def _start(day: date, every: timedelta) -> date:
    if every >= timedelta(days=28):
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if every >= timedelta(days=7) else day


def _periods(first: date, end: date, every: timedelta) -> Iterable[date]:
    """Starts of periods from ``first``'s to the one before ``end``'s."""
    start = first
    while start < end:
        yield start
        start = _start(start + (timedelta(days=32) if every >= timedelta(days=28) else max(every, _DAY)), every)


def in_words(length: timedelta) -> str:
    """A length of time as a person says it, in its largest whole unit.

    >>> in_words(timedelta(days=3, hours=5)), in_words(timedelta(minutes=1))
    ('3 days', '1 minute')
    """
    for seconds, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        count = int(length.total_seconds() // seconds)
        if count:
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"
