"""Who may see what: an expected answer for every pair, put to the gate. The tables are also the documentation.

``access_table.csv``: role × purpose × relationship × category. ``access_restrictions.csv``: what a restriction does to
each pair that is open without one. ``access_agreements.csv``: what the standing of the sharing agreement does to it.
``access_platform.csv``: role × purpose, with what may be done that names no category of anybody's record.
"""

import csv
from datetime import date
from itertools import product
from pathlib import Path

import pytest

from commonweal.apps.access.gate import decide, decision
from commonweal.domain.access.agreements import Standing
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


def test_whoever_adds_to_a_record_they_do_not_wait_for_may_withhold_of_it_and_nobody_else() -> None:
    care = {Role.CLINICIAN, Role.SOCIAL_WORKER}
    for row in rows("access_table.csv"):
        for category in Category:
            adds = row[category] == "read and add" and row["relationship"] != "awaiting" and Role(row["role"]) in care
            assert asked(row, Action.RESTRICT, category) == adds, (row, category)


def open_pairs_of_the_table() -> list[tuple[str, str, str]]:
    return [
        (row["role"], row["purpose"], row["relationship"])
        for row in rows("access_table.csv")
        if any(row[category] != "no" for category in Category)
    ]


def test_every_pair_that_is_open_has_a_row_for_each_restriction_and_one_for_agreements() -> None:
    open_pairs = open_pairs_of_the_table()
    agreed = [(row["role"], row["purpose"], row["relationship"]) for row in rows("access_agreements.csv")]
    assert sorted(agreed) == sorted(open_pairs)
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


@pytest.mark.parametrize(
    "row", rows("access_agreements.csv"), ids=lambda row: "-".join((row["role"], row["purpose"], row["relationship"]))
)
def test_agreements_open_as_the_table_says(row: dict[str, str]) -> None:
    role, purpose, kinds = Role(row["role"]), Purpose(row["purpose"]), [row["relationship"]]
    for standing in Standing:
        answers = {
            decide(ON, role, purpose, Action.READ, category, kinds, agreement=standing)
            for category in Category
            if decide(ON, role, purpose, Action.READ, category, kinds)
        }
        assert answers == {row[standing] == "seen"}


def test_no_use_beyond_care_goes_on_without_an_agreement_in_force() -> None:
    for purpose in (Purpose.POPULATION_HEALTH, Purpose.SERVICE_PLANNING, Purpose.RESEARCH):
        for action, standing in product((Action.READ, Action.WORK_ON_PROJECT), set(Standing) - {Standing.OWN}):
            decided = decision(ON, Role.ANALYST, purpose, action, agreement=standing)
            stopped = "uses beyond care stop with their agreement" in decided.rules
            assert stopped == (standing is not Standing.IN_FORCE)


def test_every_role_and_purpose_has_its_expected_doings_that_open_no_record() -> None:
    stated = {(row["role"], row["purpose"]): row["may"] for row in rows("access_platform.csv")}
    found = {
        (role.value, purpose.value): " ".join(
            action
            for action in Action
            if action not in (Action.READ, Action.WRITE, Action.RESTRICT) and decide(ON, role, purpose, action)
        )
        or "nothing"
        for role, purpose in product(Role, Purpose)
    }
    assert stated == found
