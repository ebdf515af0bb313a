"""Workbook files: what a reader sees in them, and those made or broken to do harm."""

import resource
import struct
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from commonweal.domain.measurement.workbook.sheets import BadCellName, letters, place, reference
from commonweal.feeds.workbooks.guard import HostileFileError
from commonweal.feeds.workbooks.reading import read_sheets, shown


@pytest.mark.parametrize(
    ("number", "code", "text"),
    [
        ("0.5623", "0.0%", "56.2%"),
        ("0.12", "0%", "12%"),
        ("1539", "#,##0", "1,539"),
        ("1539.5", "", "1539.5"),
        ("2.345", "0.00", "2.35"),
        ("-3.2", "0.0;(0.0)", "(3.2)"),
        ("-3", "#,##0", "-3"),
        ("1234", '"£"#,##0', "£1,234"),
        ("1234", "[$£-809]#,##0", "£1,234"),
        ("12", '0" days"', "12 days"),
        ("2800000", "#,##0,", "2,800"),
        ("5", "[Red]0", "5"),
        ("44000", "dd/mm/yyyy", "44000"),
    ],
)
def test_a_number_shows_as_its_cell_shows_it(number: str, code: str, text: str) -> None:
    assert shown(Decimal(number), code) == text


def test_cells_have_letters_and_numbers() -> None:
    assert [letters(n) for n in (1, 26, 27, 702, 703)] == ["A", "Z", "AA", "ZZ", "AAA"]
    assert place("AB12") == (12, 28)
    assert reference(12, 28) == "AB12"
    for wrong in ("12", "A0", "AAAA1", "a1"):
        with pytest.raises(BadCellName):
            place(wrong)


def test_merged_cells_and_formats_come_through(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"], sheet["B2"], sheet["C3"] = "Title", 0.5623, "x"
    sheet["B2"].number_format = "0.0%"
    sheet.merge_cells("A1:C1")
    book.create_sheet("Empty")
    book.save(tmp_path / "a.xlsx")
    first, empty = read_sheets(tmp_path / "a.xlsx")
    assert first.text(1, 3) == "Title"
    assert first.at(2, 2) is not None
    assert (first.text(2, 2), first.cells[2, 2].number) == ("56.2%", Decimal("0.5623"))
    assert (empty.name, len(empty.cells), empty.last_row) == ("Empty", 0, 0)


SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData>{}</worksheet>'
BOOK = (
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>'
)
LINKS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>'
)
ROOT = LINKS.replace("relationships/worksheet", "relationships/officeDocument").replace(
    "worksheets/sheet1.xml", "xl/workbook.xml"
)


