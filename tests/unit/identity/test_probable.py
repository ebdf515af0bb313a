from datetime import date

import pytest

from commonweal.domain.identity import probable
from commonweal.domain.identity.probable import Pair, Particulars

ANNA = Particulars("9990000018", date(1950, 2, 11), "smith", "anna", "female", "NG1 1AA", True)
AT_COUNCIL = ANNA._replace(number=None, registration=False)
HARRIET = ANNA._replace(number="9990000026", given="harriet")


@pytest.mark.parametrize(
    "other",
    [
        AT_COUNCIL,
        AT_COUNCIL._replace(born=date(1950, 11, 2)),
        AT_COUNCIL._replace(family="jones", postcode="NG9 9ZZ"),
        AT_COUNCIL._replace(born=None),
        AT_COUNCIL._replace(sex="male"),
        AT_COUNCIL._replace(number="9990000034"),  # everything else equal: a wrong number, not a new one
    ],
)
def test_pairs_that_may_link(other: Particulars) -> None:
    assert probable.veto(ANNA, other) == ""


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (AT_COUNCIL._replace(given="harriet"), "given names differ"),  # twins
        (AT_COUNCIL._replace(born=date(1975, 6, 3)), "birth dates differ"),  # mother and daughter of one name
        (AT_COUNCIL._replace(given="ann", sex="male"), "sex differs"),
        (AT_COUNCIL._replace(born=None, postcode="NG9 9ZZ"), "no birth date"),
        (ANNA._replace(number="9990000026", given="edward", sex="male"), probable.SEPARATE),
        (ANNA._replace(number="9990000026", family="jones"), probable.SEPARATE),  # adoption
    ],
)
def test_pairs_that_may_not_whatever_their_weight(other: Particulars, reason: str) -> None:
    assert reason in probable.veto(ANNA, other)
    assert probable.veto(ANNA, other) == probable.veto(other, ANNA)


def test_a_strong_pair_joins_and_a_weak_one_is_reviewed() -> None:
    said = {1: ANNA, 2: AT_COUNCIL, 3: AT_COUNCIL}
    people, weights, review = probable.people([[1], [2], [3]], said, [Pair(1, 2, 20.0), Pair(1, 3, 1.0)])
    assert people == [[1, 2], [3]]
    assert weights == {1: 20.0, 2: 20.0}
    assert [(doubt.first, doubt.second, weight) for doubt, weight in review] == [(1, 3, 1.0)]


def test_a_record_that_fits_twins_equally_is_given_to_neither() -> None:
    said = {1: ANNA, 2: HARRIET, 3: AT_COUNCIL._replace(given="")}
    pairs = [Pair(1, 3, 12.0), Pair(2, 3, 11.0), Pair(1, 2, 15.0)]
    people, _, review = probable.people([[1], [2], [3]], said, pairs)
    assert people == [[1], [2], [3]]
    assert {(doubt.first, doubt.second) for doubt, _ in review} == {(1, 3), (2, 3)}


def test_a_clearly_better_fit_wins() -> None:
    said = {1: ANNA, 2: HARRIET, 3: AT_COUNCIL._replace(given="")}
    people, _, _ = probable.people([[1], [2], [3]], said, [Pair(1, 3, 20.0), Pair(2, 3, 11.0)])
    assert people == [[1, 3], [2]]


def test_two_registered_numbers_are_never_one_person() -> None:
    said = {1: ANNA, 2: AT_COUNCIL, 3: ANNA._replace(number="9990000034")}
    people, _, _ = probable.people([[1], [2], [3]], said, [Pair(1, 2, 30.0), Pair(2, 3, 20.0)])
    assert people == [[1, 2], [3]]


def test_an_old_and_a_new_number_are_not_even_offered_for_review() -> None:
    said = {1: ANNA, 2: ANNA._replace(number="9990000026", given="edward", sex="male")}
    assert probable.people([[1], [2]], said, [Pair(1, 2, 9.0)]) == ([[1], [2]], {}, [])


@pytest.mark.parametrize("other", [date(1950, 11, 2), date(1951, 2, 11), date(1950, 3, 11), date(1950, 2, 12)])
def test_birth_dates_a_slip_apart(other: date) -> None:
    assert probable.near(date(1950, 2, 11), other)


@pytest.mark.parametrize("other", [date(1951, 3, 11), date(1975, 6, 3)])
def test_birth_dates_further_apart(other: date) -> None:
    assert not probable.near(date(1950, 2, 11), other)


def test_twins_are_not_offered_for_review_unless_under_one_number() -> None:
    council = AT_COUNCIL._replace(given="harriet")
    one_number = council._replace(number=ANNA.number)
    assert probable.people([[1], [2]], {1: ANNA, 2: council}, [Pair(1, 2, 9.0)])[2] == []
    (found,) = probable.people([[1], [2]], {1: ANNA, 2: one_number}, [Pair(1, 2, 9.0)])[2]
    assert found[0].reason == probable.OTHER_NAME
