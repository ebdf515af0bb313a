"""Which pairs need two people, when a pair is settled, and what decisions say of the links."""

from datetime import date

import pytest

from commonweal.domain.identity import review
from commonweal.domain.identity.review import Said, Seen

DAY = date(2026, 11, 1)
ADULT = Seen("9990000018", date(1950, 2, 11), "female", False)


@pytest.mark.parametrize(
    ("other", "reason", "why"),
    [
        (ADULT, "", []),
        (ADULT._replace(born=date(1950, 11, 2)), "", ["The birth dates differ."]),
        (ADULT._replace(sex="male"), "", ["The recorded sex differs."]),
        (ADULT._replace(sex="unknown", born=None), "", []),
        (ADULT._replace(died=True), "", ["One of the records says that the person has died."]),
        (ADULT, "merged by their source, but …", ["Their own source merged them, and something else contradicts it."]),
    ],
)
def test_what_makes_a_pair_high_risk(other: Seen, reason: str, why: list[str]) -> None:
    found = review.risks(ADULT, other, reason, DAY)

    assert found == why
    assert review.needed(found, DAY) == (2 if why else 1)


def test_a_child_is_under_eighteen_on_the_day() -> None:
    teenager = ADULT._replace(born=date(2008, 11, 1))
    assert review.risks(teenager, teenager, "", DAY) == []
    assert review.risks(teenager, teenager, "", date(2026, 10, 31)) == ["One of the records is a child's."]


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ([], "open"),
        ([("ann", "same", 1)], "same"),
        ([("ann", "same", 2)], "waiting"),
        ([("ann", "same", 2), ("ann", "same", 2)], "waiting"),  # twice is not two people
        ([("ann", "same", 2), ("bob", "same", 2)], "same"),
        ([("ann", "same", 2), ("bob", "different", 2)], "disputed"),
        ([("ann", "same", 1), ("bob", "different", 1)], "disputed"),
        ([("ann", "same", 2), ("bob", "different", 2), ("cat", "different", 2)], "different"),
    ],
)
def test_when_a_pair_is_settled(said: list[tuple[str, str, int]], state: str) -> None:
    assert review.state(Said(*one) for one in said) == state


def test_before_the_first_rule_there_is_none() -> None:
    with pytest.raises(ValueError, match="no review rules"):
        review.rules(date(2000, 1, 1))


def test_quality_is_a_sample_of_links_and_a_share_of_the_queue() -> None:
    found = review.quality(right=98, sampled=100, missed=5, doubted=10, links=1_000, queue=20)

    assert found.precision.value == 0.98
    assert found.recall == pytest.approx(980 / 990)
    assert found.recall_low < found.recall < found.recall_high


def test_with_nothing_looked_at_nothing_is_claimed() -> None:
    found = review.quality(0, 0, 0, 0, 100, 10)

    assert (found.precision.low, found.precision.high) == (0.0, 1.0)
    assert found.recall_low == 0.0
