"""Link rates by group against funnel limits."""

from commonweal.domain.identity.bias import Counted, judge


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
