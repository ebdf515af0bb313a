"""Reading the text of a paper, .txt, .md or .docx: its paragraphs, and the tables that stand between them.

A .docx file is a zip of XML (ECMA-376 Part 1, 17.2 to 17.4: ``w:p`` paragraphs of ``w:t`` runs, ``w:tbl`` tables of
``w:tr`` rows of ``w:tc`` cells); it is streamed within the bounds of a workbook. Its *lines* are its paragraphs and
table rows, counted from 1; those of a text file are its lines.
"""

import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from commonweal.domain.measurement.reconcile.prose import Text
from commonweal.domain.measurement.reconcile.sheets import Sheet
from commonweal.feeds.workbooks.guard import LARGEST_FILE, LARGEST_UNPACKED, MOST_CELLS, HostileFileError
from commonweal.feeds.workbooks.reading import ENCODINGS

ENDINGS = frozenset({".txt", ".md", ".docx"})
_LONGEST = 1_000_000  # characters of a line
_ROW = re.compile(r"\s*\|(.*)\|\s*\Z")
_RULE = re.compile(r"\s*\|?[\s:|-]*-[\s:|-]*\|?\s*\Z")
_MARKUP = re.compile(r"^\s*(?:#{1,6}\s+|[-*+]\s+|>\s+)|\*\*|__|`")


def read_text(path: Path, name: str, encoding: str = "") -> tuple[list[Sheet], Text]:
    """The tables and the paragraphs of a text, called ``name`` in findings. Raises ``HostileFileError`` in one line."""
    size = path.stat().st_size
    if size == 0:
        raise HostileFileError(f"{name} is empty")
    if size > LARGEST_FILE:
        raise HostileFileError(f"{name} has {size:,} bytes; split it, {LARGEST_FILE:,} are the most")
    return _docx(path, name) if path.suffix.lower() == ".docx" else _plain(path, name, encoding)


def _plain(path: Path, name: str, encoding: str) -> tuple[list[Sheet], Text]:
    if encoding and encoding not in ENCODINGS:
        raise HostileFileError(f"encoding: choose one of {', '.join(ENCODINGS)}, not {encoding!r}")
    raw = path.read_bytes()
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    try:
        text = raw.decode("utf-8-sig" if encoding in {"", "utf-8"} else encoding)
    except UnicodeDecodeError as problem:
        raise HostileFileError(
            f"{name} is not {encoding or 'UTF-8'} text; save it as UTF-8, or say --encoding cp1252"
        ) from problem
    if "\x00" in text:
        raise HostileFileError(f"{name} holds binary data and is no text; ask its sender for the text")
    paper = _Paper(name)
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > _LONGEST:
            raise HostileFileError(f"{name} line {number} has more than {_LONGEST:,} characters; it is no text")
        row = _ROW.match(line)
        if row and not _RULE.match(line):
            paper.row(number, [cell.strip().strip("*") for cell in row[1].replace("\\|", "/").split("|")])
        elif not _RULE.match(line) or not paper.inside:
            paper.line(number, _MARKUP.sub("", line))
    return paper.sheets(), paper.text()


@dataclass
class _Paper:
    """Paragraphs and tables as they come; the last short paragraph before a table is its title."""

    name: str
    inside: bool = False
    title: str = ""
    paragraphs: list[tuple[int, list[str]]] = field(default_factory=list)
    tables: list[tuple[str, list[int], list[list[str]]]] = field(default_factory=list)
    open: bool = False
    cells: int = 0

    def line(self, number: int, text: str) -> None:
        """One line of text; an empty one ends the paragraph."""
        self.inside = False
        if not text.strip():
            self.open = False
            return
        if not self.open:
            self.paragraphs.append((number, []))
            self.open = True
        self.paragraphs[-1][1].append(text)
        self.title = text.strip() if len(text) <= 150 else self.title

    def row(self, number: int, cells: list[str]) -> None:
        """One row of a table."""
        self.cells += len(cells)
        if self.cells > MOST_CELLS:
            raise HostileFileError(f"{self.name} holds more than {MOST_CELLS:,} cells; reconcile its tables one by one")
        if not self.inside:
            self.tables.append((self.title, [], []))
        self.inside, self.open = True, False
        self.tables[-1][1].append(number)
        self.tables[-1][2].append(cells)

    def sheets(self) -> list[Sheet]:
        """Every table as a sheet, under its title."""
        found = []
        for title, lines, rows in self.tables:
            head = [[title]] if title else []
            found.append(Sheet(self.name, [*head, *rows], [lines[0] - 1] * len(head) + lines))
        return found

    def text(self) -> Text:
        """The paragraphs."""
        return Text(self.name, [(number, "\n".join(lines)) for number, lines in self.paragraphs])


