"""Targets as papers print them, as they move, and whether a figure meets one."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.domain.measurement.targets import (
    BadTargetError,
    Comparator,
    Target,
    TargetKind,
    from_plain,
    line_of,
    met,
    plain,
    read_lines,
    read_target,
    required,
    says,
    target_on,
)

APRIL = date(2020, 4, 1)
numbers = st.decimals(min_value=0, max_value=10**6, places=2, allow_nan=False)
days = st.dates(date(2000, 1, 1), date(2090, 1, 1))


@pytest.mark.parametrize(
    ("text", "kind", "comparator", "value"),
    [
        (">75%", "percentage", ">", "75"),
        ("75%>", "percentage", ">", "75"),
        ("≥ 90%", "percentage", ">=", "90"),
        ("91%", "percentage", ">=", "91"),
        ("34,000", "minimum_count", ">=", "34000"),
        ("at least 720", "fixed", ">=", "720"),
        ("< 0.5", "fixed", "<", "0.5"),
        ("100% Offer", "offer", ">=", "100"),
        ("offer to 100%", "offer", ">=", "100"),
    ],
)
def test_targets_as_printed(text: str, kind: str, comparator: str, value: str) -> None:
    found = read_target(text, APRIL)
    assert (found.kind, found.comparator, found.value, found.printed) == (kind, comparator, Decimal(value), text)


@pytest.mark.parametrize("text", ["-", "", "n/a"])
def test_a_dash_says_that_no_target_is_set(text: str) -> None:
    assert read_target(text, APRIL).kind == TargetKind.NONE


@pytest.mark.parametrize("text", ["soon", "> >5", "5 to 7", "75%%", "about 5"])
def test_words_that_are_no_target(text: str) -> None:
    with pytest.raises(BadTargetError, match="is not a target; write it like"):
        read_target(text, APRIL)


@pytest.mark.parametrize(
    ("comparator", "at", "expected"), [(">", "75", False), (">=", "75", True), ("<", "75", False), ("<=", "75", True)]
)
def test_exactly_on_target(comparator: str, at: str, expected: bool) -> None:
    target = Target(APRIL, TargetKind.PERCENTAGE, comparator, Decimal(75))
    assert met(target, Decimal(at), APRIL) is expected


def test_a_target_that_moves_and_one_not_set_yet() -> None:
    first = Target(APRIL, value=Decimal(60))
    second = Target(date(2021, 4, 1), value=Decimal(75))
    assert target_on([second, first], date(2021, 3, 31)) == first
    assert target_on([second, first], date(2021, 4, 1)) == second
    assert target_on([second, first], date(2020, 3, 31)) is None
    assert met(None, Decimal(1), APRIL) is None
    assert met(first, None, APRIL) is None
    assert met(Target(APRIL, TargetKind.NONE), Decimal(1), APRIL) is None


def test_a_trajectory_asks_for_its_next_point_and_nothing_after_the_last() -> None:
    points = ((date(2021, 3, 31), Decimal(80)), (date(2022, 3, 31), Decimal(90)))
    target = Target(APRIL, TargetKind.TRAJECTORY, points=points)
    assert required(target, date(2021, 3, 31)) == 80
    assert required(target, date(2021, 4, 1)) == 90
    assert required(target, date(2022, 4, 1)) is None
    assert says(target, "percent").startswith("at least 80 by 31 March 2021, 90 by 31 March 2022 (percent)")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "none", "value": Decimal(1)},
        {"kind": "fixed"},
        {"kind": "trajectory"},
        {"kind": "trajectory", "points": ((APRIL, Decimal(1)), (APRIL, Decimal(2)))},
        {"kind": "fixed", "value": Decimal(1), "points": ((APRIL, Decimal(1)),)},
        {"kind": "hope", "value": Decimal(1)},
        {"comparator": "==", "value": Decimal(1)},
    ],
)
def test_targets_that_say_two_things(wrong: dict[str, object]) -> None:
    with pytest.raises(BadTargetError):
        Target(APRIL, **wrong)  # type: ignore[arg-type]  # wrong on purpose


@st.composite
def targets(draw: st.DrawFn) -> Target:
    """Any target."""
    kind = draw(st.sampled_from(list(TargetKind)))
    comparator = draw(st.sampled_from(list(Comparator)))
    if kind in {TargetKind.MINIMUM_COUNT, TargetKind.OFFER, TargetKind.NONE}:
        comparator = Comparator.AT_LEAST
    if kind == TargetKind.TRAJECTORY:
        by = sorted(draw(st.lists(days, min_size=1, max_size=4, unique=True)))
        return Target(draw(days), kind, comparator, points=tuple((day, draw(numbers)) for day in by))
    return Target(draw(days), kind, comparator, None if kind == TargetKind.NONE else draw(numbers))


@given(st.lists(targets(), max_size=4, unique_by=lambda one: one.starts))
def test_targets_survive_a_form_and_a_file(many: list[Target]) -> None:
    ordered = tuple(sorted(many, key=lambda one: one.starts))
    assert tuple(from_plain(plain(one)) for one in ordered) == ordered
    again = read_lines("\n".join(line_of(one) for one in many))
    assert [(one.starts, one.kind, one.comparator, one.value, one.points) for one in again] == [
        (one.starts, one.kind, one.comparator, one.value, one.points) for one in ordered
    ]


@pytest.mark.parametrize(
    "line", [">75%", "2020-13-01: >75%", "2020-04-01: trajectory >= 90", "2020-04-01: trajectory >= x by 2021-03-31"]
)
def test_a_bad_line_of_a_form_is_named(line: str) -> None:
    with pytest.raises(BadTargetError):
        read_lines(line)


def test_a_plain_target_with_an_unknown_word() -> None:
    with pytest.raises(BadTargetError, match="no colour"):
        from_plain({"starts": "2020-04-01", "value": "1", "colour": "red"})
    with pytest.raises(BadTargetError, match="a day it starts"):
        from_plain({"value": "1"})
