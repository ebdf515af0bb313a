"""What a workbook file is, found out before anything trusts it: streamed, bounded, and refused with a reason.

An .xlsx file is a zip of XML. One made to do harm may unpack to gigabytes, span seventeen thousand million cells with
two, define entities, or carry programs. The file is scanned once with a parser that keeps nothing but each cell's
style, the merged ranges and the extent; only then is it read (python-calamine), in memory known to suffice.
"""

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from commonweal.domain.errors import CommonwealError
from commonweal.domain.measurement.workbook.sheets import BadCellName, place

LARGEST_FILE = 30_000_000  # bytes
LARGEST_UNPACKED = 250_000_000  # bytes of all parts together
MOST_PARTS = 2_000
MOST_CELLS = 400_000  # that hold anything, in one workbook
LARGEST_SPAN = 4_000_000  # rows × columns of one sheet: what a reader lays out in memory
MOST_MERGED = 200_000  # cells under merged ranges
_DATE_CODES = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
# Built-in number formats that a file refers to by number alone: ECMA-376 Part 1, 18.8.30.
_BUILT_IN = {1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 37: "#,##0", 38: "#,##0"}
_BUILT_IN |= {39: "#,##0.00", 40: "#,##0.00", 11: "General", 48: "General", 49: "@"}


class HostileFileError(CommonwealError):
    """A file that is not the workbook or text it is called, or asks for more than any table needs."""


@dataclass(slots=True)
class SheetFacts:
    """One sheet before it is read: number format by cell, merged ranges, and how far it reaches."""

    name: str
    hidden: bool
    formats: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    cells: int = 0
    rows: int = 0
    columns: int = 0


def check_name_and_start(path: Path) -> str:
    """``xlsx`` or ``csv``: what the file is by its first bytes, which its name has to agree with."""
    size = path.stat().st_size
    if size == 0:
        raise HostileFileError(f"{path.name} is empty")
    if size > LARGEST_FILE:
        raise HostileFileError(f"{path.name} has {size:,} bytes; split it, {LARGEST_FILE:,} are the most")
    with path.open("rb") as stream:
        start = stream.read(8)
    ending = path.suffix.lower()
    if start.startswith(b"PK\x03\x04") or start.startswith(b"PK\x05\x06"):
        if ending == ".csv":
            raise HostileFileError(f"{path.name} is a workbook called .csv; name it .xlsx")
        if ending == ".xlsm":
            raise HostileFileError(f"{path.name} may carry programs; save it as .xlsx without them")
        return "xlsx"
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise HostileFileError(f"{path.name} is locked with a password or in the old .xls form; save it as .xlsx")
    if ending != ".csv":
        raise HostileFileError(f"{path.name} is not a workbook; if it is text in columns, name it .csv")
    return "csv"


def scan(path: Path) -> list[SheetFacts]:
    """Every sheet's facts, in order. Raises ``HostileFileError`` for what must not be read any further."""
    try:
        with zipfile.ZipFile(path) as packed:
            return _scan(packed, path.name)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as problem:
        raise HostileFileError(
            f"{path.name} is broken or cut short ({problem}); ask its sender for it again"
        ) from problem
    except (expat.ExpatError, KeyError, ValueError, BadCellName) as problem:
        raise HostileFileError(
            f"{path.name} is not a workbook as .xlsx defines it ({problem}); save it anew"
        ) from problem


def _scan(packed: zipfile.ZipFile, name: str) -> list[SheetFacts]:
    parts = packed.infolist()
    if len(parts) > MOST_PARTS:
        raise HostileFileError(f"{name} has {len(parts):,} parts; no workbook needs more than {MOST_PARTS:,}")
    unpacked = sum(part.file_size for part in parts)
    if unpacked > LARGEST_UNPACKED:
        raise HostileFileError(f"{name} unpacks to {unpacked:,} bytes; {LARGEST_UNPACKED:,} are the most")
    names = {part.filename for part in parts}
    if any(part.lower().endswith("vbaproject.bin") for part in names):
        raise HostileFileError(f"{name} carries programs (macros); save it as .xlsx without them")
    if "xl/workbook.xml" not in names:
        raise HostileFileError(f"{name} is a zip file and not a workbook")
    for part in parts:  # a directory may lie about sizes: what unpacks to more than it says fails its checksum here
        with packed.open(part) as stream:
            while stream.read(1 << 20):
                pass
    targets = _relations(packed, names)
    formats = _formats(packed) if "xl/styles.xml" in names else []
    sheets = []
    for sheet, relation, hidden in _sheets(packed):
        facts = SheetFacts(sheet, hidden)
        target = targets.get(relation, "")
        if target in names and "worksheet" in target:
            _cells(packed, target, facts, formats, name)
        sheets.append(facts)
    if sum(one.cells for one in sheets) > MOST_CELLS:
        raise HostileFileError(f"{name} holds more than {MOST_CELLS:,} cells; import the tables one by one")
    return sheets