def _docx(path: Path, name: str) -> tuple[list[Sheet], Text]:
    try:
        with zipfile.ZipFile(path) as packed:
            if sum(part.file_size for part in packed.infolist()) > LARGEST_UNPACKED:
                raise HostileFileError(f"{name} unpacks to more than {LARGEST_UNPACKED:,} bytes; no paper needs that")
            if "word/document.xml" not in packed.namelist():
                raise HostileFileError(f"{name} is a zip file and not a document; save it as .docx")
            reader = _Document(_Paper(name))
            parser = expat.ParserCreate()
            parser.StartElementHandler = reader.start
            parser.EndElementHandler = reader.end
            parser.CharacterDataHandler = reader.said

            def refuse(*_: object) -> None:
                raise HostileFileError(f"{name} defines a document type, which no document does; do not open it")

            parser.StartDoctypeDeclHandler = refuse
            read = 0
            with packed.open("word/document.xml") as stream:
                while chunk := stream.read(1 << 16):
                    read += len(chunk)
                    if read > LARGEST_UNPACKED:
                        raise HostileFileError(f"{name} unpacks to more than it says; ask its sender for it again")
                    parser.Parse(chunk, False)
                parser.Parse(b"", True)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as problem:
        raise HostileFileError(f"{name} is broken or cut short ({problem}); ask its sender for it again") from problem
    except expat.ExpatError as problem:
        raise HostileFileError(f"{name} is not a document as .docx defines it ({problem}); save it anew") from problem
    return reader.paper.sheets(), reader.paper.text()


class _Document:
    """Handlers that turn the elements of a document into lines and rows."""

    def __init__(self, paper: _Paper) -> None:
        self.paper = paper
        self.number = 0
        self.deep = 0  # tables within tables
        self.words: list[str] = []
        self.cell: list[str] = []
        self.row: list[str] = []
        self.span = 1
        self.text = False

    def start(self, tag: str, at: dict[str, str]) -> None:
        """An element begins."""
        tag = tag.rpartition(":")[2]
        if tag == "t":
            self.text = True
        elif tag in {"tab", "br"}:
            self.words.append(" ")
        elif tag == "tbl":
            self.deep += 1
            if self.deep == 1:
                self.paper.inside = False
        elif tag == "tr" and self.deep == 1:
            self.row = []
        elif tag == "tc" and self.deep == 1:
            self.cell, self.span = [], 1
        elif tag == "gridSpan" and self.deep == 1:
            value = next((text for key, text in at.items() if key.rpartition(":")[2] == "val"), "1")
            self.span = min(max(int(value), 1), 200) if value.isdigit() else 1

    def end(self, tag: str) -> None:
        """An element ends."""
        tag = tag.rpartition(":")[2]
        if tag == "t":
            self.text = False
        elif tag == "p":
            said, self.words = "".join(self.words).strip(), []
            if self.deep:
                self.cell += [said] if said else []
            else:
                self.number += 1
                self.paper.line(self.number, said)
                self.paper.open = False
        elif tag == "tc" and self.deep == 1:
            self.row += [" ".join(self.cell), *([""] * (self.span - 1))]
        elif tag == "tr" and self.deep == 1:
            self.number += 1
            self.paper.row(self.number, self.row)
        elif tag == "tbl":
            self.deep -= 1
            if not self.deep:
                self.paper.inside = False

    def said(self, text: str) -> None:
        """Characters between elements."""
        if self.text:
            self.words.append(text)
