"""Variance from plan, and when a printed one disagrees: the October 2020 dashboard's own rows."""

from decimal import Decimal

import pytest

from commonweal.domain.measurement.figures import Severity
from commonweal.domain.measurement.variance import achieved, compare, judged, percent_slack, rounded, variance_percent

ACTIVITY = [
    ("70036", "51197", "-26.9"),
    ("36779", "22370", "-39.2"),
    ("227255", "179535", "-21.0"),
    ("29867", "26071", "-12.7"),
    ("104981", "63756", "-39.3"),
]


@pytest.mark.parametrize(("plan", "actual", "printed"), ACTIVITY)
def test_printed_activity_variances_come_out_again(plan: str, actual: str, printed: str) -> None:
    computed = variance_percent(Decimal(plan), Decimal(actual))
    assert computed is not None
    assert rounded(computed, Decimal("0.1")) == Decimal(printed)


def test_no_percentage_of_a_plan_of_zero() -> None:
    assert variance_percent(Decimal(0), Decimal(5)) is None
    assert percent_slack(Decimal(0), Decimal(5), Decimal(1), Decimal(1)) == 0


def finding(printed: str, computed: str, slack: str = "0"):  # type: ignore[no-untyped-def]
    return compare(
        printed=Decimal(printed),
        printed_text=printed,
        computed=Decimal(computed),
        file="f.csv",
        line="3",
        rule="r",
        what="Bank staff",
        reported="2020-10",
        slack=Decimal(slack),
    )


def test_one_unit_of_the_last_digit_is_a_note() -> None:
    found = finding("226", "227")
    assert (found.severity, found.difference, found.computed) == (Severity.NOTE, "-1", "227")


def test_more_than_rounding_explains_is_a_warning() -> None:
    assert finding("226", "229").severity == Severity.WARNING
    assert finding("226", "229", slack="2").severity == Severity.NOTE


def test_what_rounds_to_the_print_is_no_finding() -> None:
    assert finding("0.7", "0.734") is None
    assert finding("-35.2", "-35.15") is None  # halves go away from zero


@pytest.mark.parametrize(
    ("value", "direction", "word"),
    [
        ("5", "higher", "better"),
        ("5", "lower", "worse"),
        ("-5", "lower", "better"),
        ("5", "neither", ""),
        ("0", "lower", ""),
    ],
)
def test_above_plan_is_good_or_bad_by_row(value: str, direction: str, word: str) -> None:
    assert judged(Decimal(value), direction) == word


def test_no_variance_is_neither() -> None:
    assert judged(None, "higher") == ""


@pytest.mark.parametrize(
    ("count", "percent", "expected"),
    [
        (7, "14.3", (1, True)),
        (8, "25.0", (2, True)),
        (11, "63.6", (7, True)),
        (13, "53.8", (7, True)),
        (3, "100.0", (3, True)),
    ],
)
def test_every_printed_share_is_a_whole_number_of_indicators(
    count: int, percent: str, expected: tuple[int, bool]
) -> None:
    assert achieved(count, Decimal(percent)) == expected


def test_a_share_no_whole_number_gives_is_told() -> None:
    assert achieved(7, Decimal("20.0")) == (1, False)
    assert achieved(0, Decimal("0.0")) == (0, True)
