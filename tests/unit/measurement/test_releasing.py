"""Breakdowns are shown under their disclosure profile, and nothing small can be found again."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from commonweal.domain.measurement.disclosure import Profile
from commonweal.domain.measurement.figures import Measurement
from commonweal.domain.measurement.releasing import released

SMALL = Profile("register counts", "population", date(2018, 1, 1), None, 1, 7, 5, "test")


def figure(category: str, value: int, **more: object) -> Measurement:
    lens = "all" if category == "all" else "age"
    made = Measurement(
        indicator="falls",
        footprint_kind="place",
        footprint="P1",
        period="2020-08",
        value=Decimal(value),
        unit="people",
        as_at=None,
        lens=lens,
        category=category,
        printed=str(value),
        query="counted",
    )
    return replace(made, **more)  # type: ignore[arg-type]  # fields by name


def test_a_small_count_is_hidden_with_what_would_give_it_away() -> None:
    found = released([figure("all", 63), figure("0-64", 3), figure("65+", 60)], SMALL)
    assert [(one.value, one.state, one.printed) for one in found] == [
        (Decimal(65), "final", None),
        (None, "suppressed", None),
        (None, "suppressed", None),
    ]


def test_a_share_is_worked_out_from_the_counts_as_shown_and_none_without_counts() -> None:
    share = figure("65+", 25, unit="percent", numerator=Decimal(13), denominator=Decimal(52))
    bare = figure("0-64", 25, unit="percent")
    few = figure("85+", 50, unit="percent", numerator=Decimal(2), denominator=Decimal(4))
    found = released([share, bare, few], SMALL)
    assert (found[0].numerator, found[0].denominator, found[0].value) == (Decimal(15), Decimal(50), Decimal(30))
    assert [one.state for one in found[1:]] == ["suppressed", "suppressed"]
    assert found[2].numerator is None


def test_without_a_profile_no_breakdown_is_shown_and_totals_are() -> None:
    found = released([figure("all", 63), figure("65+", 60)], None)
    assert [(one.value, one.state) for one in found] == [(Decimal(63), "final"), (None, "suppressed")]


def test_totals_of_other_periods_stay_exact() -> None:
    alone = figure("all", 63, period="2020-07")
    assert released([alone, figure("65+", 60)], SMALL)[0] == alone


@given(st.lists(st.integers(0, 40), min_size=2, max_size=6))
def test_no_shown_figure_is_small_and_no_hidden_one_stands_alone(counts: list[int]) -> None:
    parts = [figure(f"c{place}", count) for place, count in enumerate(counts)]
    total, *shown = released([figure("all", sum(counts)), *parts], SMALL)
    assert all(one.value is None or one.value % 5 == 0 for one in [total, *shown])
    assert all(one.value is None for one, count in zip(shown, counts, strict=True) if 1 <= count <= 7)
    hidden = sum(one.value is None for one in shown)
    assert hidden != 1 or total.value is None
