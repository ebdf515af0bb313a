"""Printed figures are read as the papers mean them."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonweal.domain.measurement.figures import State
from commonweal.domain.measurement.printed import UnreadableError, last_digit, pence, read_printed


@pytest.mark.parametrize(
    ("text", "counts", "value", "quantum"),
    [
        ("70,036", True, "70036", "1"),
        ("81.420", True, "81420", "1"),
        ("3.000", True, "3000", "1"),
        ("81.420", False, "81.420", "0.001"),
        ("81.1", True, "81.1", "0.1"),
        ("14.3%", False, "14.3", "0.1"),
        ("-18,839", True, "-18839", "1"),
        ("−3.9%", False, "-3.9", "0.1"),
        ("+7.3%", False, "7.3", "0.1"),
        ("£2.8m", False, "2800000", "100000"),
        ("£1,523 million", False, "1523000000", "1000000"),
        ("43k", False, "43000", "1000"),
        ("1511.6", False, "1511.6", "0.1"),
        ("0", False, "0", "1"),
        ("(1,234)", False, "-1234", "1"),
        ("£(3.2)m", False, "-3200000", "100000"),
        ("(12.3%)", False, "-12.3", "0.1"),
        ("3.2-", False, "-3.2", "0.1"),
        ("12,5", False, "12.5", "0.1"),
        ("1.234,5", False, "1234.5", "0.1"),
        ("1 234 567", False, "1234567", "1"),
        ("£4,645k", False, "4645000", "1000"),
        ("1,984*", False, "1984", "1"),
        ("12.3¹", False, "12.3", "0.1"),
        ("5 [a]", False, "5", "1"),
        ("7.2 FTE", False, "7.2", "0.1"),
        ("NIL", False, "0", "1"),
    ],
)
def test_numbers(text: str, counts: bool, value: str, quantum: str) -> None:
    read = read_printed(text, counts=counts)
    assert (read.value, read.quantum, read.state) == (Decimal(value), Decimal(quantum), State.FINAL)
    assert read.text == text


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("paused", State.PAUSED),
        ("Paused*", State.PAUSED),
        ("tbd", State.TO_BE_CONFIRMED),
        ("TBC", State.TO_BE_CONFIRMED),
        ("-", State.FINAL),
        ("", State.FINAL),
        ("n/a", State.FINAL),
    ],
)
def test_words_and_gaps_have_no_number(text: str, state: State) -> None:
    read = read_printed(text)
    assert (read.value, read.state, read.quantum) == (None, state, None)


@pytest.mark.parametrize("text", ["36% lower", "maturing", "1.2.3", "£", "12-13", "12,34,56", "2021/22"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError, match="neither a number"):
        read_printed(text)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault of the rule
@given(st.integers(min_value=-(10**9), max_value=10**9))
def test_thousands_read_the_same_with_commas_stops_or_neither(number: int) -> None:
    with_commas = f"{number:,}"
    texts = (str(number), with_commas, with_commas.replace(",", "."))
    assert {read_printed(text, counts=True).value for text in texts} == {Decimal(number)}


def test_pence_are_whole_and_of_known_units() -> None:
    assert pence(Decimal("62.5"), "GBP million") == Decimal(6_250_000_000)
    assert pence(Decimal("-43"), "GBP thousand") == Decimal(-4_300_000)
    with pytest.raises(UnreadableError, match="not a whole number of pence"):
        pence(Decimal("0.001"), "GBP")
    with pytest.raises(UnreadableError, match="not a unit of money"):
        pence(Decimal(1), "percent")


def test_last_digit() -> None:
    assert last_digit(Decimal("14.30")) == Decimal("0.01")
    assert last_digit(Decimal(27344)) == Decimal(1)
