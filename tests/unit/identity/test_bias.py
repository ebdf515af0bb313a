"""Link rates by group against funnel limits."""

import numpy as np

from commonweal.domain.identity.bias import Counted, judge, limits


def test_a_group_linked_less_than_chance_explains_stands_out_and_a_small_one_is_not_compared() -> None:
    found = judge(
        [
            Counted("sex", "female", 1_000, 900, 5, 2.0),
            Counted("sex", "male", 1_000, 800, 5, 2.0),
            Counted("sex", "unknown", 3, 0, 0, 0.0),
            Counted("age", "10s", 500, 450, 0, 0.0),
        ]
    )

    assert [(one.kind, one.group, one.place) for one in found] == [
        ("age", "10s", 0),
        ("sex", "female", 2),
        ("sex", "male", -2),
    ]
    male = found[-1]
    assert male.rate < male.low < 0.85 < male.high
    assert male.wrong == 2.0 / 800
    assert male.doubted == 0.005


def test_all_of_a_few_is_no_outlier_where_nearly_all_link() -> None:
    found = judge([Counted("sex", "female", 1_000, 996, 0, 0.0), Counted("sex", "other", 12, 12, 0, 0.0)])
    assert [(one.group, one.place, one.high) for one in found if one.group == "other"] == [("other", 0, 1.0)]
    (alone,) = judge([Counted("sex", "female", 40, 40, 0, 0.0)])
    assert (alone.low, alone.rate, alone.high, alone.place) == (1.0, 1.0, 1.0, 0)
    (none,) = judge([Counted("sex", "female", 40, 0, 0, 0.0)])
    assert (none.low, none.rate, none.high, none.place) == (0.0, 0.0, 0.0, 0)


def test_limits_are_the_binomial_distributions_own_quantiles() -> None:
    from scipy.stats import binom

    sizes = np.array([1, 2, 12, 100, 999, 100_000])
    for centre in (0.0, 0.001, 0.5, 0.97, 1.0):
        low, high = limits(sizes, centre, 0.95)
        assert low.tolist() == binom.ppf(0.025, sizes, centre).tolist()
        assert high.tolist() == binom.ppf(0.975, sizes, centre).tolist()
