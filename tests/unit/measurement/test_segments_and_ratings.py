"""Segments by scored metrics, what one score could change, ratings against plan and escalation."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.apps.performance.oversight_forms import answer, read_scores
from commonweal.domain.performance.rating import AmberRule, Level, Rating, escalation, forecast, miss, rate
from commonweal.domain.performance.segments import (
    Method,
    Override,
    SegmentationError,
    in_force,
    levers,
    segment,
)

DAY = date(2026, 5, 1)
# Made-up thresholds: the published ones are data to be supplied.
BY_THRESHOLDS = Method(
    "2026/27",
    date(2026, 4, 1),
    "thresholds",
    "a test",
    (Decimal("1.5"), Decimal("2.5"), Decimal("3.5")),
    (Override("deficit", "the plan is a deficit", 3),),
)
BY_QUARTILES = Method("2025/26", date(2025, 6, 26), "quartiles", "a test")
score = st.decimals(min_value=1, max_value=4, places=2, allow_nan=False)
many = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), score, min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("average", "expected"), [("1", 1), ("1.5", 1), ("1.51", 2), ("2.5", 2), ("3.5", 3), ("3.51", 4), ("4", 4)]
)
def test_an_average_becomes_a_segment_by_thresholds(average: str, expected: int) -> None:
    assert segment({"one": Decimal(average)}, BY_THRESHOLDS).final == expected


def test_an_override_holds_a_good_average_back_and_leaves_a_bad_one() -> None:
    good = segment({"a": Decimal(1), "b": None}, BY_THRESHOLDS, frozenset({"deficit"}))
    assert (good.by_average, good.final, good.unscored, [one.condition for one in good.bit]) == (
        1,
        3,
        ("b",),
        ["deficit"],
    )
    bad = segment({"a": Decimal(4)}, BY_THRESHOLDS, frozenset({"deficit"}))
    assert (bad.by_average, bad.final, bad.bit) == (4, 4, ())


def test_quartiles_are_among_peers() -> None:
    peers = [Decimal(n) / 10 for n in range(11, 19)]
    found = [segment({"a": peer}, BY_QUARTILES, peers=peers).final for peer in peers]
    assert found == [1, 1, 2, 2, 3, 3, 4, 4]


@pytest.mark.parametrize(
    ("scores", "method", "says"),
    [
        ({}, BY_THRESHOLDS, "no metric is scored"),
        ({"a": Decimal("0.9")}, BY_THRESHOLDS, "between 1 and 4"),
        ({"a": Decimal("4.1")}, BY_THRESHOLDS, "between 1 and 4"),
        ({"a": Decimal(2)}, replace(BY_THRESHOLDS, thresholds=()), "have not been supplied"),
        ({"a": Decimal(2)}, BY_QUARTILES, "at least four"),
    ],
)
def test_no_segment_is_made_up(scores: dict[str, Decimal], method: Method, says: str) -> None:
    with pytest.raises(SegmentationError, match=says):
        segment(scores, method)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"by": "luck"}, "by thresholds or quartiles"),
        ({"thresholds": (Decimal(2), Decimal(1), Decimal(3))}, "three rising thresholds"),
        ({"thresholds": (Decimal(2),)}, "three rising thresholds"),
        ({"overrides": (Override("x", "x", 9),)}, "from 1 to 5"),
    ],
)
def test_a_method_that_cannot_be(change: dict[str, object], says: str) -> None:
    with pytest.raises(SegmentationError, match=says):
        replace(BY_THRESHOLDS, **change)  # type: ignore[arg-type]  # wrong on purpose


def test_each_year_has_its_own_method() -> None:
    every = [BY_THRESHOLDS, BY_QUARTILES]
    assert in_force(every, date(2026, 3, 31)) == BY_QUARTILES
    assert in_force(every, date(2026, 4, 1)) == BY_THRESHOLDS
    assert in_force(every, date(2025, 1, 1)) is None


@given(many)
def test_a_lever_takes_exactly_what_it_says(scores: dict[str, Decimal]) -> None:
    now = segment(scores, BY_THRESHOLDS).final
    for lever in levers(scores, BY_THRESHOLDS, frozenset()):
        assert lever.best <= now <= lever.worst
        if lever.takes is None:
            assert lever.best == now
            continue
        assert segment({**scores, lever.metric: lever.takes}, BY_THRESHOLDS).final == lever.best
        more = lever.takes + Decimal("0.01")
        if more <= lever.score:
            assert segment({**scores, lever.metric: more}, BY_THRESHOLDS).final > lever.best


@given(many, st.data())
def test_a_worse_score_never_improves_the_segment(scores: dict[str, Decimal], data: st.DataObject) -> None:
    metric = data.draw(st.sampled_from(sorted(scores)))
    worse = data.draw(st.decimals(min_value=scores[metric], max_value=4, places=2, allow_nan=False))
    assert segment({**scores, metric: worse}, BY_THRESHOLDS).final >= segment(scores, BY_THRESHOLDS).final


def test_the_form_works_out_a_what_if() -> None:
    sent = {"scores": "A&E: 4 hours: 3\nWaits: 2\nStaff: -", "thresholds": "1.5, 2 3.5", "whatif": "Waits: 1"}
    found = answer(sent, frozenset(), BY_THRESHOLDS)
    assert (found.now.final, found.now.unscored) == (3, ("Staff",))
    assert found.then is not None
    assert (found.then.final, found.levers[0].best) == (2, 1)


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"scores": "A 3"}, "has no metric"),
        ({"scores": "A: three"}, "is no score"),
        ({"scores": "A: NaN"}, "is no score"),
        ({"scores": "A: 1\nA: 2"}, "stands twice"),
        ({"scores": "A: 1", "thresholds": "low"}, "thresholds: enter three numbers"),
        ({"scores": "A: 1", "whatif": "B: 2"}, "what-if: B is not among"),
        ({"scores": "\n".join(f"m{n}: 1" for n in range(201))}, "at most 200 lines"),
    ],
)
def test_a_form_filled_wrongly_says_which_box(sent: dict[str, str], says: str) -> None:
    with pytest.raises(SegmentationError, match=says):
        answer(sent, frozenset(), BY_THRESHOLDS)
    assert read_scores("", "scores") == {}


def test_ratings_need_a_threshold_only_for_amber() -> None:
    assert rate(Decimal(95), Decimal(100), "higher", [], DAY) == Rating.RED
    rules = [AmberRule(date(2026, 1, 1), Decimal(5), "board"), AmberRule(date(2026, 6, 1), Decimal(1), "board")]
    assert rate(Decimal(95), Decimal(100), "higher", rules, DAY) == Rating.AMBER
    assert rate(Decimal(95), Decimal(100), "higher", rules, date(2026, 6, 1)) == Rating.RED
    assert rate(Decimal(105), Decimal(100), "lower", rules, DAY) == Rating.AMBER
    assert rate(Decimal(100), Decimal(100), "lower", rules, DAY) == Rating.GREEN
    assert rate(Decimal(1), Decimal(100), "neither", rules, DAY) == Rating.UNRATED
    assert rate(None, Decimal(100), "higher", rules, DAY) == Rating.UNRATED
    own = [*rules, AmberRule(date(2020, 1, 1), Decimal(20), "board", "beds")]
    assert rate(Decimal(85), Decimal(100), "higher", own, DAY, "beds") == Rating.AMBER
    assert miss(Decimal(1), Decimal(0), "lower") is None


def test_a_forecast_is_a_straight_line_and_needs_four_periods() -> None:
    assert forecast([Decimal(n) for n in (10, 12, 14, 16)], 1) == 18
    assert forecast([Decimal(5)] * 4, 3) == 5
    assert forecast([Decimal(1), Decimal(2), Decimal(3)], 1) is None


def test_escalation_takes_misses_in_a_row() -> None:
    levels = [
        Level(1, "watch", Decimal(0), 2, date(2026, 1, 1), "board"),
        Level(2, "recovery plan", Decimal(10), 3, date(2026, 1, 1), "board"),
    ]
    short = [Decimal(n) for n in (0, 12, 15, 11)]
    assert escalation(short, levels, DAY) == levels[1]
    assert escalation(short[:3], levels, DAY) == levels[0]
    assert escalation([*short, Decimal(0)], levels, DAY) is None
    assert escalation(short, levels, date(2025, 12, 31)) is None
