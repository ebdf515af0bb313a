"""Values of one measurement over time as a small line: drawn here, said in words beside it.

A line needs three values in one unit; fewer are read more quickly as numbers. No limit is drawn and nothing is
called high or low: a range belongs to the laboratory that sent it and stands with its value.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from commonweal.apps.record import entries
from commonweal.apps.record.page.model import Trend
from commonweal.apps.record.page.reading import Row
from commonweal.apps.record.staging import happened
from commonweal.fhir.dates import day_of

WIDTH, HEIGHT, MARGIN, LEAST = 120.0, 28.0, 3.0, 3
Point = tuple[date, float]


def trends(rows: Sequence[Row]) -> dict[str, Trend]:
    """By code, the trend of each measurement that has at least three dated values in one unit."""
    by_code: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        code = entries.first_code(row.resource.get("code"))
        if code:
            by_code.setdefault(code, []).append(row.resource)
    found = {}
    for code, resources in by_code.items():
        if len(resources) >= LEAST:
            trend = _trend(resources)
            if trend is not None:
                found[code] = trend
    return found


def _trend(resources: Iterable[Mapping[str, Any]]) -> Trend | None:
    units: set[str] = set()
    series: dict[str, list[Point]] = {}
    for resource in resources:
        day = day_of(happened(dict(resource)))
        if day is None:
            continue
        for name, quantity in _quantities(resource):
            value = quantity.get("value")
            if isinstance(value, int | float) and not quantity.get("comparator"):
                units.add(str(quantity.get("unit") or quantity.get("code") or ""))
                series.setdefault(name, []).append((day, float(value)))
    series = {name: sorted(points) for name, points in series.items() if len(points) >= LEAST}
    if not series or len(units) != 1:
        return None
    unit = units.pop()
    lines = tuple(_points(series))
    words = "; ".join(_words(name, points, unit) for name, points in series.items())
    return Trend(unit, tuple(series), lines, words, _span(series, unit))


def _quantities(resource: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(resource.get("valueQuantity"), dict):
        yield "", resource["valueQuantity"]
    for item in resource.get("component", ()):
        if isinstance(item.get("valueQuantity"), dict):
            yield entries.text_of(item.get("code")), item["valueQuantity"]


def _points(series: Mapping[str, Sequence[Point]]) -> Iterator[str]:
    """Each line as SVG points; all on one scale of time and value."""
    days = [day.toordinal() for points in series.values() for day, _ in points]
    values = [value for points in series.values() for _, value in points]
    first, wide = min(days), max(max(days) - min(days), 1)
    low, high = min(values), max(values)
    tall = high - low or 1.0
    for points in series.values():
        yield " ".join(
            f"{MARGIN + (day.toordinal() - first) / wide * (WIDTH - 2 * MARGIN):.1f},"
            f"{HEIGHT - MARGIN - (value - low) / tall * (HEIGHT - 2 * MARGIN):.1f}"
            for day, value in points
        )


def _span(series: Mapping[str, Sequence[Point]], unit: str) -> str:
    """``May 2016 to Oct 2020, 62.1 to 68.2 kg``: the corners of the box that the lines are drawn in."""
    days = [day for points in series.values() for day, _ in points]
    values = [value for points in series.values() for _, value in points]
    return f"{min(days):%b %Y} to {max(days):%b %Y}, {min(values):g} to {max(values):g} {unit}".rstrip()


def _words(name: str, points: Sequence[Point], unit: str) -> str:
    """``Weight: 7 values from 62.1 kg in May 2016 to 66 kg in October 2020, lowest 61.5, highest 68.2``."""
    (start, before), (end, now) = points[0], points[-1]
    values = [value for _, value in points]
    lead = f"{name}: " if name else ""
    return (
        f"{lead}{len(points)} values, from {before:g} {unit} in {start:%B %Y} to {now:g} {unit} in {end:%B %Y}; "
        f"lowest {min(values):g}, highest {max(values):g}"
    )
