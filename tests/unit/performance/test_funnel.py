"""Funnels: exact limits by their definition, overdispersion by hand, and standardisation by what it must keep."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from commonweal.domain.measurement.gap import event_rate
from commonweal.domain.performance.funnel import Adjustment, Basis, exact_limit, funnel, overdispersed
from commonweal.domain.performance.standardise import direct, indirect


def test_an_exact_limit_lies_between_the_counts_around_its_probability() -> None:
    # Binomial of 10 at one half: P(R <= 1) = 11/1024, P(R <= 2) = 56/1024; 2.5% lies a part of the way between.
    r, before, at = 2, 11 / 1024, 56 / 1024
    limit = exact_limit(Basis.PROPORTION, np.array([10.0]), 0.5, 0.025)[0]
    assert limit == pytest.approx((r - (at - 0.025) / (at - before)) / 10)
    # Poisson of 1 expected: P(R <= 3) = 0.98101, P(R <= 2) = 0.91970.
    limit = exact_limit(Basis.RATIO, np.array([1.0]), 1.0, 0.975)[0]
    assert limit == pytest.approx(3 - (special.pdtr(3, 1) - 0.975) / (special.pdtr(3, 1) - special.pdtr(2, 1)))


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 20_000),
    st.floats(0.001, 0.999),
    st.sampled_from([0.001, 0.025, 0.975, 0.999]),
    st.sampled_from(list(Basis)),
)
def test_the_search_finds_the_count_a_plain_one_does(size: int, centre: float, p: float, basis: Basis) -> None:
    """The limit times its size lies within the one count at which the cumulative probability passes ``p``."""
    limit = exact_limit(basis, np.array([float(size)]), centre, p)[0] * size

    def below(count: int) -> float:
        if count < 0:
            return 0.0
        if basis is Basis.RATIO:
            return float(special.pdtr(count, size * centre))
        return 1.0 if count >= size else float(special.bdtr(count, size, centre))

    count = int(np.ceil(limit - 1e-9))
    assert below(count) > p - 1e-9
    assert below(count - 1) <= p + 1e-9


def test_overdispersion_by_hand() -> None:
    # Four of 100 people each at one half: z = -2, -2, 2, 2, so phi = 4; tau² = (16 - 3) / (4w - w), w = 400.
    found = funnel([40, 40, 60, 60], [100] * 4, winsorise=0, adjustment=Adjustment.ADDITIVE)
    assert found.phi == pytest.approx(4)
    assert found.tau2 == pytest.approx(13 / 1200)
    assert found.high95[0] == pytest.approx(0.5 + special.ndtri(0.975) * np.sqrt(0.0025 + 13 / 1200))
    wide = funnel([40, 40, 60, 60], [100] * 4, winsorise=0, adjustment=Adjustment.MULTIPLICATIVE)
    assert wide.high998[0] == pytest.approx(0.5 + special.ndtri(0.999) * 0.05 * 2)
    assert list(found.place) == [0, 0, 0, 0]
    assert overdispersed(found.phi, 4)
    assert not overdispersed(1.2, 4)


def test_limits_of_chance_stand_where_there_is_no_overdispersion() -> None:
    even = [50, 50, 50, 50]
    plain = funnel(even, [100] * 4)
    assert np.array_equal(plain.high95, funnel(even, [100] * 4, adjustment=Adjustment.MULTIPLICATIVE).high95)
    assert plain.phi == 0
    assert list(funnel([30, 50, 70, 50], [100] * 4).place) == [-2, 0, 2, 0]


def test_what_is_no_funnel_is_refused() -> None:
    for events, sizes, match in (
        ([], [], "at least one"),
        ([1], [0], "above 0"),
        ([5], [4], "more events than people"),
    ):
        with pytest.raises(ValueError, match=match):
            funnel(events, sizes)
    assert funnel([5], [4], basis=Basis.RATIO).values[0] == 1.25


def test_standardising_to_oneself_changes_nothing() -> None:
    events, people = [10, 30, 60], [1000.0, 800.0, 200.0]
    own = [count / size for count, size in zip(events, people, strict=True)]
    ratio = indirect(sum(events), people, own)
    assert ratio.value == pytest.approx(1)
    assert ratio.expected == pytest.approx(100)
    byar = event_rate(100, 1)
    assert (ratio.low, ratio.high) == (pytest.approx(byar.low / 100), pytest.approx(byar.high / 100))
    rate = direct(events, people, people)
    assert rate.value == pytest.approx(100 / 2000)
    # Weights in proportion to people give Byar's limits of the crude rate.
    assert (rate.low, rate.high) == (pytest.approx(byar.low / 2000), pytest.approx(byar.high / 2000))
    older = direct(events, people, [100.0, 100.0, 800.0])
    assert older.value > rate.value


def test_groups_that_do_not_match_are_refused() -> None:
    with pytest.raises(ValueError, match="groups must match"):
        indirect(1, [1.0, 2.0], [0.5])
    with pytest.raises(ValueError, match="some must be expected"):
        indirect(1, [1.0], [0.0])
    with pytest.raises(ValueError, match="each group needs people"):
        direct([1], [0.0], [1.0])
    with pytest.raises(ValueError, match="standard population is empty"):
        direct([1], [1.0], [0.0])
