"""Reading a workbook or a CSV file as sheets of cells, each with the text a reader sees and the number behind it."""

import csv
import io
import re
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import python_calamine

from commonweal.domain.measurement.workbook.sheets import Cell, Sheet
from commonweal.feeds.workbooks.guard import (
    LARGEST_SPAN,
    MOST_CELLS,
    HostileFileError,
    SheetFacts,
    check_name_and_start,
    scan,
)

_LITERAL = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\]-]*)[^\]]*\]|\[[^\]]*\]|_.|\*.')
_DIGITS = re.compile(r"[#0?][#0?,.]*")
ENCODINGS = ("utf-8", "cp1252", "utf-16")


def read_sheets(path: Path, encoding: str = "") -> list[Sheet]:
    """Every sheet of an .xlsx file, or the one of a .csv file (``encoding`` where it is not UTF-8).

    Raises ``HostileFileError``: one line that says what the file is and what to do.
    """
    if check_name_and_start(path) == "csv":
        return [_csv(path, encoding)]
    facts = scan(path)
    try:
        with python_calamine.CalamineWorkbook.from_path(str(path)) as book:
            return [_sheet(book, one) for one in facts]
    except python_calamine.PasswordError as problem:
        raise HostileFileError(f"{path.name} is locked with a password; save it without one") from problem
    except (python_calamine.CalamineError, ValueError) as problem:
        raise HostileFileError(f"{path.name} cannot be read as a workbook ({problem}); save it anew") from problem


def _sheet(book: python_calamine.CalamineWorkbook, facts: SheetFacts) -> Sheet:
    cells: dict[tuple[int, int], Cell] = {}
    if facts.cells:
        found = book.get_sheet_by_name(facts.name)
        top, left = found.start or (0, 0)
        for row, values in enumerate(found.to_python(skip_empty_area=True), top + 1):
            for column, value in enumerate(values, left + 1):
                cell = _cell(value, facts.formats.get((row, column), ""))
                if cell is not None:
                    cells[row, column] = cell
    return Sheet(facts.name, cells, tuple(facts.merged), facts.hidden)


def _cell(value: object, code: str) -> Cell | None:
    """A cell of what calamine gives; None for an empty one."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return Cell(value)
    if isinstance(value, bool):
        return Cell("TRUE" if value else "FALSE")
    if isinstance(value, int | float):
        # A workbook keeps 15 digits; what a binary fraction has beyond them was never entered.
        number = Decimal(format(value, ".15g"))
        return Cell(shown(number, code), number, "%" in _LITERAL.sub("", code))
    if isinstance(value, datetime):
        return Cell(value.date().isoformat() if value.time() == time(0) else value.isoformat(" "))
    if isinstance(value, date | time):
        return Cell(value.isoformat())
    if isinstance(value, timedelta):
        return Cell(str(value))
    return Cell(str(value))


def shown(number: Decimal, code: str) -> str:
    """A number as its cell shows it: 0.5623 as 56.2% under ``0.0%``, 1539 as 1,539 under ``#,##0``.

    A form of number that is none of the usual ones shows the number in full: more is told then, never less.
    """
    sections = code.split(";")
    section = sections[1] if number < 0 and len(sections) > 1 and sections[1] else sections[0]
    plain = _LITERAL.sub("", section)
    digits = _DIGITS.search(plain)
    if not code or code == "date" or digits is None or re.search(r"[dmyhsE@/]", plain, re.IGNORECASE):
        return _in_full(number)
    pattern = digits[0]
    value = number * 100 if "%" in plain else number
    while pattern.endswith(","):
        pattern, value = pattern[:-1], value / 1000
    places = len(pattern.partition(".")[2].replace(",", ""))
    rounded = abs(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{rounded:,f}" if "," in pattern else f"{rounded:f}"
    before, after = (_said(part) for part in _around(section, digits[0]))
    minus = "-" if number < 0 and len(sections) == 1 and rounded else ""
    return f"{minus}{before}{text}{after}".strip()


def _around(section: str, digits: str) -> tuple[str, str]:
    """What a format says before its digits and after them."""
    at = section.find(digits)
    return (section[:at], section[at + len(digits) :]) if at >= 0 else ("", "")


def _said(part: str) -> str:
    """The literal text in part of a format."""
    return _LITERAL.sub(lambda found: found[1] or found[2] or found[3] or "", part)


def _in_full(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _csv(path: Path, encoding: str) -> Sheet:
    """A CSV file as one sheet named by the file."""
    text = _decoded(path, encoding)
    if "\x00" in text:
        raise HostileFileError(f"{path.name} holds binary data and is no text; ask its sender for the table")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    cells: dict[tuple[int, int], Cell] = {}
    furthest = 0
    try:
        for row, values in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1):
            furthest = max(furthest, len(values))
            if len(cells) > MOST_CELLS or row * furthest > LARGEST_SPAN:
                raise HostileFileError(
                    f"{path.name} holds more than {MOST_CELLS:,} cells; import the tables one by one"
                )
            cells |= {(row, column): Cell(value) for column, value in enumerate(values, 1) if value.strip()}
    except csv.Error as problem:
        raise HostileFileError(f"{path.name} is no table of text: {problem}") from problem
    return Sheet(path.stem, cells)


def _decoded(path: Path, encoding: str) -> str:
    raw = path.read_bytes()
    if encoding and encoding not in ENCODINGS:
        raise HostileFileError(f"encoding: choose one of {', '.join(ENCODINGS)}, not {encoding!r}")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    try:
        return raw.decode("utf-8-sig" if encoding in {"", "utf-8"} else encoding)
    except UnicodeDecodeError as problem:
        line = raw[: problem.start].count(b"\n") + 1
        raise HostileFileError(
            f"{path.name} line {line} is not {encoding or 'UTF-8'} text; if it comes from an older spreadsheet, "
            "write encoding: cp1252 in the map"
        ) from problem
