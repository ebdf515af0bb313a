"""Charts of counts against published examples, and rare events against their formulae."""

import numpy as np
import pytest

from commonweal.domain.performance.attribute_charts import c_chart, g_chart, p_chart, t_chart, u_chart

# NIST/SEMATECH e-Handbook 6.3.3.2 (and Montgomery, Introduction to Statistical Quality Control, example 7.1).
WAFERS = [12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6]
# NIST/SEMATECH e-Handbook 6.3.3.1: 400 defects in 25 wafers.
DEFECTS = [16, 14, 28, 16, 12, 20, 10, 12, 10, 17, 19, 17, 14, 16, 15, 13, 14, 16, 11, 20, 11, 19, 16, 31, 13]


def test_the_p_chart_of_the_handbook() -> None:
    chart = p_chart(WAFERS, [50] * 30)
    assert round(float(chart.centre[0]), 4) == 0.2313
    assert (round(float(chart.lower[0]), 4), round(float(chart.upper[0]), 4)) == (0.0524, 0.4102)
    # Montgomery: samples 15 and 23 are outside.
    assert [place + 1 for place in np.flatnonzero(chart.values > chart.upper)] == [15, 23]


def test_the_c_chart_of_the_handbook() -> None:
    assert sum(DEFECTS) == 400
    chart = c_chart(DEFECTS)
    assert (chart.centre[0], chart.lower[0], chart.upper[0]) == (16, 4, 28)


def test_laney_widens_limits_by_sigma_z() -> None:
    # Hand-worked: p = 0.1 of 1,000 each, so a standard deviation of 0.0094868; z = ∓1.0541, moving ranges 2.1082.
    chart = p_chart([90, 110, 90, 110], [1000] * 4, prime=True)
    assert chart.spread == pytest.approx(2 * 10 / np.sqrt(90) / 1.128)
    plain = p_chart([90, 110, 90, 110], [1000] * 4)
    assert plain.spread == 1
    assert chart.upper - chart.centre == pytest.approx((plain.upper - plain.centre) * chart.spread)
    rates = u_chart([9, 11, 9, 11], [1.0, 1.0, 1.0, 1.0], prime=True)
    assert rates.spread == pytest.approx(2 / np.sqrt(10) / 1.128)


def test_limits_narrow_with_size_and_stay_where_shares_can_be() -> None:
    chart = p_chart([1, 90], [10, 1000])
    assert chart.upper[0] > chart.upper[1]
    assert chart.lower[0] == 0
    assert p_chart([9, 10], [10, 10]).upper[0] == 1
    empty = p_chart([0, 5], [0, 10])
    assert np.isnan(empty.values[0])
    assert empty.centre[1] == 0.5


def test_rare_events() -> None:
    g = g_chart([10, 20, 30])
    assert (g.centre[0], g.lower[0]) == (20, 0)
    assert g.upper[0] == pytest.approx(20 + 3 * np.sqrt(20 * 21))
    t = t_chart([2.0, 2.0, 2.0, 2.0])
    assert t.centre[0] == pytest.approx(2)
    assert t.upper[0] == pytest.approx(2)
    spread = t_chart([1.0, 2.0**3.6, 1.0, 2.0**3.6])
    # On the scale of Nelson's power: 1 and 2 in turn, mean 1.5, moving ranges of 1, so 1.5 ± 3 / 1.128.
    assert spread.upper[0] ** (1 / 3.6) == pytest.approx(1.5 + 3 / 1.128)
    assert spread.lower[0] == 0


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="more events than trials"):
        p_chart([5], [4])
    with pytest.raises(ValueError, match="not negative"):
        c_chart([-1])
    with pytest.raises(ValueError, match="one length"):
        u_chart([1, 2], [1])
