"""Framing, delimiters, escapes, character sets and timestamps of HL7 version 2."""

import io
import tracemalloc
from collections.abc import Callable
from typing import BinaryIO, cast

import pytest

from commonweal.feeds.hl7v2 import Cut, Message, messages, timestamp
from commonweal.fhir.errors import Invalid

HEAD = "MSH|^~\\&|PAS|RZ1|X|Y|20200102030405||ADT^A08|1|P|2.4||||||"


def _message(body: str, charset: str = "", encoding: str = "utf-8") -> Message:
    return Message(f"{HEAD}{charset}\r{body}".encode(encoding))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"MSH|^~\\&|1\rPID|1\r\rMSH|^~\\&|2\rPID|1\r", [(1, b"MSH|^~\\&|1\rPID|1"), (4, b"MSH|^~\\&|2\rPID|1")]),
        (b"MSH|^~\\&|1\nPID|1\nMSH|^~\\&|2\n", [(1, b"MSH|^~\\&|1\nPID|1"), (3, b"MSH|^~\\&|2")]),
        (b"MSH|^~\\&|1\r\nPID|1\r\n\r\nMSH|^~\\&|2", [(1, b"MSH|^~\\&|1\r\nPID|1"), (4, b"MSH|^~\\&|2")]),
        (b"\xef\xbb\xbfMSH|^~\\&|1\n", [(1, b"MSH|^~\\&|1")]),
        (b"\x0bMSH|^~\\&|1\rPID|1\r\x1c\r\x0bMSH|^~\\&|2\r\x1c\r", [(1, b"MSH|^~\\&|1\rPID|1"), (4, b"MSH|^~\\&|2")]),
        (b"stray\r\nMSH|^~\\&|1", [(1, b"stray"), (2, b"MSH|^~\\&|1")]),
        (b"MSH|^~\\&|1\rOBX|1|TX|the word MSH| inside\r", [(1, b"MSH|^~\\&|1\rOBX|1|TX|the word MSH| inside")]),
        (b"", []),
        (b"\r\n\r\n", []),
    ],
)
def test_messages_of_a_stream_with_their_lines(data: bytes, expected: list[tuple[int, bytes]]) -> None:
    assert list(messages(io.BytesIO(data))) == expected


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64])
def test_where_a_read_ends_does_not_matter(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"\r\n".join(b"MSH|^~\\&|%d\r\nPID|%d\r\n" % (n, n) for n in range(20))
    whole = list(messages(io.BytesIO(data), 5))
    monkeypatch.setattr("commonweal.feeds.hl7v2._BLOCK", step)
    assert list(messages(io.BytesIO(data), 5)) == whole
    assert [line for line, _ in whole] == [5 + 3 * n for n in range(20)]


@pytest.mark.parametrize("step", [1, 3, 16])
@pytest.mark.parametrize("ends", [b"\r", b"\n", b"\r\n"])
def test_what_is_too_long_is_passed_over_and_the_next_message_found_at_its_line(
    step: int, ends: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a message longer than any may be; then its beginning is told, and what comes before and after is whole."""
    monkeypatch.setattr("commonweal.feeds.hl7v2.MAX_BYTES", 200)
    monkeypatch.setattr("commonweal.feeds.hl7v2._BLOCK", step)
    long = [b"MSH|^~\\&|2", b"NTE|" + b"MSH|x" * 50, *[b"OBX|%d" % n for n in range(40)]]
    data = ends.join([b"MSH|^~\\&|1", *long, b"MSH|^~\\&|3", b"PID|1", b"MSH|^~\\&|4"])
    found = list(messages(io.BytesIO(data), 1))
    assert [(line, raw[:10]) for line, raw in found] == [
        (1, b"MSH|^~\\&|1"), (2, b"MSH|^~\\&|2"), (44, b"MSH|^~\\&|3"), (46, b"MSH|^~\\&|4"),
    ]  # fmt: skip
    assert [isinstance(raw, Cut) for _, raw in found] == [False, True, False, False]
    assert [type(raw) for _, raw in messages(io.BytesIO(ends.join(long)))] == [Cut], "at the end of a file as well"


def test_what_never_ends_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commonweal.feeds.hl7v2.MAX_BYTES", 1 << 21)

    class Endless(io.RawIOBase):
        left = 30

        def read(self, size: int = -1) -> bytes:
            self.left -= 1
            return b"" if self.left < 0 else b"MSH|" + b"x" * (size - 4)

    tracemalloc.start()
    try:
        ((line, raw),) = messages(cast(BinaryIO, Endless()))
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert line == 1
    assert len(raw) < 10_000


def test_fields_are_addressed_as_in_the_standard() -> None:
    message = _message("PID|1||1^^^RZ1^MR~2^^^NHS^NH||A&B^C^^^Dr|\rPV1|1|I")
    assert message.first("MSH", 1) == "|"
    assert message.field("MSH", 2) == "^~\\&"
    assert message.first("MSH", 9, 2) == "A08"
    assert [message.value(parts, 1) for parts in message.repetitions("PID", 3)] == ["1", "2"]
    assert message.first("PID", 5) == "A"
    assert message.value(message.repetitions("PID", 5)[0], 1, 2) == "B"
    assert message.first("PID", 5, 5) == "Dr"
    assert message.first("PID", 99) == message.first("ZZZ", 1) == message.first("PID", 5, 99) == ""
    assert (message.has("PV1"), message.has("MRG"), message.count("PID")) == (True, False, 1)


def test_other_delimiters_are_honoured() -> None:
    message = Message(b"MSH#@+!$#PAS\rPID#1##1@@@RZ1@MR+2##Smith$Jones@Ann!T!B")
    assert message.first("PID", 3, 5) == "MR"
    assert message.first("PID", 5, 2) == "Ann$B"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"A\T\E", "A&E"),
        (r"\F\\S\\R\\E\ ", "|^~\\"),
        (r"caf\XC3A9\ bar", "café bar"),
        (r"one\.br\two", "one\ntwo"),
        (r"\H\bold\N\ text", "bold text"),
        (r"C:\path", r"C:\path"),
        (r"open \Zx\ end", r"open \Zx\ end"),
        (r"\XZZ\ ", r"\XZZ\ ".strip()),
    ],
)
def test_escapes(text: str, expected: str) -> None:
    assert _message(f"PID|1||||{text}").first("PID", 4) == ""
    assert _message(f"PID|1|||||{text}").first("PID", 6) == expected


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("UNICODE UTF-8", "utf-8"), ("", "utf-8"), ("UNICODE", "utf-8"), ("8859/1", "latin-1"), ("8859/15", "iso8859-15")],
)
def test_character_sets(charset: str, encoding: str) -> None:
    assert _message("PID|1||||Zoë", charset, encoding).field("PID", 5) == "Zoë"


@pytest.mark.parametrize(
    ("make", "field", "rule"),
    [
        (lambda: _message("PID|1||||Zoë", "", "latin-1"), "PID", "encoding-not-utf-8"),
        (lambda: _message("PID|1||||Zoë", "ASCII", "utf-8"), "PID", "encoding-not-as-declared"),
        (lambda: _message("PID|1", "KLINGON"), "MSH-18", "character-set-unknown"),
        (lambda: Message(b"PID|1||1"), "MSH", "message-header-missing"),
        (lambda: Message(b""), "MSH", "message-header-missing"),
        (lambda: Message(b"MSH|||PAS|RZ1"), "MSH-2", "delimiters"),
        (lambda: Message(b"MSH|^^\\&|PAS|RZ1"), "MSH-2", "delimiters"),
    ],
)
def test_what_cannot_be_read_says_why(make: Callable[[], Message], field: str, rule: str) -> None:
    with pytest.raises(Invalid) as caught:
        make()
    assert (caught.value.field, caught.value.rule) == (field, rule)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20200102", "2020-01-02T00:00:00+00:00"),
        ("2020", "2020-01-01T00:00:00+00:00"),
        ("202003", "2020-03-01T00:00:00+00:00"),
        ("202007011530", "2020-07-01T15:30:00+01:00"),
        ("20200701153045.1234", "2020-07-01T15:30:45.123400+01:00"),
        ("20190423150137+0215", "2019-04-23T13:46:37+01:00"),
        ("202010250130", "2020-10-25T01:30:00+01:00"),  # the hour that comes twice: the first
        ("202003290130", "2020-03-29T02:30:00+01:00"),  # the hour that never was
        ("", None),
        ('""', None),
    ],
)
def test_timestamps(text: str, expected: str | None) -> None:
    moment = timestamp(text, "EVN-2")
    assert (moment.isoformat() if moment else None) == expected


@pytest.mark.parametrize("text", ["20201301", "20200230", "2020010225", "x", "00010101+1400", "20200101+9999"])
def test_times_that_do_not_exist(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        timestamp(text, "EVN-2")
    assert (caught.value.field, caught.value.rule, caught.value.value) == ("EVN-2", "format-timestamp", text)
