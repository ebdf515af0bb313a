"""Frames however they are cut, and answers that say what to do."""

from datetime import UTC, datetime

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.feeds.hl7v2_answers import Fault, answer, code_of, header, wanted
from commonweal.feeds.mllp import MAX_STRAY, Broken, Frames, framed

AT = datetime(2020, 7, 1, 9, 0, tzinfo=UTC)
RAW = b"MSH|^~\\&|PAS|RXX|CW|ICS|202001010900||ADT^A01|C7|P|2.4||||||8859/1\rEVN|A01|202001010900"
contents = st.binary(max_size=40).filter(lambda b: b"\x1c\r" not in b + b"\r" and b"\x0bMSH" not in b"\x0b" + b)


@given(st.lists(contents, max_size=6), st.data())
def test_frames_are_found_however_the_stream_is_cut(messages: list[bytes], data: st.DataObject) -> None:
    stream = b"\r\n".join(map(framed, messages))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    frames = Frames(1_000)
    found = []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += list(frames.feed(stream[begin:end]))
    assert found == messages
    assert not frames.unfinished
    assert frames.rest() is None


def test_a_frame_without_an_end_is_held_to_its_limit_and_no_further() -> None:
    frames = Frames(100)
    assert list(frames.feed(b"\x0b" + RAW[:90])) == []
    (broken,) = frames.feed(b"x" * 50)
    assert isinstance(broken, Broken)
    assert (broken.rule, broken.last, frames.held) == ("frame-too-long", True, 0)


def test_a_sender_that_begins_anew_is_told_and_its_new_message_is_read() -> None:
    frames = Frames(1_000)
    first, second = frames.feed(b"\x0b" + RAW[:60] + framed(RAW))
    assert isinstance(first, Broken)
    assert (first.rule, first.beginning) == ("frame-not-ended", RAW[:60])
    assert second == RAW


def test_bytes_outside_frames_are_ignored_up_to_a_bound() -> None:
    frames = Frames(1_000)
    assert list(frames.feed(b"\r\n hello" + framed(RAW))) == [RAW]
    (broken,) = frames.feed(b"x" * (MAX_STRAY + 1))
    assert isinstance(broken, Broken)
    assert broken.rule == "not-framed"


def test_an_answer_echoes_the_control_id_and_is_read_by_python_hl7() -> None:
    fault = Fault("PID-7", "format-date", "not a date that exists; send YYYYMMDD", warning=True)
    text = answer(header(RAW), code_of([fault]), [fault], AT, "CW1").decode()
    theirs = hl7.parse(text)
    assert [str(theirs.segment("MSH")[n]) for n in (3, 4, 5, 6)] == ["CW", "ICS", "PAS", "RXX"]
    assert [str(theirs.segment("MSA")[n]) for n in (1, 2)] == ["AA", "C7"]
    assert str(theirs.segment("MSH")[7]) == "20200701100000+0100"
    error = theirs.segment("ERR")
    assert [str(error[n]) for n in (2, 3, 4)] == ["PID^1^7", "102^Data type error^HL70357", "W"]


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        ([], "AA"),
        ([Fault("PID-3", "required", "send it")], "AE"),
        ([Fault("MSH-10", "control-id-reused", "another id")], "AE"),
        ([Fault("MSH-9", "unknown-event", "use another")], "AR"),
        ([Fault("PID-7", "format-date", "no", warning=True), Fault("MSH-4", "source-not-allowed", "ask")], "AR"),
    ],
)
def test_the_code_says_whether_sending_it_corrected_would_help(faults: list[Fault], code: str) -> None:
    assert code_of(faults) == code


@given(st.binary(max_size=80))
def test_no_bytes_break_an_answer(raw: bytes) -> None:
    text = answer(header(b"MSH" + raw), "AR", [Fault("MSH", "message-header-missing", "a|b^c\r")], AT, "1")
    assert text.startswith(b"MSH")
    assert b"\rMSA" in text


def test_bytes_of_the_control_id_come_back_as_they_came() -> None:
    text = answer(header(RAW.replace(b"C7", b"C\xe97")), "AA", [], AT, "1")
    assert b"|C\xe97" in text


@pytest.mark.parametrize(
    ("accept", "application", "code", "said"),
    [
        ("", "", "AA", ["AA"]),  # original mode
        ("", "", "AE", ["AE"]),
        ("AL", "NE", "AA", ["CA"]),
        ("AL", "NE", "AR", ["CR"]),
        ("NE", "AL", "AA", ["AA"]),
        ("AL", "AL", "AE", ["CE", "AE"]),
        ("AL", "", "AA", ["CA"]),
        ("NE", "NE", "AE", []),
        ("ER", "NE", "AA", []),
        ("ER", "NE", "AE", ["CE"]),
        ("SU", "NE", "AA", ["CA"]),
        ("SU", "ER", "AR", ["AR"]),
        ("what", "NE", "AA", ["CA"]),
    ],
)
def test_a_sender_has_the_answers_it_asks_for(accept: str, application: str, code: str, said: list[str]) -> None:
    about = header(f"MSH|^~\\&|A|B|C|D|20200101||ADT^A01|1|P|2.5||| {accept}|{application}\r".encode())
    assert wanted(about, code) == said
