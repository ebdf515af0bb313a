"""The vectorised engine against a plain one, point by point; and what no choice of units or direction may change."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.domain.measurement.figures import Direction
from commonweal.domain.performance.icons import variation
from commonweal.domain.performance.spc import NHS, PRECEDENCE, Signal, xmr

# Quarters are exact in binary, so adding and doubling them changes no comparison by a rounding.
FIGURE = st.one_of(st.none(), st.integers(-40, 40).map(lambda one: one / 4))
WIDE = 30


@st.composite
def many(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Some series of one length with gaps, and the phases of each."""
    wide = draw(st.integers(1, WIDE))
    tall = draw(st.integers(1, 4))
    rows = [draw(st.lists(FIGURE, min_size=wide, max_size=wide)) for _ in range(tall)]
    # Drifting rows make trends and shifts common enough to be tested.
    drift = np.array([draw(st.sampled_from([0.0, 0.0, 1.5, -1.5, 8.0])) for _ in range(tall)])
    values = np.array([[np.nan if one is None else one for one in row] for row in rows], dtype=float)
    values += drift[:, None] * np.arange(wide)
    starts = [sorted(draw(st.lists(st.integers(1, WIDE), max_size=2))) for _ in range(tall)]
    phase = np.array([[sum(place >= start for start in row) for place in range(wide)] for row in starts])
    return values, phase


def plain(series: list[float], phase: list[int]) -> list[tuple[float, float, int]]:
    """Mean, mean moving range and signals of each point of one series, as the rules read."""
    found: list[tuple[float, float, int]] = []
    for number in sorted(set(phase)):
        x = [value for value, at in zip(series, phase, strict=True) if at == number]
        found += plain_phase(x)
    return found


def plain_phase(x: list[float]) -> list[tuple[float, float, int]]:
    there = [value for value in x if value == value]
    mean = sum(there) / len(there) if there else float("nan")
    if there and min(there) == max(there):
        mean = there[0]
    ranges = [abs(b - a) for a, b in pairwise(x) if a == a and b == b]
    usual = sum(ranges) / len(ranges) if ranges else float("nan")
    kept = [one for one in ranges if one <= 3.267 * usual]
    usual = sum(kept) / len(kept) if kept else float("nan")
    upper, lower = mean + 2.66 * usual, mean - 2.66 * usual
    near_upper, near_lower = mean + 2.66 * 2 / 3 * usual, mean - 2.66 * 2 / 3 * usual
    signals = [0] * len(x)
    if usual == usual and len(there) >= NHS.fewest:
        side = [(value > mean) - (value < mean) for value in x]
        near = [
            bool(lower <= value <= upper) and (value > near_upper or value < near_lower) if value == value else False
            for value in x
        ]
        for place, value in enumerate(x):
            if value > upper or value < lower:
                signals[place] |= Signal.BEYOND_LIMIT
        for start in range(len(x) - 6):
            window = range(start, start + 7)
            steps = [(x[at + 1] > x[at]) - (x[at + 1] < x[at]) for at in range(start, start + 6)]
            if abs(sum(steps)) == 6:
                for at in window:
                    signals[at] |= Signal.TREND
            if abs(sum(side[at] for at in window)) == 7:
                for at in window:
                    signals[at] |= Signal.SHIFT
        for start in range(len(x) - 2):
            window = range(start, start + 3)
            if abs(sum(side[at] for at in window)) == 3 and sum(near[at] for at in window) >= 2:
                for at in window:
                    if near[at]:
                        signals[at] |= Signal.TWO_OF_THREE
    return [(mean, usual, signal) for signal in signals]


@settings(max_examples=150, deadline=None)
@given(many())
def test_the_engine_agrees_with_a_plain_one(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    values, phase = drawn
    chart = xmr(values, phase=phase)
    for row in range(values.shape[0]):
        expected = plain(values[row].tolist(), phase[row].tolist())
        for place, (mean, usual, signals) in enumerate(expected):
            assert np.isclose(chart.mean[row, place], mean, equal_nan=True)
            assert np.isclose(chart.moving_range[row, place], usual, equal_nan=True)
            # A point within rounding of a line may fall on either side of it: nothing else may differ.
            lines = (chart.mean, chart.lower, chart.upper, chart.near_lower, chart.near_upper)
            if not any(np.isclose(values[row], line[row], rtol=0, atol=1e-9).any() for line in lines):
                assert chart.signals[row, place] == signals
        counted = [next((one for one in PRECEDENCE if both & one), 0) for both in chart.signals[row]]
        assert list(chart.first[row]) == counted


@settings(max_examples=80, deadline=None)
@given(many())
def test_upside_down_with_the_direction_swapped_says_the_same(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    values, phase = drawn
    up, down = xmr(values, phase=phase), xmr(-values, phase=phase)
    assert np.array_equal(up.signals, down.signals)
    assert np.array_equal(up.side, -down.side)
    assert np.allclose(up.upper, -down.lower, equal_nan=True)
    swapped = {"high": "low", "low": "high"}
    for one, other in zip(variation(up, Direction.HIGHER), variation(down, Direction.LOWER), strict=True):
        kind, _, level = one.value.rpartition("_")
        assert other.value == (f"{kind}_{swapped[level]}" if level in swapped else one.value)


@settings(max_examples=80, deadline=None)
@given(many())
def test_backwards_in_time_shows_the_same_points(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    values, _ = drawn
    forth, back = xmr(values), xmr(values[:, ::-1])
    near = _near_a_line(values, forth)
    assert np.array_equal(forth.signals[~near], back.signals[:, ::-1][~near])
    assert np.allclose(forth.upper, back.upper[:, ::-1], equal_nan=True)


@settings(max_examples=80, deadline=None)
@given(many(), st.integers(-1000, 1000), st.sampled_from([0.5, 2.0, 64.0]))
def test_other_units_move_the_lines_and_no_signal(
    drawn: tuple[np.ndarray, np.ndarray], shift: int, scale: float
) -> None:
    values, phase = drawn
    one, other = xmr(values, phase=phase), xmr(values * scale + shift, phase=phase)
    near = _near_a_line(values, one)
    assert np.array_equal(one.signals[~near], other.signals[~near])
    for name in ("mean", "lower", "upper"):
        assert np.allclose(getattr(one, name) * scale + shift, getattr(other, name), equal_nan=True)


def _near_a_line(values: np.ndarray, chart: object) -> np.ndarray:
    """Rows where a point is within rounding of a line, so that either answer is right."""
    lines = [getattr(chart, name) for name in ("mean", "lower", "upper", "near_lower", "near_upper")]
    return np.any([np.isclose(values, line, rtol=0, atol=1e-9).any(axis=1) for line in lines], axis=0)
