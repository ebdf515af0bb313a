"""Whether the person cares for somebody, which practices record among observations and which is no measurement.

The codes are data (``caring_codes.csv``: the codes of the carers register, which a test compares). The latest
code counts: one that says the person is a carer no longer ends all that came before.
"""

import csv
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from commonweal.apps.record.entries import Entry

_TABLE = Path(__file__).with_name("caring_codes.csv")


class Caring(NamedTuple):
    """``cares``: as the latest entry says. ``entries``: all that was recorded of it, latest first."""

    cares: bool
    entries: tuple[Entry, ...]


@lru_cache(maxsize=1)
def caring_codes() -> Mapping[str, bool]:
    """SNOMED CT code → whether it says that the person cares for somebody."""
    with _TABLE.open(encoding="utf-8", newline="") as rows:
        return {row["code"]: row["cares"] == "yes" for row in csv.DictReader(rows)}


def caring(entries: Sequence[Entry]) -> Caring | None:
    """The status that ``entries``, latest first, come to; None when nothing is recorded of it."""
    codes = caring_codes()
    found = tuple(item for item in entries if item.code in codes)
    return Caring(codes[found[0].code], found) if found else None
