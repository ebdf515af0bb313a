"""The codes emitted are members, with their terms, of the published code lists; conditions are graded as declared."""

import csv
from pathlib import Path

import numpy as np

from commonweal.synthetic import codes
from commonweal.synthetic.columns import Stream, Streams
from commonweal.synthetic.invented_geography import invent
from commonweal.synthetic.lives import deciles, die, fall_ill
from commonweal.synthetic.people import populate


def _published(folder: Path, name: str) -> dict[str, str]:
    with (folder / "snomed_codelists" / f"{name}.csv").open(encoding="utf-8-sig") as handle:
        return {row["code"]: row["term"] for row in csv.DictReader(handle)}


def test_codes_are_in_the_published_lists(test_data: Path) -> None:
    for condition in codes.CONDITIONS:
        if condition.name == "frailty":
            listed: dict[str, str] = {}
            for degree in ("mild", "moderate", "severe"):
                listed |= _published(test_data, f"frailty_{degree}")
        else:
            listed = _published(test_data, condition.name)
        assert {c.id: listed.get(c.id) for c in condition.codes} == {c.id: c.term for c in condition.codes}
        assert abs(sum(condition.shares) - 1) < 1e-9
    assert _published(test_data, "diabetes_resolved")[codes.DIABETES_RESOLVED.id] == codes.DIABETES_RESOLVED.term
    assert _published(test_data, "carer")[codes.CARER.id] == codes.CARER.term
    assert _published(test_data, "not_carer")[codes.NOT_CARER.id] == codes.NOT_CARER.term


def test_conditions_are_commoner_with_age_and_deprivation() -> None:
    streams = Streams(2)
    geography = invent(streams.of(Stream.GEOGRAPHY), 30_000)
    people = populate(streams, geography, 30_000)
    die(streams, people, geography)
    conditions, _ = fall_ill(streams, people, geography)
    age = -people.birth / 365.25 + 50.8
    decile = deciles(people, geography)
    for name in ("diabetes", "hypertension", "copd", "chd"):
        has = np.zeros(len(people), dtype=bool)
        has[conditions.person[conditions.kind == codes.CONDITION_NAMES.index(name)]] = True
        assert has[age > 65].mean() > 2 * has[(age > 40) & (age < 55)].mean(), name
        old = (age > 50) & (age < 80)
        if name != "hypertension":
            assert has[old & (decile <= 3)].mean() > has[old & (decile >= 8)].mean(), name
    men = np.zeros(len(people), dtype=bool)
    men[conditions.person[conditions.kind == codes.CONDITION_NAMES.index("chd")]] = True
    assert men[(age > 60) & ~people.female].mean() > men[(age > 60) & people.female].mean()
