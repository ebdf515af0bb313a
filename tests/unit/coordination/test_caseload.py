"""Who stands in for whom, and when: the days are inclusive, a cover who is away passes it on, and a ring is nobody."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.domain.coordination.caseload import Absence, Allocation, away, stand_in

DAY = date(2026, 3, 2)
ONE = timedelta(days=1)


@pytest.mark.parametrize(("on", "holds"), [(DAY - ONE, False), (DAY, True), (DAY + ONE, True), (DAY + 2 * ONE, False)])
def test_an_allocation_and_an_absence_hold_on_both_their_ends(on: date, holds: bool) -> None:
    assert Allocation("QCC", "ann", "North", DAY, DAY + ONE).holds(on) is holds
    assert Absence("ann", DAY, DAY + ONE).holds(on) is holds


def test_an_allocation_without_an_end_goes_on() -> None:
    assert Allocation("QCC", "ann", "North", DAY).holds(date.max)


def test_of_two_absences_the_one_that_began_last_says_who_covers() -> None:
    gone = away([Absence("ann", DAY - 5 * ONE, DAY + ONE, "bob"), Absence("ann", DAY, DAY, "cai")], DAY)
    assert gone == {"ann": "cai"}


@pytest.mark.parametrize(
    ("gone", "there"),
    [
        ({}, "ann"),
        ({"ann": "bob"}, "bob"),
        ({"ann": "bob", "bob": "cai"}, "cai"),
        ({"ann": "bob", "bob": "ann"}, ""),
        ({"ann": ""}, ""),
        ({"ann": "zoe"}, ""),  # who may not be told covers for nobody
    ],
)
def test_who_stands_in(gone: dict[str, str], there: str) -> None:
    assert stand_in("ann", gone, {"ann", "bob", "cai"}) == there


_NAMES = st.sampled_from("abcdef")


@given(st.dictionaries(_NAMES, st.one_of(st.just(""), _NAMES)), st.sets(_NAMES), _NAMES)
def test_whoever_stands_in_is_there_and_may_be_told(gone: dict[str, str], able: set[str], account: str) -> None:
    found = stand_in(account, gone, able)
    assert found == "" or (found not in gone and found in able)
    assert found == account or account in gone or account not in able
