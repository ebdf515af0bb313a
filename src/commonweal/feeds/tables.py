"""Comma-separated feeds: a fixed header, one record a row, every byte accounted for.

https://www.rfc-editor.org/rfc/rfc4180. A wrong header quarantines the whole file row by row; a wrong row
quarantines itself. The encoding is UTF-8, with or without a byte-order mark, and never guessed.
"""

import csv
import difflib
import io
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from commonweal.feeds.types import Problem
from commonweal.fhir.errors import excerpt

BOM = b"\xef\xbb\xbf"
MAX_ROW_LINES = 100  # a quoted cell may span lines; an unclosed quote must not swallow the file
MAX_ROW_BYTES = 1024 * 1024
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}


@dataclass(frozen=True, slots=True)
class Row:
    """One record: its first line, its cells by column name (stripped of surrounding space), its bytes."""

    line: int
    cells: dict[str, str]
    raw: bytes

    def problem(self, field: str, rule: str, message: str) -> Problem:
        """A problem with one cell of this row."""
        return Problem(self.line, field, rule, excerpt(self.cells.get(field, "")), message, self.raw)


def rows(stream: BinaryIO, header: Sequence[str], start_line: int = 1) -> Iterator[Row | Problem]:
    """Rows and problems in file order.

    The first non-blank line must hold exactly the columns of ``header`` (any order). A stream that starts below
    line 1 is rows without a header, as a replay of quarantined rows is.
    """
    lines = records(stream, start_line)
    columns: Sequence[str] = header
    if start_line == 1:
        first = next(lines, None)
        if first is None:
            yield Problem(1, "", "header-missing", "", f"the file is empty; it must start with {header[0]},…", b"")
            return
        found = _header(first, header)
        if isinstance(found, Problem):
            yield found
            for line, raw, _ in lines:
                message = f"not read, because the header on line {found.line} is wrong; correct it and land the file"
                yield Problem(line, "", "header", "", message, raw)
            return
        columns = found
    for line, raw, fault in lines:
        cells = read_cells(line, raw, fault, columns)
        if isinstance(cells, Problem):
            yield cells
        else:
            yield Row(line, dict(zip(columns, cells, strict=True)), raw)


def records(stream: BinaryIO, start_line: int = 1) -> Iterator[tuple[int, bytes, str]]:
    """(line, bytes, rule broken or '') of each non-blank record; a record may span lines inside quotes.

    Of a line longer than ``MAX_ROW_BYTES`` its beginning is given and the rest is read past: the landed file keeps it.
    """
    waiting: deque[bytes] = deque()
    line = start_line - 1
    while raw := (waiting.popleft() if waiting else stream.readline(MAX_ROW_BYTES)):
        line += 1
        first = line
        if line == start_line and raw.startswith(BOM):
            raw = raw[3:]
        if len(raw) >= MAX_ROW_BYTES - 3 and not raw.endswith(b"\n"):
            if not waiting:
                _skip_line(stream)
            yield first, raw, "line-too-long"
            continue
        if raw.count(b'"') % 2:
            rest: list[bytes] = []
            size = len(raw)
            quotes = 1
            while quotes % 2 and len(rest) < MAX_ROW_LINES and size < MAX_ROW_BYTES:
                more = waiting.popleft() if waiting else stream.readline(MAX_ROW_BYTES)
                if not more:
                    break
                rest.append(more)
                size += len(more)
                quotes += more.count(b'"')
            if quotes % 2:
                waiting.extendleft(reversed(rest))
                yield first, raw.rstrip(b"\r\n"), "quote-unclosed"
                continue
            line += len(rest)
            raw += b"".join(rest)
        raw = raw.rstrip(b"\r\n")
        if raw and not raw.isspace():
            yield first, raw, ""


def _skip_line(stream: BinaryIO) -> None:
    while (more := stream.readline(MAX_ROW_BYTES)) and not more.endswith(b"\n"):
        pass


