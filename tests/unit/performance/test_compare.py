"""Comparisons over time and between peers."""

from datetime import date

import numpy as np
import pytest

from commonweal.domain.measurement.figures import Direction
from commonweal.domain.performance.compare import compared, ranks, restored, rolling, seasonal, year_on_year
from commonweal.domain.performance.periods import start_of
from commonweal.domain.performance.series import Series

MONTHS = [date(2018 + at // 12, at % 12 + 1, 1) for at in range(27)]


def test_a_seven_day_mean_waits_for_seven_and_marks_its_tail() -> None:
    found = rolling([1, 2, 3, 4, 5, 6, 7, 8, np.nan, 9], tail=2)
    assert np.isnan(found.values[:6]).all()
    assert list(found.values[6:8]) == [4, 5]
    assert np.isnan(found.values[8:]).all()
    assert list(found.provisional) == [*[False] * 8, True, True]
    assert np.isnan(rolling([1.0]).values).all()
    with pytest.raises(ValueError, match="a window of 1 or more"):
        rolling([1.0], window=0)


def test_year_on_year_and_its_gaps() -> None:
    values = np.arange(1.0, 28.0)
    found = year_on_year(MONTHS, values)
    assert found[0].difference is None
    assert (found[12].against, found[12].difference, found[12].percent) == (1, 12, 1200)
    assert year_on_year([date(2019, 2, 28), date(2020, 2, 29)], [4, 5])[1].percent == 25
    assert year_on_year([date(2019, 1, 1), date(2020, 1, 1)], [0, 5])[1].percent is None
    assert year_on_year([date(2019, 1, 1), date(2020, 1, 1)], [np.nan, 5])[1].difference is None


def test_restored_activity_is_against_the_same_month_before_the_baseline() -> None:
    values = [100.0] * 14 + [40.0] * 12 + [90.0]
    found = restored(MONTHS, values, baseline=date(2019, 3, 1))
    assert [one.percent for one in found[14:16]] == [40, 40]
    assert found[26].percent == 90
    assert restored(MONTHS[:2], [1.0, 2.0], baseline=date(2018, 1, 1))[0].percent is None


def test_a_season_is_the_same_month_of_earlier_years() -> None:
    found = seasonal(MONTHS, [*[10.0] * 12, *[12.0] * 12, *[20.0] * 3])
    assert (found[0].years, found[0].low) == (0, None)
    assert (found[24].low, found[24].high, found[24].mean) == (10, 12, 11)
    assert found[24].unusual
    assert not found[12].unusual


def test_ties_share_the_best_place_and_the_next_follows_after_them_all() -> None:
    found = ranks([90.0, 95.0, 90.0, None, 80.0], Direction.HIGHER)
    assert [one.text if one else None for one in found] == ["joint 2 of 4", "1 of 4", "joint 2 of 4", None, "4 of 4"]
    assert [one.place for one in ranks([1.0, 2.0], Direction.LOWER) if one] == [1, 2]
    with pytest.raises(ValueError, match="no rank"):
        ranks([1.0], Direction.NEITHER)


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("2020-10", ("month", date(2020, 10, 1))),
        ("2020-10-05", ("day", date(2020, 10, 5))),
        ("2020-W05", ("week", date(2020, 1, 27))),
        ("2020/21", ("year", date(2020, 4, 1))),
        ("2020/21 Q4", ("quarter", date(2021, 1, 1))),
        ("2020", ("year", date(2020, 1, 1))),
        ("2020/22", None),
        ("2020-13", None),
        ("2020/21 YTD 2020-07", None),
        ("not printed", None),
    ],
)
def test_when_a_period_begins(period: str, expected: tuple[str, date] | None) -> None:
    assert start_of(period) == expected


def test_every_comparison_of_every_series_in_one_table() -> None:
    days = tuple(date(2019 + month // 12, month % 12 + 1, 1) for month in range(24))
    first = Series("a", days, np.array([100.0] * 14 + [50.0] + [100.0] * 9))
    second = Series("b", days[12:], np.array([80.0] * 12))
    found = compared([first, second], baseline=date(2020, 1, 1), window=2, direction=Direction.HIGHER)
    low = next(row for row in found if (row.series, row.date) == ("a", date(2020, 3, 1)))
    assert (low.value, low.year_before, low.percent, low.restored_percent) == (50.0, 100.0, -50.0, 50.0)
    assert (low.rolling, low.rank, low.season_low) == (75.0, "2 of 2", 100.0)
    before = found[2]
    assert (before.date, before.restored_percent, before.rank) == (date(2019, 3, 1), None, "1 of 1")
    assert [row.rank for row in compared([first])] == [""] * 24
