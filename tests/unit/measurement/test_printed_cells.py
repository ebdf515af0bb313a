"""Cells as workbooks hold them: what each means, and the liberty taken in reading it."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.domain.measurement.printed import Absent, UnreadableCellError, read_cell

READ = [
    # text, counts, unit, value, unit in the cell, comparator, rule
    ("1,539", False, "", "1539", "", "", ""),
    ("81.420", True, "", "81420", "", "", "thousands-as-points"),
    ("81.420", False, "", "81.420", "", "", ""),
    ("1 234 567", False, "", "1234567", "", "", "thousands-as-gaps"),
    ("1\u00a0234", False, "", "1234", "", "", "thousands-as-gaps"),
    ("42.8%", True, "", "42.8", "percent", "", "percent-in-count-column"),
    ("42.8%", False, "percent", "42.8", "percent", "", "unit-in-cell"),
    (">75%", False, "", "75", "percent", ">", "unit-in-cell"),
    ("75%>", False, "", "75", "percent", ">", "comparator-after-number"),
    ("at least 5", False, "", "5", "", ">=", ""),
    ("c. 500", False, "", "500", "", "~", ""),
    ("12 days", False, "", "12", "days", "", "unit-in-cell"),
    ("£2.8m", False, "GBP", "2800000", "GBP", "", ""),
    ("-£12", False, "GBP", "-12", "GBP", "", ""),
    ("(1.2)", False, "", "-1.2", "", "", ""),
    ("−3", False, "", "-3", "", "", ""),
    ("3,226*", False, "", "3226", "", "", "footnote-mark"),
    ("12[1]", False, "", "12", "", "", "footnote-mark"),
    ("7†", False, "", "7", "", "", "footnote-mark"),
    ("1О5", False, "", "105", "", "", "letter-for-digit"),
    ("nil", False, "", "0", "", "", "zero-in-words"),
]


@pytest.mark.parametrize(("text", "counts", "unit", "value", "written", "comparator", "rule"), READ)
def test_a_cell_that_holds_a_figure(
    text: str, counts: bool, unit: str, value: str, written: str, comparator: str, rule: str
) -> None:
    found = read_cell(text, counts=counts, unit=unit)
    assert (found.value, found.unit, found.comparator) == (Decimal(value), written, comparator)
    assert found.text == text
    assert not rule or rule in found.rules


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("TBC", "to_be_confirmed"),
        ("ТВС", "to_be_confirmed"),  # Cyrillic letters
        ("tbd*", "to_be_confirmed"),
        ("Paused", "paused"),
        ("*", "suppressed"),
        ("[c]", "suppressed"),
    ],
)
def test_a_cell_that_holds_a_state(text: str, state: str) -> None:
    found = read_cell(text)
    assert (found.value, found.state) == (None, state)


def test_provisional_is_told_from_revised() -> None:
    assert read_cell("12 (p)").state == "provisional"
    assert read_cell("12 (r)").state == "final"


@pytest.mark.parametrize(
    ("meaning", "value", "figure", "state"),
    [
        (Absent.NOT_REPORTED, None, False, "final"),
        (Absent.NOT_APPLICABLE, None, False, "final"),
        (Absent.ZERO, Decimal(0), True, "final"),
        (Absent.TO_BE_CONFIRMED, None, True, "to_be_confirmed"),
        (Absent.SAME_AS_ABOVE, None, True, "final"),
    ],
)
def test_a_blank_and_a_dash_mean_what_is_declared(
    meaning: Absent, value: Decimal | None, figure: bool, state: str
) -> None:
    for found in (read_cell("", blank=meaning), read_cell(" – ", dash=meaning)):
        assert (found.value, found.figure, found.state) == (value, figure, state)
        assert found.same is (meaning == Absent.SAME_AS_ABOVE)


@pytest.mark.parametrize(
    ("text", "unit", "rule"),
    [
        ("lots", "", "not-a-figure"),
        ("10-12", "", "not-a-figure"),
        ("#DIV/0!", "", "not-a-figure"),
        ("1,23,4", "", "separators-disagree"),
        ("1.2.3", "", "separators-disagree"),
        (">5>", "", "two-comparators"),
        ("(5", "", "half-a-bracket"),
        ("12 days", "hours", "unit-is-another"),
        ("£5", "staff", "unit-is-another"),
        ("9" * 401, "", "not-a-figure"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_rule(text: str, unit: str, rule: str) -> None:
    with pytest.raises(UnreadableCellError) as problem:
        read_cell(text, unit=unit)
    assert problem.value.rule == rule


def test_a_blank_nobody_has_given_a_meaning() -> None:
    with pytest.raises(UnreadableCellError, match="nobody has said what a blank means"):
        read_cell("", blank=Absent.UNREADABLE)


@given(
    st.decimals(min_value=-(10**9), max_value=10**9, places=2, allow_nan=False),
    st.sampled_from(["{:f}", "{:,f}", " {:f} ", "{:f}*", "{:f}†"]),
)
def test_a_number_however_it_is_written_is_that_number(number: Decimal, form: str) -> None:
    text = form.format(number)
    found = read_cell(text)
    assert found.value == number
    assert found.text == text


@given(st.text(max_size=60))
def test_any_text_is_read_as_it_was_or_refused(text: str) -> None:
    with suppress(UnreadableCellError):
        assert read_cell(text).text == text
