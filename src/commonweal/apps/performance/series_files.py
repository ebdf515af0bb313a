"""Published figures over time: the monthly table of accident and emergency departments becomes measurements."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from commonweal.apps.measurement import api as measurement
from commonweal.apps.measurement.api import Indicator, Kind, Measurement
from commonweal.domain.measurement.targets import read_target

TABLE = "series_ae_attendances"
_TARGETS = Path(__file__).with_name("definitions") / "series_targets.csv"
_COLUMNS = ("period", "org_code", "org_name", "attendances", "breaches", "admissions")


def load_series(directory: Path, definitions: Mapping[str, Indicator]) -> dict[str, int]:
    """Load the table if the folder has it, in place of what it said before; figures stored by table.

    ``definitions`` by code are registered with the targets kept beside them. Raises ``BadTableError`` naming file,
    line and column.
    """
    path = directory / "series" / "ae_attendances.csv"
    if not path.exists():
        return {}
    with _TARGETS.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            target = read_target(row["target"], date.fromisoformat(row["starts"]))
            measurement.register_indicators([replace(definitions[row["indicator"]], targets=(target,))])
    figures = list(_figures(path))
    # All of it was reported together: in the month of its last figure.
    last = max((one.period for one in figures), default="")
    return {TABLE: measurement.put(f"published:{TABLE}", [_reported(one, last) for one in figures])}


def _reported(figure: Measurement, month: str) -> Measurement:
    return replace(figure, reported=month)


def _figures(path: Path) -> Iterator[Measurement]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        if tuple(reader.fieldnames or ()) != _COLUMNS:
            raise measurement.BadTableError(f"{path.name} line 1: the columns must be {', '.join(_COLUMNS)}")
        for row in reader:
            yield from _row(f"series/{path.name}", reader.line_num, row)


def _row(file: str, line: int, row: dict[str, str]) -> Iterator[Measurement]:
    try:
        month = date.fromisoformat(row["period"])
        attended, breached, admitted = (Decimal(int(row[name])) for name in _COLUMNS[3:])
    except (ValueError, TypeError) as problem:
        raise measurement.BadTableError(
            f"{file} line {line}: a day and three whole numbers are due: {problem}"
        ) from None
    if breached > attended:
        raise measurement.BadTableError(f"{file} line {line}, breaches: more breaches than attendances")
    inside = attended - breached
    for code, value, unit, numerator, denominator in (
        ("ae_four_hours", 100 * inside / attended if attended else None, "percent", inside, attended),
        ("ae_attendances_type1", attended, "attendances", None, None),
        ("ae_admissions_type1", admitted, "admissions", None, None),
    ):
        yield Measurement(
            indicator=code,
            footprint_kind="organisation",
            footprint=row["org_code"],
            period=f"{month:%Y-%m}",
            value=value,
            unit=unit,
            as_at=None,
            kind=Kind.ACTUAL,
            numerator=numerator,
            denominator=denominator,
            source_file=file,
            source_line=str(line),
            note=row["org_name"],
        )
