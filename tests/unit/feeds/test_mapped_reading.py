"""A supplier's file under its mapping: what becomes FHIR, what is set aside and why, whatever bytes arrive."""

import io
from typing import Any

import pytest

from commonweal.feeds.mapped.language import parse
from commonweal.feeds.mapped.reading import Plan, plan, read
from commonweal.feeds.types import Parsed, Problem

MAPPING = """
feed: community
supplier: acme
valid_from: 2020-01-01
file: {{encoding: {encoding}, delimiter: {delimiter}, extra_columns: {extra}}}
columns:
  Id: {{required: true}}
  NHS:
  Name:
  Born: {{date: '%d/%m/%Y'}}
  Sex:
  Ref: {{required: true}}
  When: {{date: '%d/%m/%Y', required: true}}
  Note:
person: {{local_id: Id, nhs_number: NHS, family: Name, birth_date: Born, gender: Sex}}
latest_by: When
resources:
  contact:
    type: Encounter
    reference: Ref
    elements:
      status: {{value: finished}}
      class: {{value: HH, system: encounter-class}}
      period.start: When
      reasonCode: Note
"""
HEADER = "Id,NHS,Name,Born,Sex,Ref,When,Note"
ROW = "P1,9990000018,Ash,01/02/1950,F,R1,03/04/2020,Wound care"


def ready(encoding: str = "utf-8", delimiter: str = "comma", extra: str = "false") -> Plan:
    return plan(parse(MAPPING.format(encoding=encoding, delimiter=delimiter, extra=extra), "acme.yaml"))


def items(data: bytes | str, made: Plan | None = None) -> list[Parsed | Problem]:
    raw = data.encode() if isinstance(data, str) else data
    return list(read(io.BytesIO(raw), "RY9", made or ready()))


def rules(found: list[Parsed | Problem]) -> list[tuple[int, str, str]]:
    return [(item.line, item.field, item.rule) for item in found if isinstance(item, Problem)]


def bodies(found: list[Parsed | Problem]) -> list[dict[str, Any]]:
    return [item.resource for item in found if isinstance(item, Parsed)]


def lines(*rows: str) -> str:
    return "\n".join((HEADER, *rows)) + "\n"


def test_a_row_is_a_person_and_what_happened() -> None:
    patient, contact = bodies(items(lines(ROW)))
    assert patient["birthDate"] == "1950-02-01"
    assert patient["gender"] == "female"
    assert patient["identifier"][0]["value"] == "9990000018"
    assert contact["subject"] == {"reference": f"Patient/{patient['id']}"}
    assert contact["period"] == {"start": "2020-04-03"}
    assert contact["class"] == {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HH"}
    assert contact["reasonCode"] == [{"text": "Wound care"}]


@pytest.mark.parametrize(
    ("row", "field", "rule"),
    [
        (ROW.replace("R1", ""), "Ref", "required"),
        (ROW.replace("P1", " "), "Id", "required"),
        (ROW.replace("03/04/2020", "31/02/2020"), "When", "format-date"),
        (ROW.replace("03/04/2020", "03/04/0020"), "When", "format-date"),
        (ROW.replace(",F,", ",woman,"), "Sex", "code-not-in-value-set"),
        (ROW + ",more", "", "too-many-cells"),
        ("P1,9990000018", "", "too-few-cells"),
        (ROW.replace("Ash", '"A"sh'), "", "quote-misplaced"),
        (ROW.replace("Ash", '"Ash'), "", "quote-unclosed"),
        (ROW.replace("Ash", "A\0sh"), "", "nul-byte"),
    ],
)
def test_a_bad_row_sets_itself_aside_and_nothing_else(row: str, field: str, rule: str) -> None:
    found = items(lines(ROW.replace("R1", "R0"), row, ROW.replace("R1", "R2")))
    assert rules(found) == [(3, field, rule)]
    assert len(bodies(found)) == 3


def test_a_row_of_another_encoding_sets_itself_aside() -> None:
    mixed = (lines(ROW).encode() + ROW.replace("Ash", "Müller").replace("R1", "R2").encode("cp1252")) + b"\n"
    assert rules(items(mixed)) == [(3, "Name", "encoding-not-utf-8")]


@pytest.mark.parametrize(
    ("encoding", "codec"), [("utf-8", "utf-8-sig"), ("utf-16", "utf-16"), ("windows-1252", "cp1252")]
)
def test_a_declared_encoding_is_read(encoding: str, codec: str) -> None:
    data = lines(ROW.replace("Ash", "Müller"), ROW.replace("R1", "R2").replace("Wound", '"Wound,\nline two"')).encode(
        codec
    )
    found = items(data, ready(encoding))
    assert rules(found) == [(3, "", "quote-misplaced")]
    assert bodies(found)[0]["name"][0]["family"] == "Müller"


def test_line_feeds_in_quotes_belong_to_the_cell() -> None:
    found = items(lines(ROW.replace("Wound care", '"Wound\ncare"'), ROW.replace("R1", "R2")))
    assert [item.line for item in found] == [2, 2, 4]
    assert bodies(found)[1]["reasonCode"] == [{"text": "Wound\ncare"}]


def test_undefined_bytes_of_a_declared_encoding_are_refused() -> None:
    data = lines(ROW).encode() + ROW.encode().replace(b"Ash", b"A\x81h").replace(b"R1", b"R2")
    assert rules(items(data, ready("windows-1252"))) == [(3, "Name", "encoding-not-as-declared")]
    wide = lines(ROW).encode("utf-16") + b"\x00\xd8\x0a\x00"  # half of a pair
    assert rules(items(wide, ready("utf-16")))[-1][2] == "encoding-not-as-declared"


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "header-missing"),
        (b"PK\x03\x04" + b"\0" * 100 + b"../../etc/passwd", "file-is-packed"),
        (b"\x1f\x8b\x08" + b"\0" * 1000, "file-is-packed"),
        (lines(ROW).encode("utf-16"), "encoding-not-as-declared"),
        (lines(ROW).replace(",", ";").encode(), "wrong-delimiter"),
        (lines(ROW).replace("Born", "Date of birth").encode(), "header-column-missing"),
        ((ROW + "\n").encode(), "header-column-missing"),
        (lines(ROW).replace("Note", "Note,Name").encode(), "header-column-unexpected"),
        (lines(ROW).replace("Note", "Note,Extra").encode(), "header-column-unexpected"),
    ],
)
def test_a_file_that_is_not_the_mappings_lands_nothing(data: bytes, rule: str) -> None:
    found = items(data)
    assert not bodies(found)
    assert found[0].rule == rule  # type: ignore[union-attr]  # a problem: there are no bodies
    assert {item.rule for item in found[1:] if isinstance(item, Problem)} <= {"header"}


