"""The twenty published ADT messages: each is read or refused with a reason, and python-hl7 reads them alike."""

import io
from pathlib import Path

import hl7
import pytest

from commonweal.feeds import adt
from commonweal.feeds.hl7v2 import Message
from commonweal.feeds.types import Parsed, Problem
from commonweal.fhir.validate import validate


@pytest.fixture(scope="module")
def given(test_data: Path) -> dict[str, bytes]:
    folder = test_data / "hl7v2_adt"
    if not folder.is_dir():
        pytest.skip("the given ADT messages are absent")
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.hl7"))}


def test_each_message_is_read_or_refused_and_none_is_lost(given: dict[str, bytes]) -> None:
    assert len(given) == 20
    for name, data in given.items():
        (item,) = adt.split(io.BytesIO(data))
        assert isinstance(item, adt.RawMessage), name
        items = adt.fold("RZ1", [item.raw])
        people = [i for i in items if isinstance(i, Parsed) and i.type == "Patient"]
        assert [p.local_person for p in people] == [item.mrn], name
        assert all(validate(i.resource) == [] for i in items if isinstance(i, Parsed)), name


def test_the_impossible_birth_month_is_the_only_field_refused(given: dict[str, bytes]) -> None:
    refused = {
        name: [(i.field, i.rule, i.value) for i in adt.fold("RZ1", [data]) if isinstance(i, Problem)]
        for name, data in given.items()
    }
    assert {name: found for name, found in refused.items() if found} == {
        "itk_ADT_A28.hl7": [("PID-7", "format-date", "196513121515")]
    }


def test_all_messages_in_one_file_are_all_found(given: dict[str, bytes]) -> None:
    for gap in (b"\r", b"\n", b"\r\n\r\n", b"\x1c\r\x0b"):
        items = list(adt.split(io.BytesIO(gap.join(given.values()))))
        assert [i.event for i in items if isinstance(i, adt.RawMessage)] == [
            adt.head(data).event for data in given.values()
        ]


def test_python_hl7_reads_the_same_fields(given: dict[str, bytes]) -> None:
    compared = 0
    for data in given.values():
        ours = Message(data)
        text = data.decode("utf-8-sig").replace("\r\n", "\r").replace("\n", "\r").strip("\r")
        theirs = hl7.parse(text)
        for segment in theirs:
            name = str(segment[0])
            if name == "MSH" or ours.count(name) > 1:
                continue
            for number in range(1, len(segment)):
                assert ours.field(name, number) == str(segment[number])
                expected = theirs.extract_field(name, 1, number, 1, 1, 1) or ""
                assert ours.first(name, number) == theirs.unescape(expected).strip()
                compared += 1
    assert compared > 1000
