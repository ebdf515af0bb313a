"""XmR charts against published values, to the last digit printed."""

import numpy as np
import pytest

from commonweal.domain.measurement.figures import Direction
from commonweal.domain.performance.icons import Assurance, Variation, assurance, variation
from commonweal.domain.performance.spc import NHS, Rules, Signal, XmR, first_points, xmr

# NHSRplotthedots, vignette "Deviations from Excel defaults", 1: the data and both captions.
VIGNETTE = [1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]
# NHSRplotthedots, tests/testthat/test-ptd_spc_standard.R: R's set.seed(123); rnorm(20), to eight decimals.
NORMAL = [
    *(-0.56047565, -0.23017749, 1.55870831, 0.07050839, 0.12928774, 1.71506499, 0.46091621, -1.26506123, -0.68685285),
    *(-0.44566197, 1.22408180, 0.35981383, 0.40077145, 0.11068272, -0.55584113, 1.78691314, 0.49785048, -1.96661716),
    *(0.70135590, -0.47279141),
]
UNSCREENED = Rules(screen=None)


def lines(chart: XmR, places: int) -> tuple[float, ...]:
    return tuple(round(float(one[0, 0]), places) for one in (chart.mean, chart.lower, chart.upper))


def first(values: list[float], rules: Rules = NHS) -> list[int]:
    return [int(one) for one in xmr(values, rules=rules).first[0]]


def test_the_captions_of_the_vignette_with_and_without_screening() -> None:
    assert lines(xmr(VIGNETTE), 2) == (1.94, -0.72, 4.6)
    assert lines(xmr(VIGNETTE, rules=UNSCREENED), 2) == (1.94, -3.06, 6.95)
    # "four grey common cause points followed by a single blue special cause point followed by … common cause points"
    assert first(VIGNETTE) == [0, 0, 0, 0, Signal.BEYOND_LIMIT, *[0] * 13]


def test_the_snapshots_of_the_package() -> None:
    # tests/testthat/_snaps/ptd_spc_standard.md: mean_col, lpl, upl as printed.
    assert lines(xmr(NORMAL), 7)[0] == 0.1416238
    assert lines(xmr(NORMAL), 6)[1:] == (-3.01138, 3.294627)
    changed = [*NORMAL[:14], 10.0, *NORMAL[15:]]
    assert lines(xmr(changed), 6)[1:] == (-2.383666, 3.722497)
    assert lines(xmr(changed), 7)[0] == 0.6694159
    assert lines(xmr(changed, rules=UNSCREENED), 6)[1:] == (-4.596625, 5.935457)
    # _snaps/ptd_spc.md, by facet: the first and second ten points.
    halves = xmr([NORMAL[:10], NORMAL[10:]])
    assert [round(float(one), 4) for one in halves.mean[:, 0]] == pytest.approx([0.0746, 0.2086], abs=5e-5)


def test_the_individuals_chart_of_the_nist_handbook() -> None:
    # NIST/SEMATECH e-Handbook 6.3.2.2: mean 50.81, mean moving range 1.8778, limits at 3 / 1.128 of it.
    batches = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
    chart = xmr(batches, rules=Rules(multiplier=3 / 1.128, screen=None))
    assert lines(chart, 4) == (50.81, 45.8159, 55.8041)
    assert round(float(chart.moving_range[0, 0]), 4) == 1.8778


@pytest.mark.parametrize(
    ("values", "expected"),
    [  # nhspy-plotthedots (MIT), tests/unittests/test_limits_calculations.py: mean, limits, and near limits
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], (5.5, 2.84, 8.16, 3.7266666666666666, 7.273333333333333)),
        ([1, 2, 3, 4, 5, 4, 3, 2, 1, 2], (2.7, 0.04, 5.36, 0.9266666666666667, 4.473333333333334)),
        ([1, 2, 3], (2.0, -0.66, 4.66, 0.22666666666666657, 3.7733333333333334)),
        ([3, 1, 4, 1, 5, 9, 2], (3.5714285714285716, -6.625238095, 13.768095238, -3.226349206, 10.369206349)),
        (
            [-1, -2, -3, -2, -1, -2, -3, -4, -5, -6, -7, -4, -3, -2, -1, -2],
            (-3.0, -6.014666667, 0.014666667, -5.009777778, -0.990222222),
        ),
    ],
)
@pytest.mark.parametrize("rules", [NHS, UNSCREENED])
def test_limits_and_near_limits_as_the_python_package_has_them(
    values: list[float], expected: tuple[float, ...], rules: Rules
) -> None:
    chart = xmr(values, rules=rules)
    found = [one[0, 0] for one in (chart.mean, chart.lower, chart.upper, chart.near_lower, chart.near_upper)]
    assert found == pytest.approx(expected, abs=1e-9)


