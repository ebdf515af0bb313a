"""Time limits of access, as data with the day each takes effect (``limits.csv``)."""

import csv
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

from commonweal.domain.effective import on_day

_FILE = Path(__file__).parent / "limits.csv"


@lru_cache(maxsize=1)
def _rows() -> tuple[tuple[date, str, timedelta], ...]:
    with _FILE.open(encoding="utf-8", newline="") as lines:
        return tuple(
            (date.fromisoformat(row["from"]), row["name"], timedelta(**{row["unit"]: int(row["amount"])}))
            for row in csv.DictReader(lines)
        )


def limit(name: str, on: date) -> timedelta:
    """The limit ``name`` as it was on a day: the newest not after it, or the oldest there is.

    Raises:
        KeyError: there is no limit of that name.
    """
    return on_day([(day, period) for day, one, period in _rows() if one == name], on)