def made(path: Path, sheet: str, **more: bytes) -> Path:
    """A workbook of one sheet given as its XML."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("_rels/.rels", ROOT)
        packed.writestr("xl/workbook.xml", BOOK)
        packed.writestr("xl/_rels/workbook.xml.rels", LINKS)
        packed.writestr("xl/worksheets/sheet1.xml", sheet)
        for name, body in more.items():
            packed.writestr(name, body)
    return path


def far_cell(path: Path) -> Path:
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    return made(path, SHEET.format(cells, ""))


def macros(path: Path) -> Path:
    return made(path, SHEET.format("", ""), **{"xl/vbaProject.bin": b"x"})


def entities(path: Path) -> Path:
    return made(path, '<!DOCTYPE x [<!ENTITY a "b">]>' + SHEET.format("", ""))


def cut_short(path: Path) -> Path:
    whole = made(path, SHEET.format('<row r="1"><c r="A1"><v>1</v></c></row>', "")).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def half_a_sheet(path: Path) -> Path:
    return made(path, '<worksheet><sheetData><row r="1">')


def many_parts(path: Path) -> Path:
    return made(path, SHEET.format("", ""), **{f"xl/media/{n}": b"" for n in range(2_001)})


def not_a_book(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("readme.txt", "hello")
    return path


def merged_everything(path: Path) -> Path:
    filled = '<row r="3000"><c r="ZZ3000"><v>1</v></c></row>'
    return made(path, SHEET.format(filled, '<mergeCells><mergeCell ref="A1:ZZ3000"/></mergeCells>'))


def bomb(path: Path) -> Path:
    """Gigabytes in a few kilobytes, going by the directory, which is as far as anybody looks."""
    made(path, SHEET.format("", ""))
    raw = bytearray(path.read_bytes())
    at = raw.rindex(b"xl/worksheets/sheet1.xml") - 46
    raw[at + 24 : at + 28] = struct.pack("<I", 3_000_000_000)
    path.write_bytes(bytes(raw))
    return path


def text_called_xlsx(path: Path) -> Path:
    path.write_text("a,b\n1,2\n")
    return path


def old_form(path: Path) -> Path:
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600)
    return path


def empty_file(path: Path) -> Path:
    path.write_bytes(b"")
    return path


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (far_cell, "delete what stands far from the table"),
        (macros, "carries programs"),
        (entities, "defines a document type"),
        (cut_short, "broken or cut short"),
        (half_a_sheet, "not a workbook as .xlsx defines it"),
        (many_parts, "no workbook needs more than"),
        (not_a_book, "a zip file and not a workbook"),
        (merged_everything, "cells are merged"),
        (bomb, "unpacks to"),
        (text_called_xlsx, "name it .csv"),
        (old_form, "locked with a password or in the old .xls form"),
        (empty_file, "is empty"),
    ],
)
def test_a_file_made_to_do_harm_is_refused_with_a_reason(
    tmp_path: Path, make: Callable[[Path], Path], says: str
) -> None:
    path = make(tmp_path / "bad.xlsx")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(HostileFileError, match=says):
        read_sheets(path)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 100_000, f"{grown} kB more memory"


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"])
def test_a_lying_size_in_the_zip_is_not_believed(tmp_path: Path, part: str) -> None:
    """The directory says 1 byte; what unpacks is far more, and the reader notices."""
    filler = "<!--" + "x" * 5_000 + "-->"
    path = made(tmp_path / "lie.xlsx", SHEET.format(filler, ""), **{"xl/sharedStrings.xml": filler.encode()})
    raw = bytearray(path.read_bytes())
    at = raw.rindex(part.encode()) - 46
    raw[at + 24 : at + 28] = struct.pack("<I", 1)
    path.write_bytes(bytes(raw))
    with pytest.raises(HostileFileError):
        read_sheets(path)


def test_a_hundred_thousand_empty_rows_are_only_rows(tmp_path: Path) -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}" s="0"/></row>' for n in range(2, 100_000))
    path = made(tmp_path / "tall.xlsx", SHEET.format('<row r="1"><c r="A1"><v>7</v></c></row>' + rows, ""))
    (sheet,) = read_sheets(path)
    assert sheet.last_row == 1
    assert sheet.cells[1, 1].number == 7


def test_a_workbook_called_csv(tmp_path: Path) -> None:
    with pytest.raises(HostileFileError, match=r"name it \.xlsx"):
        read_sheets(made(tmp_path / "a.csv", SHEET.format("", "")))


@pytest.mark.parametrize(
    ("raw", "encoding", "says"),
    [
        (b"name,\x96 5\n", "", r"line 1 is not UTF-8 text.*encoding: cp1252"),
        (b"a,b\n\x00,1\n", "", "binary data"),
        (b"a,b\n1,2\n", "latin-9", "choose one of"),
        (b"\xff\xfea", "", "not utf-16 text"),
    ],
)
def test_text_that_is_not_as_declared(tmp_path: Path, raw: bytes, encoding: str, says: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(raw)
    with pytest.raises(HostileFileError, match=says):
        read_sheets(path, encoding)


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        ("\ufeffname;n\nbeds – open;5\n".encode(), ""),
        ("name\tn\nbeds – open\t5\n".encode("cp1252"), "cp1252"),
        ("name,n\nbeds – open,5\n".encode("utf-16"), ""),
    ],
)
def test_text_in_the_encodings_and_separators_people_send(tmp_path: Path, raw: bytes, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(raw)
    (sheet,) = read_sheets(path, encoding)
    assert (sheet.text(2, 1), sheet.text(2, 2)) == ("beds – open", "5")
