"""Life expectancy by Chiang's method against sums that can be done by hand, and the mortality behind the lives."""

import numpy as np
import pytest

from commonweal.synthetic import rates
from commonweal.synthetic.life_expectancy import life_expectancy
from commonweal.synthetic.lives import mortality

BANDS = len(rates.MORTALITY_AGES)


def test_a_constant_rate_gives_its_inverse() -> None:
    years = np.full(BANDS, 1_000_000.0)
    assert life_expectancy(np.full(BANDS, 10_000), years) == pytest.approx(100, rel=0.01)


def test_nobody_dying_before_ninety_gives_ninety_and_the_last_band_s_inverse() -> None:
    deaths = np.zeros(BANDS, dtype=np.int64)
    deaths[-1] = 250
    assert life_expectancy(deaths, np.full(BANDS, 1000.0)) == pytest.approx(94.0)


def test_infant_deaths_count_nine_tenths_of_the_first_year() -> None:
    deaths = np.zeros(BANDS, dtype=np.int64)
    deaths[0], deaths[-1] = 100, 1000
    years = np.full(BANDS, 1000.0)
    died = 0.1 / (1 + 0.9 * 0.1)
    assert life_expectancy(deaths, years) == pytest.approx((1 - died * 0.9) + (1 - died) * (89 + 1))


def test_an_open_band_without_deaths_joins_the_one_below() -> None:
    deaths = np.zeros(BANDS, dtype=np.int64)
    deaths[-2] = 100
    years = np.full(BANDS, 1000.0)
    assert life_expectancy(deaths, years) == pytest.approx(85 + 2000 / 100)


def test_no_deaths_give_no_figure() -> None:
    assert np.isnan(life_expectancy(np.zeros(BANDS, dtype=np.int64), np.ones(BANDS)))


def test_mortality_rises_with_age_and_deprivation_and_is_higher_for_men() -> None:
    age = np.arange(30, 100)
    for decile in (1, 10):
        for female in (True, False):
            rate = mortality(age, np.full(70, female), np.full(70, decile))
            assert (np.diff(rate) >= -1e-9).mean() > 0.9
            assert (rate > 0).all()
            assert (rate < 0.6).all()
    most, least = (mortality(age, np.zeros(70, dtype=bool), np.full(70, d)) for d in (1, 10))
    assert (most > least).all()
    assert most[0] / least[0] == pytest.approx(rates.MORTALITY_MOST_DEPRIVED / rates.MORTALITY_LEAST_DEPRIVED)
    women = mortality(age, np.ones(70, dtype=bool), np.full(70, 5))
    assert (women < mortality(age, np.zeros(70, dtype=bool), np.full(70, 5))).all()
