"""A batch file: its envelope is no part of its messages, and one that was cut is told, wherever it was cut."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.feeds import adt
from commonweal.feeds.hl7v2_batches import enveloped
from commonweal.feeds.types import Problem
from tests.landing_files import adt_message

FIRST = adt_message("RXX", "M1", 1, "A01", "202001010900", "V1")
SECOND = adt_message("RXX", "M2", 2, "A01", "202001010900", "V2")
HEAD = "FHS|^~\\&|PAS|RXX\rBHS|^~\\&|PAS|RXX\r"
BATCH = HEAD + FIRST + SECOND + "BTS|2\rFTS|1\r"


def items(text: str) -> list[tuple[int, str]]:
    """(line, control id or rule) of everything a file yields."""
    found = adt.split(io.BytesIO(text.encode()), 1)
    return [(one.line, one.rule if isinstance(one, Problem) else one.control_id) for one in found]


@pytest.mark.parametrize("ends", ["\r", "\n", "\r\n"])
def test_the_envelope_is_taken_off(ends: str) -> None:
    assert items(BATCH.replace("\r", ends)) == [(3, "RXX000001"), (7, "RXX000002")]


def test_a_message_in_a_batch_is_the_same_message_alone() -> None:
    alone = [one.raw for text in (FIRST, SECOND) for one in adt.split(io.BytesIO(text.encode()), 1)]
    assert [one.raw for one in adt.split(io.BytesIO(BATCH.encode()), 1)] == alone


def test_mixed_line_ends_and_several_batches() -> None:
    text = (
        HEAD.replace("\r", "\r\n") + FIRST + "BTS|1\n" + "BHS|^~\\&\n" + SECOND.replace("\r", "\n") + "BTS|1\rFTS|2\r"
    )
    assert [said for _, said in items(text)] == ["RXX000001", "RXX000002"]


def test_another_number_than_the_trailer_says_is_told() -> None:
    assert items(BATCH.replace("BTS|2", "BTS|3")) == [(3, "RXX000001"), (7, "RXX000002"), (11, "batch-count")]


def test_without_an_envelope_nothing_is_cut() -> None:
    assert [said for _, said in items(FIRST + SECOND)] == ["RXX000001", "RXX000002"]
    assert not enveloped(FIRST.encode())
    assert enveloped(BATCH.encode())


def test_a_message_too_long_for_a_batch_is_told_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commonweal.feeds.hl7v2.MAX_BYTES", 2_000)
    monkeypatch.setattr("commonweal.feeds.hl7v2._BLOCK", 100)
    long = FIRST + "NTE|1||" + "x" * 3_000 + "\r"
    assert items(HEAD + SECOND + long + SECOND + "BTS|3\rFTS|1\r") == [
        (3, "RXX000002"), (7, "message-too-long"), (12, "RXX000002"),
    ]  # fmt: skip


@given(st.integers(len(HEAD) + 3, len(BATCH) - len("BTS|2\rFTS|1\r")))
def test_a_batch_cut_anywhere_takes_no_message_that_may_be_cut(at: int) -> None:
    said = [name for _, name in items(BATCH[:at])]
    assert said[-1] == "batch-cut"
    assert said[:-1] in ([], ["RXX000001"])
    assert [name for _, name in items(BATCH)] == ["RXX000001", "RXX000002"]
