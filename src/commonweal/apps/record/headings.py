"""Which codes put an entry under a heading of its own: data (``heading_codes.csv``), each row with its source."""

import csv
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

_TABLE = Path(__file__).with_name("heading_codes.csv")


@lru_cache(maxsize=4)
def heading_codes(heading: str, on: date) -> Mapping[tuple[str, str], str]:
    """(system, code) → words, of what stands under ``heading`` on a day."""
    with _TABLE.open(encoding="utf-8", newline="") as rows:
        return {
            (row["system"], row["code"]): row["words"]
            for row in csv.DictReader(rows)
            if row["heading"] == heading
            and date.fromisoformat(row["valid_from"]) <= on
            and (not row["valid_to"] or on <= date.fromisoformat(row["valid_to"]))
        }


def kind_of(concepts: Iterable[Any], codes: Mapping[tuple[str, str], str]) -> str | None:
    """The words of the first known code that ``concepts`` (CodeableConcepts, the telling one first) carry, or None."""
    for concept in concepts:
        for coding in concept.get("coding", ()) if isinstance(concept, dict) else ():
            words = codes.get((coding.get("system", ""), coding.get("code", "")))
            if words is not None:
                return words
    return None
