"""``anomaly_rules.yaml`` as it was on a day."""

from datetime import date, time
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from commonweal.domain.access.anomalies import Hours, Rule, Rules
from commonweal.domain.access.vocabulary import Role

_FILE = Path(__file__).with_name("anomaly_rules.yaml")


@lru_cache(maxsize=1)
def _sets() -> tuple[tuple[date, date | None, Rules], ...]:
    entries = yaml.safe_load(_FILE.read_text("utf-8"))["rules"]
    return tuple((entry["valid_from"], entry["valid_to"], read(entry)) for entry in entries)


def read(entry: dict[str, Any]) -> Rules:
    """One set of the file. Raises ``ValueError`` or ``KeyError`` for what is wrong or missing."""
    hours = {
        Role(role): Hours(
            frozenset(said["days"]),
            time.fromisoformat(said["opens"]),
            time.fromisoformat(said["closes"]),
            ZoneInfo(said["zone"]),
        )
        for role, said in entry["hours"].items()
    }
    if bad := [role for role, one in hours.items() if not one.opens < one.closes or not one.days <= set(range(7))]:
        raise ValueError(f"the hours of {', '.join(bad)} must open before they close, on days from 0 to 6")
    return Rules(frozenset(Rule(name) for name in entry["raise"]), hours, entry["least_peers"], entry["least_looks"])


def rules(on: date) -> Rules:
    """The rules of a day. Raises ``ValueError`` when there are none."""
    for begins, ends, one in reversed(_sets()):
        if begins <= on and (ends is None or on <= ends):
            return one
    raise ValueError(f"no rules of audit review are in force on {on}; see apps/access/anomaly_rules.yaml")