def _header(first: tuple[int, bytes, str], expected: Sequence[str]) -> list[str] | Problem:
    line, raw, fault = first
    decoded = decode(line, raw, ())
    if isinstance(decoded, Problem):
        return decoded
    found = [cell.strip() for cell in split(decoded)] if not fault else [decoded]
    if sorted(found) == sorted(expected):
        return found
    for delimiter, name in _DELIMITERS.items():
        if decoded.count(delimiter) >= len(expected) // 2:
            message = f"columns are separated by {name}; export the file with commas"
            return Problem(line, "", "wrong-delimiter", excerpt(decoded), message, raw)
    if not set(found) & set(expected):  # a row of data, most likely: the message must not repeat it
        message = f"the header is missing; the first line must be {expected[0]},{expected[1]},…"
        return Problem(line, expected[0], "header-column-missing", excerpt(decoded), message, raw)
    missing = [name for name in expected if name not in found]
    strange = [name for name in found if name not in expected]
    twice = [name for name in dict.fromkeys(found) if found.count(name) > 1]
    advice = [_advice(name, strange) for name in missing]
    if strange and not missing:
        advice.append(f"remove the column {', '.join(map(repr, strange))}")
    if twice:
        advice.append(f"{', '.join(map(repr, twice))} is there twice")
    rule = "header-column-missing" if missing else "header-column-unexpected"
    shown = excerpt((strange or missing or twice or [""])[0])
    return Problem(line, (missing or [""])[0], rule, shown, "; ".join(advice[:6]), raw)


def _advice(name: str, strange: list[str]) -> str:
    folded = {s.casefold().replace(" ", "").replace("_", ""): s for s in strange}
    near = difflib.get_close_matches(name.casefold().replace(" ", ""), list(folded), 1, 0.5)
    return f"rename {folded[near[0]]!r} to {name!r}" if near else f"add the column {name!r}"


def decode(line: int, raw: bytes, columns: Sequence[str], encoding: str = "utf-8") -> str | Problem:
    """The text of a record, or the problem that its bytes are not what they are declared to be."""
    if b"\0" in raw:
        return Problem(line, "", "nul-byte", "", "remove the NUL byte; the row may be damaged or UTF-16", raw)
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as bad:
        before = raw[: bad.start].decode(encoding).replace('"', "'")
        cell = len(split(before)) - 1
        field = columns[cell] if 0 <= cell < len(columns) else ""
        shown = excerpt(raw[max(0, bad.start - 20) : bad.start + 20].decode(encoding, "replace"))
        where = f"byte {bad.start + 1} of the row (0x{raw[bad.start]:02x})"
        if encoding == "utf-8":
            message = f"{where} is not UTF-8; export the file as UTF-8"
            return Problem(line, field, "encoding-not-utf-8", shown, message, raw)
        message = f"{where} is not {encoding}, as the mapping says the file is; export it so, or correct the mapping"
        return Problem(line, field, "encoding-not-as-declared", shown, message, raw)


def split(text: str, delimiter: str = ",") -> list[str]:
    """The cells of a record. Raises ``csv.Error`` where quotes are misplaced."""
    if '"' not in text:
        return text.split(delimiter)
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), [])


def read_cells(
    line: int, raw: bytes, fault: str, columns: Sequence[str], encoding: str = "utf-8", delimiter: str = ","
) -> list[str] | Problem:
    """The cells of one record, stripped of surrounding space and as many as ``columns``, or what is wrong with it."""
    if fault == "line-too-long":
        message = f"over {MAX_ROW_BYTES // 1024 // 1024} MiB without a line end; the file is damaged or no table"
        return Problem(line, "", "line-too-long", "", message, raw)
    if fault:
        message = "a quote is opened and not closed; close it or double it"
        return Problem(line, "", "quote-unclosed", excerpt(raw.decode("utf-8", "replace")), message, raw)
    text = decode(line, raw, columns, encoding)
    if isinstance(text, Problem):
        return text
    try:
        cells = split(text, delimiter)
    except csv.Error:
        message = "quotes are misplaced; quote the whole cell and double the quotes inside it"
        return Problem(line, "", "quote-misplaced", excerpt(text), message, raw)
    if len(cells) != len(columns):
        rule = "too-few-cells" if len(cells) < len(columns) else "too-many-cells"
        message = f"{len(cells)} cells where the header has {len(columns)}; quote cells that hold commas"
        return Problem(line, "", rule, excerpt(text), message, raw)
    return [cell.strip() for cell in cells]
