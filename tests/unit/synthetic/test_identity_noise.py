"""Identity faults come at their documented rates, and never make number and birth date agree on the wrong person."""

from math import sqrt

import numpy as np
import pytest

from commonweal.synthetic import rates
from commonweal.synthetic.columns import AS_AT, Stream, Streams
from commonweal.synthetic.geography import Geography
from commonweal.synthetic.identity_noise import PLACEHOLDER, Recorded, mistype, record
from commonweal.synthetic.invented_geography import invent
from commonweal.synthetic.people import People, populate

COUNT = 20_000
NOISES = {
    "general practice": rates.PRACTICE_NOISE,
    "acute": rates.ACUTE_NOISE,
    "council": rates.COUNCIL_NOISE,
    "mental health": rates.MENTAL_HEALTH_NOISE,
}


@pytest.fixture(scope="module")
def held() -> tuple[People, Geography, dict[str, Recorded]]:
    streams = Streams(3)
    geography = invent(streams.of(Stream.GEOGRAPHY), COUNT)
    people = populate(streams, geography, COUNT)
    rng = np.random.default_rng(11)
    return people, geography, {n: record(rng, people, geography, people.everyone(), r) for n, r in NOISES.items()}


def within(found: int, of: int, rate: float) -> bool:
    """Whether ``found`` is within four standard errors of a binomial of this rate."""
    return abs(found - of * rate) <= 4 * sqrt(max(of * rate * (1 - rate), 1))


@pytest.mark.parametrize("source", NOISES)
def test_rates(held: tuple[People, Geography, dict[str, Recorded]], source: str) -> None:
    people, _, records = held
    said, noise = records[source], NOISES[source]
    assert within(int((said.number == "").sum()), COUNT, noise.number_missing)
    wrong = (said.number != people.number.astype(str)) & (said.number != "")
    assert within(int(wrong.sum()), COUNT, noise.number_wrong)
    assert within(int((said.birth == PLACEHOLDER).sum()), COUNT, noise.birth_placeholder * (1 - noise.number_wrong))
    for fault in ("given_typing", "family_typing", "sex_wrong", "postcode_typing", "postcode_missing"):
        assert within(int(said.faults[fault].sum()), COUNT, getattr(noise, fault)), fault
    assert within(int((said.practice == "").sum()), COUNT, noise.practice_missing)
    assert within(int((said.ethnicity == "Z").sum()), COUNT, noise.ethnicity_unknown)
    moved = people.former_postcode >= 0
    assert within(int(said.faults["address_former"].sum()), int(moved.sum()), noise.address_former)
    changed = people.former_family != ""
    assert within(int(said.faults["family_former"].sum()), int(changed.sum()), noise.family_former)


def test_who_is_on_show_is_left_at_the_former_home_or_if_there_is_none_at_an_invented_one(
    held: tuple[People, Geography, dict[str, Recorded]],
) -> None:
    people, geography, _ = held
    who = np.array([np.flatnonzero(people.former_postcode >= 0)[0], np.flatnonzero(people.former_postcode < 0)[0]])
    said = record(np.random.default_rng(1), people, geography, who, rates.ACUTE_NOISE)
    said.correct(people, geography, who)
    said.leave_behind(people, geography, who)
    assert said.postcode[0] == geography.postcodes[people.former_postcode[who[0]]]
    assert said.line[0] == people.former_line[who[0]]
    assert said.postcode[1] != geography.postcodes[people.postcode[who[1]]]
    assert said.line[1] not in (people.line[who[1]], people.former_line[who[1]])
    assert said.faults["address_former"].tolist() == [True, False]


def test_the_issue_s_rates_are_the_ones_used() -> None:
    assert rates.COUNCIL_NOISE.number_missing == 0.15
    assert rates.ACUTE_NOISE.number_missing == 0.05
    assert rates.COUNCIL_NOISE.number_wrong == rates.ACUTE_NOISE.number_wrong == 0.005


def test_a_number_and_birth_date_held_together_belong_to_one_person(
    held: tuple[People, Geography, dict[str, Recorded]],
) -> None:
    _, _, records = held
    owner: dict[tuple[str, int], int] = {}
    for said in records.values():
        for i in range(COUNT):
            if said.number[i]:
                assert owner.setdefault((said.number[i], int(said.birth[i])), i) == i


def test_faults_are_rare_enough_that_most_fields_are_right(
    held: tuple[People, Geography, dict[str, Recorded]],
) -> None:
    people, geography, records = held
    postcodes = np.array(geography.postcodes, dtype=object)[people.postcode]
    for said in records.values():
        assert (said.family == people.family).mean() > 0.97
        assert (said.given == people.given).mean() > 0.93
        assert (said.birth == people.birth).mean() > 0.985
        assert (said.postcode == postcodes).mean() > 0.94


def test_birth_dates_are_never_after_the_as_at_date(held: tuple[People, Geography, dict[str, Recorded]]) -> None:
    people, _, records = held
    assert people.birth.max() < AS_AT
    assert all(said.birth.max() <= AS_AT for said in records.values())


def test_mistyping_always_changes_the_name() -> None:
    rng = np.random.default_rng(0)
    for name in ("Al", "Lee", "Anna", "O'Neill", "Müller", "Victoria"):
        for _ in range(50):
            assert mistype(rng, name) != name


def test_twins_and_namesakes_share_what_they_should(held: tuple[People, Geography, dict[str, Recorded]]) -> None:
    people, _, _ = held
    twins = np.flatnonzero(people.twin_of >= 0)
    others = people.twin_of[twins]
    assert len(twins) >= 10
    assert (people.birth[twins] == people.birth[others]).all()
    assert (people.family[twins] == people.family[others]).all()
    assert (people.household[twins] == people.household[others]).all()
    assert all(a[0] != b[0] for a, b in zip(people.given[twins], people.given[others], strict=True))
    sons = np.flatnonzero(people.namesake_of >= 0)
    fathers = people.namesake_of[sons]
    assert len(sons) >= 10
    assert (people.given[sons] == people.given[fathers]).all()
    assert (people.family[sons] == people.family[fathers]).all()
    assert (people.birth[sons] - people.birth[fathers] > 15 * 365).all()
    assert (people.household[sons] == people.household[fathers]).all()
