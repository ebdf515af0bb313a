"""A series against its own past: a year before, its season, its rolling mean, and how much of an old level is back."""

from dataclasses import dataclass
from datetime import date
from math import isnan

from commonweal.apps.measurement.api import Indicator
from commonweal.apps.performance.signals import Held
from commonweal.charts.assessed import figure, period_words
from commonweal.domain.performance.assess import unit_of
from commonweal.domain.performance.compare import Change, restored, rolling, seasonal, year_on_year

WEEK = 7


@dataclass(frozen=True, slots=True)
class Compared:
    """A table: its columns, and rows of cells as text, newest first. ``baseline`` is the month asked for, or ""."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    baseline: str


def compared(indicator: Indicator, held: Held, provisional: frozenset[date], baseline: str) -> Compared:
    """Each figure beside what it can be compared with.

    ``baseline`` (a month, like 2020-03) adds the share of the same month in the twelve before it; anything else is
    ignored. Rolling means are for days, in which the newest that rest on provisional figures say so.
    """
    dates, values = held.series.dates, held.series.values
    unit, places = unit_of(dates), indicator.rounding
    percent = indicator.unit == "percent"
    start = _month(baseline)
    yearly, season = year_on_year(dates, values), seasonal(dates, values)
    columns = ["Period", "Figure", "A year before", "Change"]
    if unit == "days":
        columns.append("Mean of 7 days")
    if unit == "months":
        columns.append("Same month, earlier years")
    if start is not None:
        columns.append("Of the level before")
    rolled = rolling(values, window=WEEK, tail=len(provisional))
    back = restored(dates, values, baseline=start) if start is not None else []
    rows = []
    for at, day in enumerate(dates):
        row = [period_words(day, unit), figure(yearly[at].value, places), _known(yearly[at].against, places)]
        row.append(change_words(yearly[at], percent=percent))
        if unit == "days":
            mean = float(rolled.values[at])
            tail = " (provisional)" if rolled.provisional[at] and not isnan(mean) else ""
            row.append("–" if isnan(mean) else figure(mean, places) + tail)
        if unit == "months":
            one = season[at]
            among = "–" if one.low is None else f"{figure(one.low, places)} to {_known(one.high, places)}"
            row.append(among + (", outside" if one.unusual else ""))
        if start is not None:
            share = back[at].percent
            row.append("–" if share is None or day < start else f"{share:.1f}%")
        rows.append(tuple(row))
    return Compared(tuple(columns), tuple(rows[::-1]), "" if start is None else f"{start:%Y-%m}")


def change_words(change: Change, *, percent: bool) -> str:
    """A change with its sign, and in percent unless it is one of percentages; a dash where it cannot be said."""
    if change.difference is None:
        return "–"
    if percent:
        return f"{change.difference:+.1f} points".replace("-", "−")
    share = f" ({change.percent:+.1f}%)" if change.percent is not None else ""
    return f"{change.difference:+,.0f}{share}".replace("-", "−")


def _known(value: float | None, places: int | None) -> str:
    return "–" if value is None else figure(value, places)


def _month(text: str) -> date | None:
    try:
        return date.fromisoformat(f"{text}-01") if len(text) == len("2020-03") else None
    except ValueError:
        return None
