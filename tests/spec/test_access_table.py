"""Who may see what: an expected answer for every pair, put to the gate. The tables are also the documentation.

``access_table.csv``: role × purpose × relationship × category. ``access_restrictions.csv``: what a restriction does to
each pair that is open without one.
"""

import csv
from datetime import date
from itertools import product
from pathlib import Path

import pytest

from commonweal.apps.access.gate import decide
from commonweal.domain.access.vocabulary import Action, Category, Purpose, RelationshipKind, RestrictionReason, Role

HERE = Path(__file__).parent
ON = date(2020, 10, 31)


def rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def asked(row: dict[str, str], action: Action, category: Category, reason: str = "", own: bool = False) -> bool:
    kinds = [] if row["relationship"] == "none" else [row["relationship"]]
    return decide(ON, Role(row["role"]), Purpose(row["purpose"]), action, category, kinds, reason, own)


def test_every_pair_has_one_expected_answer() -> None:
    stated = [(row["role"], row["purpose"], row["relationship"]) for row in rows("access_table.csv")]
    every = product(map(str, Role), map(str, Purpose), ["none", *map(str, RelationshipKind)])
    assert sorted(stated) == sorted(every)


@pytest.mark.parametrize("role", Role)
def test_the_gate_answers_as_the_table_says(role: Role) -> None:
    differing = []
    for row in rows("access_table.csv"):
        if row["role"] != role:
            continue
        for category in Category:
            may = [
                word for word, action in (("read", Action.READ), ("add", Action.WRITE)) if asked(row, action, category)
            ]
            found = " and ".join(may) or "no"
            if found != row[category]:
                differing.append((row, category, found))
    assert differing == []


def test_every_pair_that_is_open_has_a_row_for_each_restriction() -> None:
    open_pairs = [
        (row["role"], row["purpose"], row["relationship"])
        for row in rows("access_table.csv")
        if any(row[category] != "no" for category in Category)
    ]
    stated = [tuple(list(row.values())[:5]) for row in rows("access_restrictions.csv")]
    assert sorted(stated) == sorted(
        (*pair, reason.value, whose)
        for pair, reason, whose in product(open_pairs, RestrictionReason, ("own", "another's"))
    )


@pytest.mark.parametrize("row", rows("access_restrictions.csv"), ids=lambda row: "-".join(row.values()))
def test_restrictions_withhold_as_the_table_says(row: dict[str, str]) -> None:
    answers = {
        asked(row, Action.READ, category, row["reason"], row["whose entry"] == "own")
        for category in Category
        if asked(row, Action.READ, category)
    }
    assert answers == {row["answer"] == "seen"}
