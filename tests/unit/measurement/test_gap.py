"""Rates with their limits, and the gap between two of them."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonweal.domain.measurement.gap import event_rate, gap, share


def test_wilson_limits_of_a_published_example() -> None:
    # Newcombe 1998 (two-sided confidence intervals for the single proportion), table I: 81 of 263.
    rate = share(81, 263)
    assert (round(rate.low, 4), round(rate.high, 4)) == (0.2553, 0.3662)


def test_wilson_limits_stay_inside_nought_and_one() -> None:
    # The same table: 0 of 20 gives 0 to 0.1611.
    none = share(0, 20)
    assert (none.low, round(none.high, 4)) == (0.0, 0.1611)
    assert share(20, 20).high == 1.0


def test_newcombe_difference_of_a_published_example() -> None:
    # Newcombe 1998 (interval estimation for the difference), table II: 56/70 less 48/80 is 0.2, 0.0524 to 0.3339.
    found = gap(share(56, 70), share(48, 80))
    assert (round(found.difference, 4), round(found.low, 4), round(found.high, 4)) == (0.2, 0.0524, 0.3339)
    assert found.certain


def test_byar_limits_bracket_the_rate_and_allow_more_events_than_people() -> None:
    rate = event_rate(10, 5)
    # Breslow and Day 1987: for 10 events Byar's limits are 4.79 to 18.39 (exact 4.80 to 18.39).
    assert (round(rate.low * 5, 2), round(rate.high * 5, 2)) == (4.79, 18.39)
    assert event_rate(0, 100).low == 0.0


@pytest.mark.parametrize(("numerator", "denominator"), [(1, 0), (-1, 5), (6, 5)])
def test_what_is_no_share_is_refused(numerator: int, denominator: int) -> None:
    with pytest.raises(ValueError, match="not a share"):
        share(numerator, denominator)


def test_what_is_no_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="not a rate"):
        event_rate(-1, 10)


def test_no_ratio_to_nothing() -> None:
    assert gap(share(5, 10), share(0, 10)).ratio is None


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault of the rule
@given(st.integers(0, 200), st.integers(1, 200), st.integers(0, 200), st.integers(1, 200))
def test_swapping_the_fifths_turns_the_gap_round(a: int, n: int, b: int, m: int) -> None:
    most, least = share(min(a, n), n), share(min(b, m), m)
    there, back = gap(most, least), gap(least, most)
    assert there.difference == pytest.approx(-back.difference)
    assert there.low == pytest.approx(-back.high)
    assert there.low <= there.difference <= there.high
