"""Numbers of projects, dated data: ``project_limits.csv`` of the home, else the package's."""

import csv
from datetime import date
from pathlib import Path

from django.conf import settings

from commonweal.domain.effective import on_day

_FILE = Path(__file__).parent / "limits.csv"


def limit(name: str, on: date) -> int:
    """The number ``name`` as it was on a day: the newest not after it, or the oldest there is. Raises ``KeyError``."""
    own = Path(settings.COMMONWEAL_HOME) / "project_limits.csv"
    with (own if own.exists() else _FILE).open(encoding="utf-8-sig", newline="") as lines:
        known = [
            (date.fromisoformat(row["from"]), int(row["amount"]))
            for row in csv.DictReader(lines)
            if row["name"] == name
        ]
    return on_day(known, on)
