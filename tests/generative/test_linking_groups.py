"""Grouping by weight on any pairs: a partition, whatever the order, and one to one where files hold nobody twice."""

from hypothesis import given
from hypothesis import strategies as st

from commonweal.domain.identity import grouping

RECORDS = range(1, 9)
PAIRS = st.dictionaries(
    st.tuples(st.sampled_from(RECORDS), st.sampled_from(RECORDS)).filter(lambda pair: pair[0] < pair[1]),
    st.integers(-12, 12).map(float),
    max_size=20,
)


@given(PAIRS, st.randoms(use_true_random=False))
def test_groups_are_a_partition_that_no_order_of_pairs_changes(weights: dict[tuple[int, int], float], random) -> None:  # type: ignore[no-untyped-def]  # hypothesis has no public type for it
    pairs = [(a, b, weight) for (a, b), weight in weights.items()]
    shuffled = [(b, a, weight) if random.random() < 0.5 else (a, b, weight) for a, b, weight in pairs]
    random.shuffle(shuffled)

    found = grouping.groups(RECORDS, pairs, 0.0)

    assert found == grouping.groups(reversed(RECORDS), shuffled, 0.0)
    assert set(found) == set(RECORDS)
    for record, group in found.items():
        assert group <= record
        assert found[group] == group


@given(PAIRS)
def test_a_group_is_held_together_by_likely_pairs_and_not_denied_by_the_rest(
    weights: dict[tuple[int, int], float],
) -> None:
    found = grouping.groups(RECORDS, [(a, b, weight) for (a, b), weight in weights.items()], 0.0)

    for record in RECORDS:
        mates = [other for other in RECORDS if other != record and found[other] == found[record]]
        if mates:
            best = max(weights.get((min(record, m), max(record, m)), -99.0) for m in mates)
            assert best >= 0.0


def test_one_wrong_pair_does_not_join_two_people_with_all_their_records() -> None:
    one = [(1, 2, 9.0), (1, 3, 9.0), (2, 3, 9.0)]
    other = [(4, 5, 9.0), (4, 6, 9.0), (5, 6, 9.0)]

    found = grouping.groups(range(1, 7), [*one, *other, (3, 4, 1.0)], 0.0)

    assert found == {1: 1, 2: 1, 3: 1, 4: 4, 5: 4, 6: 4}


@given(PAIRS)
def test_one_to_one_uses_a_record_once_with_each_other_file(weights: dict[tuple[int, int], float]) -> None:
    side = [0, *(record % 2 for record in RECORDS)]

    kept = grouping.one_to_one([(a, b, weight) for (a, b), weight in weights.items()], side, 0.0)

    used = [record for a, b, _ in kept for record in (a, b)]
    assert len(used) == len(set(used))
    assert all(side[a] != side[b] and weight >= 0 for a, b, weight in kept)
