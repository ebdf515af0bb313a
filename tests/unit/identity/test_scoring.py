"""Precision, recall and their exact intervals."""

import pytest

from commonweal.domain.identity import scoring


def test_the_exact_interval_of_a_published_example() -> None:
    # 81 of 263: A. Agresti and B. Coull's paper and R's binom.test give (0.2527, 0.3676) for the exact method.
    found = scoring.share(81, 263)

    assert (round(found.low, 4), round(found.high, 4)) == (0.2527, 0.3676)


def test_none_and_all_have_one_sided_limits() -> None:
    assert scoring.share(0, 10).low == 0.0
    assert scoring.share(10, 10).high == 1.0
    assert round(scoring.share(10, 10).low, 4) == 0.6915  # 0.025 ** (1 / 10)
    assert scoring.share(0, 0) == scoring.Share(0, 0, 1.0, 0.0, 1.0)


@pytest.mark.parametrize(("hits", "tried"), [(2, 1), (-1, 3)])
def test_more_hits_than_tries_are_refused(hits: int, tried: int) -> None:
    with pytest.raises(ValueError, match="hits"):
        scoring.share(hits, tried)


def test_groups_are_scored_by_pairs() -> None:
    found = scoring.of_groups([("a", 1), ("a", 1), ("a", 2), ("b", 2)])

    assert (found.true, found.said, found.right) == (2, 3, 1)
    assert found.precision.value == pytest.approx(1 / 3)
    assert found.recall.value == 0.5
    assert found.f1 == pytest.approx(0.4)
    assert found.f1_low < 0.4 < found.f1_high
