"""Months to years and practices to places: the sum of the parts, the pooled ratio, and parts that are missing."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from commonweal.domain.measurement.aggregate import NotAggregableError, Part, aggregate, part_of, year_to_date
from commonweal.domain.measurement.figures import Aggregation, Measurement, State

values = st.decimals(min_value=-(10**6), max_value=10**6, places=2, allow_nan=False)
counts = st.integers(min_value=1, max_value=10**6)


@given(st.lists(values, min_size=1, max_size=30), st.integers(1, 29))
def test_a_sum_is_the_sum_of_its_parts_however_it_is_cut(numbers: list[Decimal], cut: int) -> None:
    parts = [Part(one) for one in numbers]
    whole = aggregate(parts, Aggregation.SUM).value
    left, right = parts[:cut], parts[cut:]
    halves = [aggregate(half, Aggregation.SUM).value for half in (left, right) if half]
    assert whole == sum(numbers) == sum(one for one in halves if one is not None)


@given(st.lists(st.tuples(counts, counts), min_size=2, max_size=20))
def test_a_pooled_ratio_lies_among_its_parts_and_is_their_weighted_mean(pairs: list[tuple[int, int]]) -> None:
    parts = [Part(Decimal(a) / b * 100, Decimal(a), Decimal(b)) for a, b in pairs]
    pooled = aggregate(parts, Aggregation.POOLED_RATIO).value
    assert pooled is not None
    ratios = [part.value for part in parts if part.value is not None]
    assert min(ratios) - Decimal("1e-9") <= pooled <= max(ratios) + Decimal("1e-9")
    assert abs(pooled - Decimal(sum(a for a, _ in pairs)) / sum(b for _, b in pairs) * 100) < Decimal("1e-9")


@given(st.tuples(counts, counts), st.tuples(counts, counts))
def test_a_pooled_ratio_is_not_the_mean_of_ratios(one: tuple[int, int], other: tuple[int, int]) -> None:
    assume(one[1] != other[1] and one[0] * other[1] != other[0] * one[1])
    parts = [Part(Decimal(a) / b * 100, Decimal(a), Decimal(b)) for a, b in (one, other)]
    pooled = aggregate(parts, Aggregation.POOLED_RATIO).value
    assert pooled != aggregate(parts, Aggregation.MEAN).value


@given(st.lists(values, min_size=2, max_size=12), st.data(), st.sampled_from(["sum", "mean", "pooled_ratio"]))
def test_a_total_that_lacks_a_part_has_no_value(numbers: list[Decimal], data: st.DataObject, how: str) -> None:
    parts = [Part(one, one, Decimal(1)) for one in numbers]
    gone = data.draw(st.integers(0, len(parts) - 1))
    parts[gone] = Part(None)
    total = aggregate(parts, how)
    assert total.value is None
    assert not total.complete
    assert (total.present, total.expected) == (len(numbers) - 1, len(numbers))
    there = numbers[:gone] + numbers[gone + 1 :]
    assert how != "sum" or total.so_far == sum(there)


def test_the_latest_needs_only_the_latest() -> None:
    total = aggregate([Part(None), Part(Decimal(7))], Aggregation.LAST)
    assert (total.value, total.complete) == (7, True)
    assert aggregate([Part(Decimal(7)), Part(None)], Aggregation.LAST).value is None
    assert aggregate([Part(Decimal(7))], Aggregation.LAST, expected=2).value is None


def test_what_must_not_be_put_together() -> None:
    with pytest.raises(NotAggregableError, match="are not to be put together"):
        aggregate([Part(Decimal(1))], Aggregation.NONE)
    with pytest.raises(NotAggregableError, match="numerator and denominator"):
        aggregate([Part(Decimal("45.2"))], Aggregation.POOLED_RATIO)
    with pytest.raises(NotAggregableError, match="3 parts were given where 2"):
        aggregate([Part(Decimal(1))] * 3, Aggregation.SUM, expected=2)
    with pytest.raises(NotAggregableError, match="'guess'"):
        aggregate([Part(Decimal(1))], "guess")


def test_nothing_makes_nothing_and_no_zero() -> None:
    total = aggregate([], Aggregation.SUM, expected=12)
    assert (total.value, total.so_far, total.complete) == (None, None, False)
    assert aggregate([Part(None, Decimal(0), Decimal(0))], Aggregation.POOLED_RATIO).so_far is None


def test_the_year_to_date_counts_from_april() -> None:
    months = {f"2020-{n:02}": Part(Decimal(n)) for n in range(4, 9)}
    total = year_to_date(months, date(2020, 8, 31), Aggregation.SUM)
    assert (total.value, total.expected) == (4 + 5 + 6 + 7 + 8, 5)
    assert year_to_date(months, date(2020, 9, 30), Aggregation.SUM).value is None
    january = {name: Part(Decimal(1)) for name in ("2020-04", "2020-12", "2021-01")}
    assert year_to_date(january, date(2021, 1, 31), Aggregation.SUM).present == 3
    assert year_to_date(january, date(2021, 1, 31), Aggregation.SUM).expected == 10


def test_one_provisional_part_makes_the_total_provisional() -> None:
    parts = [Part(Decimal(1)), Part(Decimal(2), state=State.PROVISIONAL)]
    assert aggregate(parts, Aggregation.SUM).state == State.PROVISIONAL


@pytest.mark.parametrize("state", [State.PAUSED, State.SUPPRESSED, State.TO_BE_CONFIRMED])
def test_a_paused_or_hidden_figure_is_a_missing_part(state: str) -> None:
    figure = Measurement(
        indicator="x",
        footprint_kind="system",
        footprint="QT1",
        period="2020-08",
        value=Decimal(5),
        unit="people",
        as_at=None,
        state=state,
    )
    assert part_of(figure).value is None
