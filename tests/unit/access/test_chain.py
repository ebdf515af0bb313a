"""The audit chain's pure half."""

from commonweal.domain.access.chain import GENESIS, row_bytes, seal_hash


def test_subjects_may_arrive_in_any_order() -> None:
    assert row_bytes(["1"], [("b", "allowed"), ("a", "refused")]) == row_bytes(
        ["1"], [("a", "refused"), ("b", "allowed")]
    )


def test_fields_cannot_be_shifted_into_each_other() -> None:
    assert row_bytes(["ab", "c"], []) != row_bytes(["a", "bc"], [])
    assert row_bytes(["a"], [("b", "c")]) != row_bytes(["a", "b", "c"], [])


def test_a_seal_covers_its_rows_their_order_its_range_and_the_seal_before() -> None:
    rows = [row_bytes(["1"], []), row_bytes(["2"], [])]
    base = seal_hash(GENESIS, 0, 10, rows)
    others = {
        seal_hash(GENESIS, 0, 10, rows[::-1]),
        seal_hash(GENESIS, 0, 10, rows[:1]),
        seal_hash(GENESIS, 0, 11, rows),
        seal_hash(GENESIS, 1, 10, rows),
        seal_hash(base, 0, 10, rows),
    }
    assert base not in others
    assert len(others) == 5
