"""HL7 v2: any order of a person's messages folds to the same record, and every message of a stream is found."""

import io
from datetime import datetime, timedelta

import hl7
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.feeds import adt
from commonweal.feeds.adt_events import HANDLED
from commonweal.feeds.hl7v2 import Message
from commonweal.feeds.types import Merge, Parsed, Problem
from commonweal.fhir.validate import validate

EVENTS = sorted(HANDLED)
times = st.integers(0, 12).map(lambda n: (datetime(2020, 1, 1) + timedelta(hours=7 * n)).strftime("%Y%m%d%H%M"))
maybe_time = st.one_of(st.just(""), times, st.sampled_from(["202013010000", '""']))
fields = st.sampled_from(["", '""', "A", "22", "Shah", "x^y", r"\T\\E\ "])


@st.composite
def raw_messages(draw: st.DrawFn) -> bytes:
    """A message about person M1 with anything in the fields the fold reads."""
    event, entered = draw(st.sampled_from(EVENTS)), draw(times)
    control = draw(st.sampled_from(["1", "2", "10", "X9", "X10"]))
    pid = [""] * 33
    pid[0], pid[3] = "PID", draw(st.sampled_from(["M1^^^RZ1^MR", "9990000018^^^NHS^NH~M1^^^RZ1^MR"]))
    for number in (5, 8, 11, 13, 22, 30):
        pid[number] = draw(fields)
    pid[7], pid[29] = draw(st.sampled_from(["", '""', "19500201", "195013", "1950"])), draw(maybe_time)
    pv1 = [""] * 46
    pv1[0], pv1[2] = "PV1", draw(st.sampled_from(["I", "E", "O", "N", ""]))
    pv1[19] = draw(st.sampled_from(["V1", "V2", ""]))
    for number in (3, 4, 7, 9, 10, 14, 36):
        pv1[number] = draw(fields)
    pv1[44], pv1[45] = draw(maybe_time), draw(maybe_time)
    segments = [
        f"MSH|^~\\&|PAS|RZ1|X|Y|{entered}||ADT^{event}|{control}|P|2.4",
        f"EVN|{event}|{entered}||||{draw(st.one_of(st.just(''), times))}",
        "|".join(pid),
        "|".join(pv1),
    ]
    if event in ("A30", "A40", "A45", "A47"):
        segments.append("MRG|M0^^^RZ1^MR")
    return "\r".join(segments).encode()


@settings(max_examples=150, deadline=None)
@given(st.lists(raw_messages(), min_size=1, max_size=7), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_folds_to_the_same(messages: list[bytes], random: object) -> None:
    expected = adt.fold("RZ1", messages)
    shuffled = [*messages, messages[0]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert adt.fold("RZ1", shuffled) == expected
    patients = [i for i in expected if isinstance(i, Parsed) and i.type == "Patient"]
    assert [p.local_person for p in patients] == ["M1"]
    for item in expected:
        if isinstance(item, Parsed):
            assert validate(item.resource) == []
        elif isinstance(item, Problem):
            assert item.raw in messages
        else:
            assert isinstance(item, Merge)
    merged = {m for m in messages if any(b"ADT^" + event in m for event in (b"A30", b"A40", b"A47"))}
    assert len([i for i in expected if isinstance(i, Merge)]) == len(merged)


@settings(max_examples=80, deadline=None)
@given(st.lists(raw_messages(), min_size=1, max_size=6), st.data())
def test_a_name_once_said_stays_while_others_are_silent(messages: list[bytes], data: st.DataObject) -> None:
    named = b"MSH|^~\\&|PAS|RZ1|X|Y|201901010000||ADT^A28|0|P|2.4\rPID|||M1^^^RZ1^MR||Okafor^Ada"
    silent = [m for m in messages if Message(m).field("PID", 5) == ""]
    (patient, *_) = adt.fold("RZ1", data.draw(st.permutations([named, *silent])))
    assert isinstance(patient, Parsed)
    assert patient.resource["name"][0]["family"] == "Okafor"


@settings(max_examples=80, deadline=None)
@given(st.lists(raw_messages(), min_size=1, max_size=6), st.data())
def test_every_message_of_a_stream_is_found(messages: list[bytes], data: st.DataObject) -> None:
    gaps = st.sampled_from([b"\r", b"\r\r", b"\r\n\r\n", b"\n", b"\r\x1c\r\x0b"])
    stream, lines, at = b"", [], 1
    for raw in messages:
        lines.append(at)
        piece = raw + data.draw(gaps)
        stream += piece
        at += piece.count(b"\r") + piece.count(b"\n") - piece.count(b"\r\n")
    items = list(adt.split(io.BytesIO(stream)))
    assert [item.raw for item in items] == messages
    assert [item.line for item in items] == lines


@settings(max_examples=150, deadline=None)
@given(
    st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=("Cs", "Zs", "Zl", "Zp", "Cc")))
)
def test_what_python_hl7_escapes_is_read_back(text: str) -> None:
    theirs = hl7.parse("MSH|^~\\&|a|b|c|d|20200101||ADT^A08|1|P|2.4||||||UNICODE UTF-8\rPID|1")
    escaped = "".join(theirs.escape(c) if ord(c) < 127 else c for c in text)
    raw = f"MSH|^~\\&|a|b|c|d|20200101||ADT^A08|1|P|2.4||||||UNICODE UTF-8\rPID|1||{escaped}|end"
    message = Message(raw.encode())
    assert message.first("PID", 3) == text.strip()
    assert message.first("PID", 4) == "end"