def test_a_missing_column_is_named_with_the_nearest_there_is() -> None:
    (first, *_) = items(lines(ROW).replace("Born", "born date"))
    assert isinstance(first, Problem)
    assert first.message == "there is no column 'Born'; did you mean 'born date'?"


def test_a_delimiter_and_further_columns_can_be_declared() -> None:
    data = lines(ROW).replace("Note", "Note,Extra").replace("Wound care", "Wound care,x").replace(",", ";")
    assert len(bodies(items(data, ready(delimiter="semicolon", extra="true")))) == 2


class Endless(io.RawIOBase):
    """A header, one good row, and a line of ``size`` bytes made as it is read."""

    def __init__(self, size: int) -> None:
        self.size, self.at, self.most = size, 0, 0
        self.head = lines(ROW).encode()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset
        return offset

    def readinto(self, buffer: Any) -> int:
        self.most = max(self.most, len(buffer))
        total = len(self.head) + self.size
        part = self.head[self.at : self.at + len(buffer)] or b"x" * min(len(buffer), total - self.at)
        buffer[: len(part)] = part
        self.at += len(part)
        return len(part)


def test_a_line_of_200_megabytes_is_one_problem_and_is_never_held() -> None:
    stream = Endless(200 << 20)
    found = list(read(io.BufferedReader(stream, 1 << 16), "RY9", ready()))
    assert rules(found) == [(3, "", "line-too-long")]
    assert len(bodies(found)) == 2
    assert isinstance(found[-1], Problem)
    assert len(found[-1].raw) <= 1 << 20


def test_a_person_is_what_all_their_rows_say_in_order_of_date() -> None:
    older, newer = ROW, ROW.replace("Ash", "Birch").replace("R1", "R2").replace("2020", "2021")
    for rows in ((older, newer), (newer, older)):
        (patient,) = (body for body in bodies(items(lines(*rows))) if body["resourceType"] == "Patient")
        assert [name["family"] for name in patient["name"]] == ["Birch", "Ash"]


def test_of_two_rows_with_one_reference_the_later_counts() -> None:
    later = ROW.replace("2020", "2021").replace("Wound", "Leg")
    for rows in ((ROW, later), (later, ROW)):
        found = items(lines(*rows))
        (contact,) = (body for body in bodies(found) if body["resourceType"] == "Encounter")
        assert contact["reasonCode"] == [{"text": "Leg care"}]
        assert [rule for _, _, rule in rules(found)] == ["superseded-in-file"]


def test_rows_of_one_date_that_disagree_are_both_set_aside_and_repeats_are_not() -> None:
    found = items(lines(ROW, ROW.replace("Wound", "Leg")))
    assert rules(found) == [(2, "Ref", "duplicate-id"), (3, "Ref", "duplicate-id")]
    repeated = items(lines(ROW, ROW))
    assert not rules(repeated)
    assert [body["resourceType"] for body in bodies(repeated)] == ["Patient", "Encounter", "Encounter"]