Attributes = dict[str, str]


def _walk(
    packed: zipfile.ZipFile, part: str, start: Callable[[str, Attributes], None], end: Callable[[str], None]
) -> None:
    """Stream one part through a parser that refuses document types, where entities are defined."""
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda tag, found: start(tag.rpartition(":")[2], found)
    parser.EndElementHandler = lambda tag: end(tag.rpartition(":")[2])

    def refuse(*_: object) -> None:
        raise HostileFileError(f"{part} defines a document type, which no workbook does; do not open this file")

    parser.StartDoctypeDeclHandler = refuse
    with packed.open(part) as stream:
        while chunk := stream.read(1 << 16):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)


def _nothing(_: str) -> None:
    """An end tag of no interest."""


def _relations(packed: zipfile.ZipFile, names: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}

    def start(tag: str, at: Attributes) -> None:
        if tag == "Relationship":
            target = at["Target"]
            found[at["Id"]] = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"

    if "xl/_rels/workbook.xml.rels" in names:
        _walk(packed, "xl/_rels/workbook.xml.rels", start, _nothing)
    return found


def _sheets(packed: zipfile.ZipFile) -> list[tuple[str, str, bool]]:
    found = []

    def start(tag: str, at: Attributes) -> None:
        if tag == "sheet":
            relation = next((value for key, value in at.items() if key.endswith(":id")), "")
            found.append((at["name"], relation, at.get("state", "visible") != "visible"))

    _walk(packed, "xl/workbook.xml", start, _nothing)
    return found


def _formats(packed: zipfile.ZipFile) -> list[str]:
    """The number format of each cell style, "" for a plain one and ``date`` for any of dates."""
    own: dict[int, str] = {}
    styles: list[str] = []
    inside = [False]

    def start(tag: str, at: Attributes) -> None:
        if tag == "numFmt":
            own[int(at["numFmtId"])] = at["formatCode"]
        elif tag == "cellXfs":
            inside[0] = True
        elif tag == "xf" and inside[0]:
            number = int(at.get("numFmtId", "0"))
            code = own.get(number, _BUILT_IN.get(number, "date" if number in _DATE_CODES else ""))
            styles.append("" if code in {"General", "@"} else code)

    def end(tag: str) -> None:
        if tag == "cellXfs":
            inside[0] = False

    _walk(packed, "xl/styles.xml", start, end)
    return styles


_RANGE = re.compile(r"([A-Z]{1,3}\d+):([A-Z]{1,3}\d+)\Z")


def _cells(packed: zipfile.ZipFile, part: str, facts: SheetFacts, formats: list[str], name: str) -> None:
    row = column = style = under = 0

    def start(tag: str, at: Attributes) -> None:
        nonlocal row, column, style, under
        if tag == "row":
            row, column = int(at.get("r", row + 1)), 0
        elif tag == "c":
            row, column = place(at["r"]) if "r" in at else (row, column + 1)
            style = int(at.get("s", "0"))
        elif tag in {"v", "is"}:
            facts.cells += 1
            facts.rows, facts.columns = max(facts.rows, row), max(facts.columns, column)
            if facts.cells > MOST_CELLS or facts.rows * facts.columns > LARGEST_SPAN:
                raise HostileFileError(
                    f"{name}, sheet {facts.name}: cells reach row {facts.rows:,}, column {facts.columns:,} "
                    f"({facts.cells:,} filled); delete what stands far from the table and save it again"
                )
            if 0 <= style < len(formats) and formats[style]:
                facts.formats[row, column] = formats[style]
        elif tag == "mergeCell":
            found = _RANGE.match(at["ref"])
            if found:
                (top, left), (bottom, right) = place(found[1]), place(found[2])
                # What is merged beyond the last filled cell shows nothing.
                bottom, right = min(bottom, facts.rows), min(right, facts.columns)
                under += max(0, bottom - top + 1) * max(0, right - left + 1)
                if under > MOST_MERGED:
                    raise HostileFileError(f"{name}, sheet {facts.name}: more than {MOST_MERGED:,} cells are merged")
                if bottom >= top and right >= left:
                    facts.merged.append((top, left, bottom, right))

    _walk(packed, part, start, _nothing)
