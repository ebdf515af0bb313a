"""Learning without labels: rates and shares come back from data drawn with them."""

import numpy as np
import pytest

from commonweal.domain.identity import mixture

TRUE = ((0.9, 0.07, 0.03), (0.95, 0.05), (0.8, 0.2), (0.9, 0.1))
STRANGERS = ((0.002, 0.004, 0.994), (0.001, 0.999), (0.01, 0.99), (0.003, 0.997))
SHARED = (0.0, 0.0, 0.95, 0.9)  # the last two are home and family name


def marginals(patterns: np.ndarray, counts: np.ndarray) -> list[tuple[float, ...]]:
    """The rates of levels among all pairs, as a random sample of pairs would show them."""
    return [
        tuple(float(counts[patterns[:, place] == level].sum() / counts.sum()) for level in range(len(rates)))
        for place, rates in enumerate(STRANGERS)
    ]


def drawn(people: int, households: int, strangers: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(5)
    rows = []
    for count, rates in (
        (people, TRUE),
        (strangers, STRANGERS),
        (households, tuple(TRUE[i] if SHARED[i] else STRANGERS[i] for i in range(4))),
    ):
        rows.append(np.stack([random.choice(len(rate), count, p=rate) for rate in rates], axis=1))
    found, counts = np.unique(np.concatenate(rows), axis=0, return_counts=True)
    return found.astype(np.int16), counts.astype(np.float64)


def test_rates_and_shares_are_learned_from_patterns_alone() -> None:
    patterns, counts = drawn(4_000, 3_000, 400_000)
    start = ((0.7, 0.15, 0.15), (0.8, 0.2), (0.6, 0.4), (0.7, 0.3))
    fields = [mixture.Field(*parts) for parts in zip(start, marginals(patterns, counts), SHARED, strict=True)]

    learned = mixture.learn(fields, patterns, counts, counts.sum(), 0.001)

    assert learned.person_share * counts.sum() == pytest.approx(4_000, rel=0.05)
    assert learned.household_share * counts.sum() == pytest.approx(3_000, rel=0.25)
    for found, rates in zip(learned.same, TRUE, strict=True):
        assert found == pytest.approx(rates, abs=0.03)


def test_with_nobody_twice_the_rates_stay_near_what_was_expected() -> None:
    patterns, counts = drawn(0, 0, 20_000)
    fields = [mixture.Field(*parts) for parts in zip(TRUE, marginals(patterns, counts), SHARED, strict=True)]

    learned = mixture.learn(fields, patterns, counts, counts.sum(), 0.0001)

    assert learned.person_share < 0.001
    for found, rates in zip(learned.same, TRUE, strict=True):
        assert found == pytest.approx(rates, abs=0.15)
