"""Carer status: the latest code counts, and the codes are those of the register."""

import csv
from pathlib import Path

import commonweal.apps.population
from commonweal.apps.record.caring import caring, caring_codes
from commonweal.apps.record.entries import Entry, entry

CARES, STOPPED, WEIGHT = "224484003", "199361000000101", "27113001"


def _said(code: str, day: str) -> Entry:
    concept = {"coding": [{"system": "http://snomed.info/sct", "code": code}]}
    return entry(
        {"resourceType": "Observation", "id": "1", "status": "final", "code": concept, "effectiveDateTime": day},
        "X1",
        "A Surgery",
    )


def test_a_later_code_of_no_longer_caring_ends_the_earlier() -> None:
    latest_first = [_said(WEIGHT, "2020-06-01"), _said(STOPPED, "2020-05-01"), _said(CARES, "2019-01-01")]
    found = caring(latest_first)
    assert found is not None
    assert not found.cares
    assert [item.code for item in found.entries] == [STOPPED, CARES]


def test_caring_again_counts_again() -> None:
    found = caring([_said(CARES, "2020-06-01"), _said(STOPPED, "2020-05-01")])
    assert found is not None
    assert found.cares


def test_nothing_recorded_is_no_status() -> None:
    assert caring([_said(WEIGHT, "2020-06-01")]) is None


def test_the_codes_are_those_of_the_carers_register() -> None:
    lists = Path(commonweal.apps.population.__file__).parent / "codelists"

    def codes(name: str) -> set[str]:
        with (lists / f"{name}.csv").open(encoding="utf-8", newline="") as rows:
            return {row["code"] for row in csv.DictReader(rows)}

    ours = caring_codes()
    assert {code for code, cares in ours.items() if cares} == codes("carer")
    assert {code for code, cares in ours.items() if not cares} == codes("not_carer")
