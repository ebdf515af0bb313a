from datetime import date

import pytest

from commonweal.domain.identity import birth_date, verified
from commonweal.domain.identity.verified import Traits

ANNA = Traits("9990000018", date(1950, 2, 11), "smith", "anna", "female")


@pytest.mark.parametrize(
    "other",
    [
        ANNA,
        ANNA._replace(family="jones"),  # married
        ANNA._replace(family=""),
        ANNA._replace(given="", sex=""),
        ANNA._replace(sex="male"),  # a slip: both names agree
        ANNA._replace(family="anna", given="smith"),  # typed into each other's box
        ANNA._replace(given="ana"),
    ],
)
def test_number_and_birth_date_agree_and_nothing_contradicts(other: Traits) -> None:
    pairs, doubts = verified.links({1: ANNA, 2: other})
    assert (pairs, doubts) == ([(1, 2)], [])


@pytest.mark.parametrize(
    "other",
    [
        ANNA._replace(number="9990000026"),
        ANNA._replace(number=None),
        ANNA._replace(born=date(1950, 11, 2)),  # day and month swapped: probable at most
        ANNA._replace(born=None),
    ],
)
def test_without_both_there_is_no_verified_link_and_no_doubt(other: Traits) -> None:
    assert verified.links({1: ANNA, 2: other}) == ([], [])


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (ANNA._replace(given="peter", family="brown", sex="male"), "sex and names differ"),
        (ANNA._replace(given="harriet"), "given names differ"),  # a twin's record under her number
        (ANNA._replace(given="", family="brown"), "family names differ"),
        (ANNA._replace(given="", family="", sex="male"), "sex and names differ"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])  # the order of the records changes nothing
def test_a_contradiction_goes_to_review(other: Traits, reason: str, turned: bool) -> None:
    pairs, (doubt,) = verified.links({1: other, 2: ANNA} if turned else {1: ANNA, 2: other})
    assert pairs == []
    assert (doubt.first, doubt.second) == (1, 2)
    assert reason in doubt.reason


def test_two_nameless_records_of_different_sex_are_not_linked() -> None:
    woman = ANNA._replace(given="", family="", sex="female")
    assert verified.links({1: woman, 2: woman})[0] == [(1, 2)]
    assert verified.links({1: woman, 2: woman._replace(sex="male")})[0] == []


def test_placeholder_birth_dates_verify_nobody() -> None:
    filler = ANNA._replace(born=date(1900, 1, 1))
    assert birth_date.placeholder(filler.born)
    assert verified.links({1: filler, 2: filler}) == ([], [])


def test_a_record_that_fits_two_people_is_given_to_neither() -> None:
    twin = ANNA._replace(given="harriet")
    nameless = ANNA._replace(given="")
    pairs, doubts = verified.links({1: ANNA, 2: twin, 3: nameless})
    assert pairs == []
    assert {(doubt.first, doubt.second) for doubt in doubts} == {(1, 2), (1, 3), (2, 3)}


def test_a_merge_never_bridges_two_numbers_even_through_a_third_record() -> None:
    none = ANNA._replace(number=None)
    new = ANNA._replace(number="9990000026", given="edward", sex="male")
    found = verified.people({1: ANNA, 2: none, 3: new}, [(1, 2), (2, 3)])
    assert found.groups == [[1, 2], [3]]
    assert found.verified == set()
    assert found.merged == {1, 2}
    assert [(doubt.first, doubt.second) for doubt in found.doubts] == [(2, 3)]


def test_what_people_confirmed_is_followed_but_bridges_no_two_numbers() -> None:
    none = ANNA._replace(number=None)
    new = ANNA._replace(number="9990000026", given="edward", sex="male")
    found = verified.people({1: ANNA, 2: none, 3: new}, [], [(1, 2), (2, 3)])
    assert found.groups == [[1, 2], [3]]
    assert found.confirmed == {1, 2}


def test_what_people_keep_apart_neither_number_nor_merge_joins() -> None:
    records = {1: ANNA, 2: ANNA, 3: ANNA._replace(number=None)}
    assert verified.people(records, [(2, 3)], [], {(1, 2), (2, 3)}).groups == [[1], [2], [3]]


@pytest.mark.parametrize("born", [None, date(1900, 1, 1), date(1753, 1, 1), date(1850, 6, 1), date(9999, 12, 31)])
def test_birth_dates_that_identify_nobody(born: date | None) -> None:
    assert birth_date.usable(born) is None


@pytest.mark.parametrize("born", [date(1921, 1, 1), date(2000, 1, 1), date(1950, 2, 11)])
def test_birth_dates_that_do(born: date) -> None:
    assert birth_date.usable(born) == born


def test_a_person_two_practices_claim_is_shown_to_reviewers_and_one_practice_twice_is_not() -> None:
    practices = {1: "Y00001", 2: "Y00002", 4: "Y00001", 5: "Y00001"}
    found = verified.registered_twice([[1, 2, 3], [4, 5]], practices)
    assert [(doubt.first, doubt.second, doubt.reason) for doubt in found] == [(1, 2, verified.TWO_PRACTICES)]