def test_the_example_of_the_national_tool_has_its_one_low_point() -> None:
    # nhspy-plotthedots, test_pandas_spc_x_calc.py, after NHS England's SPC tool: mean 76.67, limits 57 and 96.
    values = [89, 86, 75, 77, 81, 74, 72, 78, 76, 82, 77, 54, 66, 77, 86]
    chart = xmr(values)
    assert lines(chart, 2)[0] == 76.67
    assert [round(one) for one in lines(chart, 4)[1:]] == [57, 96]
    assert first(values) == [0] * 11 + [Signal.BEYOND_LIMIT] + [0] * 3


def test_edges_a_point_on_a_line_two_points_and_ranges_of_nought() -> None:
    # A point on a limit is inside it; one on the near line is not near; one on the mean is on neither side.
    held = [0.0, 1.0] * 7
    base = xmr(held)
    limit, near, mean = (float(one[0, 0]) for one in (base.upper, base.near_upper, base.mean))
    on_lines = xmr([*held, limit, near, near, mean], baseline=first_points([*held, limit, near, near, mean], 14))
    assert not on_lines.signals[0, -4:].any()
    two = xmr([4.0, 6.0])
    assert lines(two, 2) == (5.0, -0.32, 10.32)
    assert not two.signals.any()
    # Half the ranges are nought, so that the one that is not is screened: the limits close on the mean.
    still = xmr([5.0] * 12 + [9.0])
    assert (still.moving_range == 0).all()
    assert still.first[0, -1] == Signal.BEYOND_LIMIT
    assert lines(xmr([5.0] * 12 + [9.0], rules=UNSCREENED), 4) == (5.3077, 4.421, 6.1944)


def test_a_shift_is_seven_on_one_side_of_the_mean() -> None:
    # As ptd_seven_point_one_side_mean in test-ptd_calculate_point_type.R: eight above are all in it, six are not.
    shift = Signal.SHIFT

    def shown(values: list[float]) -> list[bool]:
        return [bool(one & shift) for one in xmr(values).signals[0]]

    alternating = [1.0, -1.0] * 6
    assert shown([*alternating, *[0.5] * 8, -4.0]) == [*[False] * 12, *[True] * 8, False]
    assert not any(shown([*alternating, *[0.5] * 6, -3.0]))
    # A point on the mean ends a run.
    values = [0.5, 0.5, 0.5, 0.0, 0.5, 0.5, 0.5, 0.5, -0.5, -0.5, -0.5, -0.5, -0.5, -0.5, -0.5]
    assert xmr(values).mean[0, 0] == 0
    assert shown(values) == [*[False] * 8, *[True] * 7]


@pytest.mark.parametrize(
    ("values", "shown"),
    [  # ptd_seven_point_trend in test-ptd_calculate_point_type.R, every point of the run marked
        ([1, 2, 3, 4, 5, 6], [0] * 6),
        ([1, 2, 3, 3, 4, 5, 6], [0] * 7),
        ([1, 2, 3, 4, 5, 6, 7], [1] * 7),
        ([2, 1, 2, 3, 4, 5, 6, 7, 3], [0, *[1] * 7, 0]),
        ([7, 6, 5, 4, 3, 2, 1], [-1] * 7),
        ([2, 7, 6, 5, 4, 3, 2, 1, 3], [0, *[-1] * 7, 0]),
    ],
)
def test_a_trend_is_seven_rising_or_falling(values: list[float], shown: list[int]) -> None:
    chart = xmr(values)
    trend = (chart.signals[0] & Signal.TREND) > 0
    assert list(trend) == [one != 0 for one in shown]
    counts = chart.first[0] == Signal.TREND
    assert list(chart.side[0][counts]) == [one for one, here in zip(shown, counts, strict=True) if here]


def test_two_of_three_near_a_limit_must_be_on_one_side() -> None:
    # test-ptd_spc_standard.R: "it only reports special cause for 2of3 … when they are on the same side of the mean".
    values = [1.0, -1.0] * 7
    assert first([*values, 5.5, -5.5])[-2:] == [0, 0]
    # Limits held from the alternating points: mean 0, limits ± 5.32, near from 3.55.
    held = first_points([*values, 4.0, 1.0, 4.0, -1.0], 14)
    chart = xmr([*values, 4.0, 1.0, 4.0, -1.0], baseline=held)
    assert round(float(chart.upper[0, 0]), 2) == 5.32
    # Only the points near the limit are marked, as ptd_part_of_two_in_three.
    assert list(chart.first[0, -4:]) == [Signal.TWO_OF_THREE, 0, Signal.TWO_OF_THREE, 0]


def test_precedence_is_limit_then_trend_then_two_of_three_then_shift() -> None:
    values = [0.0, 1.0] * 7
    held = first_points([*values, *range(2, 9)], 14)
    chart = xmr([*values, *range(2, 9)], baseline=held)
    both = chart.signals[0, -1]
    assert both & Signal.BEYOND_LIMIT
    assert both & Signal.TREND
    assert both & Signal.SHIFT
    assert list(chart.first[0, -7:]) == [Signal.TREND, Signal.TREND, *[Signal.BEYOND_LIMIT] * 5]
    swinging = [*values, *[1.0, 3.0] * 4]
    chart = xmr(swinging, baseline=first_points(swinging, 14))
    assert (chart.signals[0, -8:] & Signal.SHIFT).all()
    assert list(chart.first[0, -8:]) == [Signal.SHIFT, Signal.TWO_OF_THREE] * 4


