"""How much of what a feed could say of a person it does say. What to expect is data (``completeness.csv``).

``path`` is a field of ``fhir.demographics.Demographics`` that the source's Patient fills, or a resource type of which
it holds at least one. What the reader's scope does not open is not counted: it may be there.
"""

import csv
from collections.abc import Collection, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from commonweal.apps.record.page.model import Completeness
from commonweal.fhir.demographics import Demographics

_TABLE = Path(__file__).parents[1] / "completeness.csv"


class Expected(NamedTuple):
    """One thing a feed is expected to say."""

    item: str
    path: str
    category: str


@lru_cache(maxsize=4)
def expected(on: date) -> Mapping[str, tuple[Expected, ...]]:
    """By feed, what its senders are expected to say on a day."""
    found: dict[str, list[Expected]] = {}
    with _TABLE.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            if date.fromisoformat(row["valid_from"]) <= on and (
                not row["valid_to"] or on <= date.fromisoformat(row["valid_to"])
            ):
                found.setdefault(row["feed"], []).append(Expected(row["item"], row["path"], row["category"]))
    return {feed: tuple(items) for feed, items in found.items()}


def completeness(
    items: Collection[Expected], said: Collection[Demographics], types: Collection[str], categories: Collection[str]
) -> Completeness | None:
    """The score of one source's feed for one person; None when nothing is expected of it.

    ``said``: its Patients; ``types``: of the resources it holds; ``categories``: that the reader may see.
    """
    counted = [item for item in items if item.category in categories]
    if not counted:
        return None
    missing = tuple(
        one.item
        for one in counted
        if not (one.path in types if one.path[0].isupper() else any(getattr(d, one.path) for d in said))
    )
    return Completeness(len(counted) - len(missing), len(counted), missing)
