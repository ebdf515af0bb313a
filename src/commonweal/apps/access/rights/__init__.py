"""What people may ask for about their own record, as data with the day each takes effect and its source."""

import csv
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path

from commonweal.domain.access.copy_marks import MarkRule
from commonweal.domain.access.proxies import AgeRule, Standing
from commonweal.domain.access.requests import Mark
from commonweal.domain.effective import on_day

_FOLDER = Path(__file__).parent


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


@lru_cache(maxsize=1)
def age_rules() -> tuple[AgeRule, ...]:
    """What a child's age means for who decides."""
    return tuple(
        AgeRule(date.fromisoformat(row["from"]), int(row["age_from"]), Standing(row["standing"]))
        for row in _rows("competence.csv")
    )


@lru_cache(maxsize=1)
def mark_rules() -> tuple[MarkRule, ...]:
    """What somebody must look at before a copy is released."""
    return tuple(
        MarkRule(date.fromisoformat(row["from"]), Mark(row["mark"]), row["kind"], row["category"], row["element"])
        for row in _rows("marks.csv")
    )


@lru_cache(maxsize=1)
def bank_holidays() -> frozenset[date]:
    """Public holidays of England and Wales, as https://www.gov.uk/bank-holidays has them."""
    return frozenset(date.fromisoformat(row["day"]) for row in _rows("bank_holidays.csv"))


@lru_cache(maxsize=1)
def _periods() -> tuple[tuple[date, str, int], ...]:
    return tuple(
        (date.fromisoformat(row["from"]), row["name"], int(row["amount"])) for row in _rows("subject_access.csv")
    )


def months(name: str, on: date) -> int:
    """How many months: ``months`` to answer, ``extension`` more; as the law was on a day, or first was."""
    return on_day([(day, amount) for day, one, amount in _periods() if one == name], on)
