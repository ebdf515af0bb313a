"""Numbers the standard leaves to each party, with the days they hold (``limits.csv``)."""

import csv
from datetime import date
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=1)
def _rows() -> list[tuple[str, int, date, date]]:
    with (Path(__file__).parent / "limits.csv").open(encoding="utf-8", newline="") as file:
        return [
            (
                row["name"],
                int(row["value"]),
                date.fromisoformat(row["valid_from"]) if row["valid_from"] else date.min,
                date.fromisoformat(row["valid_to"]) if row["valid_to"] else date.max,
            )
            for row in csv.DictReader(file)
        ]


def limit(name: str, on: date) -> int:
    """The number in force, in the unit of its row. Raises ``KeyError`` for a name or day there is none for."""
    for row, value, first, last in _rows():
        if row == name and first <= on <= last:
            return value
    raise KeyError(name)
