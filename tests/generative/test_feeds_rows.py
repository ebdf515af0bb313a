"""Files of lines and rows: every one is accounted for, whatever the bytes are."""

import io
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.feeds import adt, cld, gp, mh
from commonweal.feeds.gp import BOM
from commonweal.feeds.types import Parsed, Problem
from commonweal.fhir.validate import validate

good_lines = st.integers(0, 5).map(lambda n: b'{"resourceType":"Patient","id":"p%d"}' % n)
bad_lines = st.sampled_from(
    [
        b'{"resourceType":"Patient"',
        b'{"resourceType":"Patient","id":"x","birthDate":"1950-13-01"}',
        b'{"resourceType":"Nothing"}',
        b"\xff\xfe",
        b"null",
        b"{}",
    ]
)
blank_lines = st.sampled_from([b"", b"  ", b"\t"])
noise = st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b"").replace(b"\r", b""))


@settings(max_examples=120, deadline=None)
@given(st.lists(good_lines | bad_lines | blank_lines | noise, max_size=12), st.sampled_from([b"\n", b"\r\n"]))
def test_every_line_is_read_or_quarantined_with_its_number(lines: list[bytes], end: bytes) -> None:
    data = end.join(lines)
    items = list(gp.read(io.BytesIO(data), "A81001"))
    numbered = enumerate(data.removeprefix(BOM).split(b"\n"), 1)
    expected = [number for number, raw in numbered if raw.strip()]
    assert [item.line for item in items] == expected
    for item in items:
        assert isinstance(item, Parsed) or (item.rule and item.message)
        kept = item.body if isinstance(item, Parsed) else item.raw
        assert kept in data


@settings(max_examples=120, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["gp", "cld", "mh", "adt"]))
def test_no_bytes_make_a_reader_raise(data: bytes, feed: str) -> None:
    stream = io.BytesIO(data)
    if feed == "adt":
        items: list[Any] = list(adt.split(stream))
        assert all(isinstance(item, adt.RawMessage | Problem) for item in items)
        adt.fold("RZ1", [data])
    else:
        reader = {"gp": gp.read, "cld": cld.read, "mh": mh.read}[feed]
        assert all(isinstance(item, Parsed | Problem) for item in reader(stream, "X1"))


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=10) | st.sampled_from(
    ["", "01/02/1950", "31/02/1950", "Carer", "Service User", "Service", "Review", 'say "x"', "a,b", "a\nb", "é"]
)


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if set(cell) & set(',"\n\r') else cell


@st.composite
def council_rows(draw: st.DrawFn) -> list[str]:
    """A sound row in which some cells are anything at all."""
    row = dict.fromkeys(cld.HEADER, "") | {
        "LA Person Unique Identifier": draw(st.sampled_from(["LA1", "LA2"])),
        "Client Type": "Carer",
        "Event Type": draw(st.sampled_from(list(cld.EVENTS))),
        "Event Reference": draw(st.sampled_from(["E1", "E2", "E3"])),
        "Event Start Date": draw(st.sampled_from(["01/02/2020", "05/06/2020"])),
        "Family Name": draw(st.sampled_from(["Shah", "Patel"])),
    }
    row |= draw(st.dictionaries(st.sampled_from(cld.HEADER), cells, max_size=3))
    return list(row.values())


@settings(max_examples=120, deadline=None)
@given(st.lists(council_rows(), max_size=8))
def test_every_council_row_is_accounted_for_at_its_line(rows: list[list[str]]) -> None:
    lines = [",".join(cld.HEADER), *(",".join(map(_quoted, row)) for row in rows)]
    starts, at = [], 1
    for text in lines:
        starts.append(at)
        at += text.count("\n") + 1
    items = list(cld.read(io.BytesIO("\n".join(lines).encode()), "E990"))
    assert sorted({item.line for item in items}) == starts[1:]
    parsed = [item for item in items if isinstance(item, Parsed)]
    assert not [i for item in parsed for i in validate(item.resource) if i.severity == "error"]
    ids = [(item.type, item.id) for item in parsed]
    assert len(ids) == len(set(ids)), "one resource twice in a file"
    assert {item.local_person for item in parsed} == {i.local_person for i in parsed if i.type == "Patient"}


@settings(max_examples=100, deadline=None)
@given(st.permutations(range(4)))
def test_the_order_of_rows_does_not_change_what_is_read(order: list[int]) -> None:
    row = "M1,,Asha,{},1950-02-01,F,A,{},A81001,contact,C{},,2020-01-0{},,CMHT,,,"
    said = [("Shah", "ZZ1 1AA"), ("Shah", ""), ("Patel", ""), ("Patel", "ZZ2 2BB")]
    rows = [row.format(name, place, n, n + 1) for n, (name, place) in enumerate(said)]
    lines = [",".join(mh.HEADER), *(rows[n] for n in order)]
    items = list(mh.read(io.BytesIO("\n".join(lines).encode()), "RZM"))
    assert {(i.id, i.body) for i in items if isinstance(i, Parsed)} == {
        (i.id, i.body)
        for i in mh.read(io.BytesIO("\n".join([",".join(mh.HEADER), *rows]).encode()), "RZM")
        if isinstance(i, Parsed)
    }
