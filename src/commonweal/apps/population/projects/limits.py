"""Numbers of projects and rules for rare values, dated data: the home's ``project_limits.csv`` and
``project_rare_values.csv``, else the package's.
"""

import csv
from datetime import date
from pathlib import Path

from django.conf import settings

from commonweal.domain.effective import on_day
from commonweal.domain.population.projects import ProjectError
from commonweal.lake.rare import Rare

_FILE = Path(__file__).parent / "limits.csv"
_RARE = Path(__file__).parent / "rare_values.csv"


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


def rare_values(on: date) -> list[Rare]:
    """The rules for rare values of extracts made on a day: of each column the newest not after it, or the oldest.

    Raises:
        ProjectError: a line of the file cannot be read; says which.
    """
    own = Path(settings.COMMONWEAL_HOME) / "project_rare_values.csv"
    path = own if own.exists() else _RARE
    known: dict[tuple[str, str], list[tuple[date, Rare]]] = {}
    with path.open(encoding="utf-8-sig", newline="") as lines:
        for n, row in enumerate(csv.DictReader(lines), 2):
            try:
                rule = Rare(row["table"], row["column"], row["kind"], row["by"], int(row["people"]))
                since = date.fromisoformat(row["from"])
                if rule.people < 1:
                    raise ValueError("fewer than one person")
            except (KeyError, TypeError, ValueError) as fault:
                raise ProjectError(f"Line {n} of {path.name} cannot be read: {fault}.") from fault
            known.setdefault((rule.table, rule.column), []).append((since, rule))
    return [on_day(dated, on) for dated in known.values()]
