"""The one write of this app: from the record's changes to released figures."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from commonweal.apps.access import api as access
from commonweal.apps.measurement import api as measurement
from commonweal.apps.places import api as places
from commonweal.apps.population.data import disclosure_profiles
from commonweal.apps.population.lake import as_at, left_out, open_lake, refresh_lake
from commonweal.domain.measurement.disclosure import Profile, profile_for, release
from commonweal.domain.population.calendar import first_day
from commonweal.domain.population.declarations import (
    DECLARATIONS,
    REGISTERED,
    AdmissionMeasure,
    Declaration,
    sentence,
)
from commonweal.domain.population.reference import Cell
from commonweal.lake import registers

SOURCE_KEY = "population:registers"


def refresh(progress: Callable[[str], None] = lambda stage: None) -> dict[str, Any]:
    """Bring lake and figures up to the record, as the service actor ``refresh`` with one audit row.

    Returns version, changes, rows a table, people left out by opt-out, figures, seconds a stage. Raises ``LakeFault``.
    """
    with access.service_run("refresh"):
        day, lake = as_at(), open_lake()
        done = refresh_lake(lake, day, progress)
        seconds = dict(done.seconds)
        progress("registers")
        began = time.perf_counter()
        with lake.connect() as connection:
            counts = registers.count(connection, DECLARATIONS, day)
        seconds["registers"] = round(time.perf_counter() - began, 3)
        progress("measurements")
        began = time.perf_counter()
        measurement.register_indicators([indicator(one) for one in DECLARATIONS])
        profile = profile_for(disclosure_profiles(), "population", day)
        parts_of = parents(places.practice_footprints().values())
        figures = measurement.put(SOURCE_KEY, released(counts, day, done.version, profile, parts_of))
        seconds["measurements"] = round(time.perf_counter() - began, 3)
        return {
            "version": done.version,
            "as_at": day.isoformat(),
            "changes": done.changes,
            "rows": dict(done.rows),
            "left_out": dict(left_out().counts),
            "compacted": done.compacted,
            "figures": figures,
            "seconds": seconds,
        }


def indicator(declared: Declaration) -> measurement.Indicator:
    """The declaration as an indicator."""
    return measurement.Indicator(
        code=declared.name,
        name=declared.title,
        sentence=sentence(declared),
        unit=declared.unit,
        service_area="Population health",
        aggregation="last",
    )


def released(
    counts: Mapping[Cell, int],
    day: date,
    version: int,
    profile: Profile,
    parts_of: Mapping[tuple[str, str], tuple[str, str]],
) -> Iterable[measurement.Measurement]:
    """Every cell as it may be shown, zeroes included, with the released population as its denominator."""
    whole = complete(counts)
    shown = release(whole, groups(whole, parts_of), profile)
    units = {one.name: one for one in DECLARATIONS}
    for cell in sorted(whole):
        declared, value = units[cell.register], shown[cell]
        people = shown[cell._replace(register=REGISTERED)]
        yield measurement.Measurement(
            indicator=cell.register,
            footprint_kind=cell.footprint_kind,
            footprint=cell.footprint,
            period=period(declared, day),
            reported=f"{day:%Y-%m}",
            lens=cell.lens,
            category=cell.category,
            kind=measurement.Kind.COMPUTED,
            value=_decimal(value),
            numerator=_decimal(value),
            denominator=_decimal(people),
            unit=declared.unit,
            state=measurement.State.SUPPRESSED if value is None else measurement.State.FINAL,
            query=f"register {cell.register} as at {day.isoformat()}, lake version {version}",
            as_at=day,
            note=profile.sentence,
        )


def period(declared: Declaration, day: date) -> str:
    """The time a figure covers: a month for a state of affairs, the months between for events."""
    if isinstance(declared, AdmissionMeasure):
        return f"{first_day(day, declared.months):%Y-%m}/{day:%Y-%m}"
    return f"{day:%Y-%m}"


def complete(counts: Mapping[Cell, int]) -> dict[Cell, int]:
    """``counts`` with a zero for every category that any register has in any footprint."""
    areas = {(cell.footprint_kind, cell.footprint) for cell in counts}
    categories = {(cell.lens, cell.category) for cell in counts}
    return {
        cell: counts.get(cell, 0)
        for one in DECLARATIONS
        for area in areas
        for category in categories
        for cell in [Cell(one.name, *area, *category)]
    }


def groups(
    counts: Mapping[Cell, int], parents: Mapping[tuple[str, str], tuple[str, str]]
) -> list[tuple[Cell, list[Cell]]]:
    """(total, parts) of the cells: the categories of a lens, and the footprints within a footprint."""
    parts: dict[tuple[Cell, str], list[Cell]] = {}
    for cell in sorted(counts):
        if cell.lens != "all":
            parts.setdefault((cell._replace(lens="all", category="all"), cell.lens), []).append(cell)
        parent = parents.get((cell.footprint_kind, cell.footprint))
        if parent is not None:
            total = cell._replace(footprint_kind=parent[0], footprint=parent[1])
            parts.setdefault((total, cell.footprint_kind), []).append(cell)
    return [(total, found) for (total, _), found in parts.items() if total in counts]


def parents(practices: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str], tuple[str, str]]:
    """What each footprint is a part of, from (network, place, system) of every practice.

    A network with practices in two places is a part of the system and of neither place.
    """
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for network, place, system in practices:
        found["place", place] = ("system", system)
        if found.setdefault(("network", network), ("place", place)) != ("place", place):
            found["network", network] = ("system", system)
    return found


def _decimal(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value)