def test_lines_start_afresh_at_a_recalibration_and_no_run_crosses_it() -> None:
    values = [*[1.0, 2.0] * 3, *[2.0] * 4, *[3.0] * 3, 9.0, *[9.0, 10.0] * 3]
    phase = [0] * 10 + [1] * 10
    chart = xmr(values, phase=phase)
    alone = xmr(values[:10]), xmr(values[10:])
    for name in ("mean", "lower", "upper", "signals", "first", "side", "points"):
        together = np.concatenate([getattr(one, name)[0] for one in alone])
        assert np.array_equal(getattr(chart, name)[0], together), name


def test_short_constant_and_empty_series() -> None:
    one = xmr([5.0])
    assert np.isnan(one.upper).all()
    assert variation(one, Direction.HIGHER) == [Variation.NOT_ENOUGH_POINTS]
    same = xmr([0.1] * 36)
    assert (same.upper == 0.1).all()
    assert not same.signals.any()
    assert variation(same, Direction.LOWER) == [Variation.COMMON_CAUSE]
    assert xmr(np.full((2, 3), np.nan)).points.sum() == 0
    assert xmr(np.empty((0, 5))).signals.shape == (0, 5)
    assert xmr(np.empty((3, 0))).signals.shape == (3, 0)
    assert variation(xmr(np.empty((1, 0))), Direction.HIGHER) == [Variation.NOT_ENOUGH_POINTS]


def test_a_missing_point_has_no_range_on_either_side_and_ends_a_run() -> None:
    gap = [1.0, 2.0, 3.0, np.nan, 4.0, 5.0, 6.0, 7.0]
    chart = xmr(gap)
    assert chart.moving_range[0, 0] == 1.0
    assert not (chart.signals & Signal.TREND).any()
    assert chart.signals[0, 3] == 0


def test_numbers_that_cannot_be_charted_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        xmr([1.0, np.inf])
    with pytest.raises(ValueError, match="phases must count up"):
        xmr([1.0, 2.0], phase=[1, 0])
    with pytest.raises(ValueError, match="series by times"):
        xmr(np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match="a shift takes"):
        Rules(shift=1)
    with pytest.raises(ValueError, match="multiplier"):
        Rules(multiplier=0)


def test_assurance_as_the_package_has_it() -> None:
    # test-ptd_calculate_assurance_type.R: limits 1 to 3, 5 to 7 and 1 to 5 against a target of 4.
    charts = [_with_limits(1, 3), _with_limits(5, 7), _with_limits(1, 5)]
    higher = [assurance(one, 4.0, Direction.HIGHER)[0] for one in charts]
    lower = [assurance(one, 4.0, Direction.LOWER)[0] for one in charts]
    assert higher == [Assurance.FAILING, Assurance.PASSING, Assurance.HIT_AND_MISS]
    assert lower == [Assurance.PASSING, Assurance.FAILING, Assurance.HIT_AND_MISS]
    assert [assurance(one, 4.0, Direction.NEITHER)[0] for one in charts] == [Assurance.NONE] * 3
    assert assurance(charts[0], None, Direction.HIGHER) == [Assurance.NONE]
    # The target of the latest point counts where it moves.
    moving = np.full(charts[0].values.shape, np.nan)
    assert assurance(charts[0], moving, Direction.HIGHER) == [Assurance.NONE]
    moving[0, -1] = 0.5
    assert assurance(charts[0], moving, Direction.HIGHER) == [Assurance.PASSING]


def _with_limits(lower: float, upper: float) -> XmR:
    """Alternating points whose limits are these: the moving range is a fifth of what they are apart over 2.66 × 2."""
    mean, half = (lower + upper) / 2, (upper - lower) / 2 / 2.66 / 2
    chart = xmr([mean - half, mean + half] * 10)
    assert chart.upper[0, 0] == pytest.approx(upper)
    return chart


@pytest.mark.parametrize(
    ("direction", "end", "expected"),
    [
        (Direction.HIGHER, 20.0, Variation.IMPROVEMENT_HIGH),
        (Direction.LOWER, 20.0, Variation.CONCERN_HIGH),
        (Direction.NEITHER, 20.0, Variation.NEITHER_HIGH),
        (Direction.HIGHER, -20.0, Variation.CONCERN_LOW),
        (Direction.LOWER, -20.0, Variation.IMPROVEMENT_LOW),
        (Direction.NEITHER, -20.0, Variation.NEITHER_LOW),
        (Direction.HIGHER, 0.5, Variation.COMMON_CAUSE),
    ],
)
def test_the_variation_icon_is_of_the_latest_point(direction: Direction, end: float, expected: Variation) -> None:
    assert variation(xmr([0.0, 1.0] * 10 + [end, np.nan]), direction) == [expected]
