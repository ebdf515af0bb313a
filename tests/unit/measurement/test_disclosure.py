"""What disclosure control shows, hides, and keeps from being worked out."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.domain.measurement.disclosure import Profile, profile_for, read_profiles, release

PROFILE = Profile("counts", "population", date(2018, 1, 1), None, 1, 7, 5, "test")


@pytest.mark.parametrize(
    ("count", "shown"), [(0, 0), (1, None), (7, None), (8, 10), (12, 10), (13, 15), (17, 15), (1002, 1000)]
)
def test_small_counts_are_hidden_and_the_rest_rounded(count: int, shown: int | None) -> None:
    assert release({"a": count}, [], PROFILE) == {"a": shown}


def test_a_single_hidden_part_takes_the_next_smallest_with_it() -> None:
    counts = {"all": 65, "a": 5, "b": 20, "c": 40, "d": 0}
    assert release(counts, [("all", "abcd")], PROFILE) == {"all": 65, "a": None, "b": None, "c": 40, "d": 0}


def test_two_hidden_parts_hide_each_other() -> None:
    counts = {"all": 27, "a": 5, "b": 2, "c": 20}
    assert release(counts, [("all", "abc")], PROFILE) == {"all": 25, "a": None, "b": None, "c": 20}


def test_hiding_in_one_table_is_followed_into_the_next() -> None:
    """Place x has networks p and q, by sex: hiding p's women hides q's or p's men, and so on to a standstill."""
    counts = {"x": 60, "p": 25, "q": 35, "xf": 30, "xm": 30, "pf": 5, "pm": 20, "qf": 25, "qm": 10}
    totals = [
        ("x", ["xf", "xm"]),
        ("p", ["pf", "pm"]),
        ("q", ["qf", "qm"]),
        ("x", ["p", "q"]),
        ("xf", ["pf", "qf"]),
        ("xm", ["pm", "qm"]),
    ]
    shown = release(counts, totals, PROFILE)
    assert {key for key, value in shown.items() if value is None} == {"pf", "pm", "qf", "qm"}


def test_a_total_that_was_hidden_is_not_to_be_had_by_adding_up_its_parts() -> None:
    """Place x hides behind place y, of which the one network q is all: showing q would show x."""
    counts = {"all": 55, "x": 5, "y": 50, "q": 50, "qf": 20, "qm": 30}
    totals = [("all", ["x", "y"]), ("y", ["q"]), ("q", ["qf", "qm"])]
    assert release(counts, totals, PROFILE) == {"all": 55, "x": None, "y": None, "q": None, "qf": None, "qm": 30}


def test_a_total_that_would_give_its_only_part_away_is_hidden() -> None:
    profile = Profile("counts", "d", date(2018, 1, 1), None, 1, 7, 1, "test")
    assert release({"all": 8, "a": 7}, [("all", "a")], profile) == {"all": None, "a": None}


@given(st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=2, max_size=4))
def test_no_hidden_count_is_the_only_one_of_a_shown_total(table: list[list[int]]) -> None:
    counts = {(r, c): n for r, row in enumerate(table) for c, n in enumerate(row)}
    totals = []
    for r in range(len(table)):
        counts[r, -1] = sum(table[r])
        totals.append(((r, -1), [(r, c) for c in range(3)]))
    for c in range(-1, 3):
        counts[-1, c] = sum(counts[r, c] for r in range(len(table)))
        totals.append(((-1, c), [(r, c) for r in range(len(table))]))
    totals.append(((-1, -1), [(-1, c) for c in range(3)]))
    shown = release(counts, totals, PROFILE)
    for total, parts in totals:
        if shown[total] is not None:
            assert sum(shown[part] is None for part in parts) != 1
        elif not PROFILE.hides(counts[total]):
            assert any(shown[part] is None for part in parts)
    assert all(value is None or not PROFILE.hides(counts[key]) for key, value in shown.items())


def test_profiles_are_dated_data_and_without_one_nothing_is_released() -> None:
    profiles = read_profiles(
        [
            "name,data_set,valid_from,valid_to,hide_from,hide_to,round_to,source",
            "old,population,2010-01-01,2017-12-31,1,5,1,then",
            "new,population,2018-01-01,,1,7,5,now",
        ]
    )
    assert profile_for(profiles, "population", date(2017, 12, 31)).name == "old"
    assert profile_for(profiles, "population", date(2018, 1, 1)).name == "new"
    with pytest.raises(LookupError, match="no disclosure profile for population on 2009-12-31"):
        profile_for(profiles, "population", date(2009, 12, 31))
    with pytest.raises(LookupError):
        profile_for(profiles, "beds", date(2020, 1, 1))
