"""From the bytes of a supplier's file to rows of cells: encodings, delimiters, headers; nothing is guessed or dropped.

The encoding is the one the mapping declares. UTF-16 is turned into UTF-8 on the way in, a block at a time, and what
cannot be is U+FFFD, which no row keeps unnoticed. A packed file is refused by its first bytes and never unpacked.
"""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from typing import BinaryIO, cast

from commonweal.feeds import tables
from commonweal.feeds.mapped.language import Mapping, nearest
from commonweal.feeds.types import Problem
from commonweal.fhir.errors import excerpt

_CODECS = {"windows-1252": "cp1252", "iso-8859-1": "latin-1"}
_PACKED = {b"PK\x03\x04": "a zip archive or workbook", b"\x1f\x8b": "packed by gzip", b"%PDF": "a PDF"}
_DELIMITER_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_BLOCK = 1 << 16

Line = tuple[int, "list[str] | Problem", bytes]  # line, its cells or what is wrong with it, its bytes


class _Narrow(io.RawIOBase):
    """A UTF-16 stream as UTF-8; it can go back to its beginning."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-16")("replace")
        self._ready = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Back to the beginning."""
        self._stream.seek(0)
        self._decoder.reset()
        self._ready = b""
        return 0

    def tell(self) -> int:
        return self._stream.tell()

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # as io.RawIOBase has it
        while not self._ready:
            block = self._stream.read(_BLOCK)
            self._ready = self._decoder.decode(block, final=not block).encode("utf-8", "replace")
            if not block:
                break
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count


class Opened:
    """One file under a mapping, to be read as often as needed. ``header``: its columns, once ``begin`` found them."""

    def __init__(self, stream: BinaryIO, mapping: Mapping) -> None:
        self.mapping = mapping
        self.wide = mapping.encoding == "utf-16"
        self._stream = cast(BinaryIO, io.BufferedReader(_Narrow(stream), _BLOCK)) if self.wide else stream
        self._codec = _CODECS.get(mapping.encoding, "utf-8")
        self.header: list[str] = []
        self.line = 0

    def begin(self) -> Problem | None:
        """Find the header; the problem with it, if it is not the mapping's."""
        first = next(tables.records(self._rewound()), None)
        if first is None:
            names = ",".join(list(self.mapping.columns)[:2])
            return Problem(1, "", "header-missing", "", f"the file is empty; it must start with {names},…", b"")
        line, raw, fault = first
        self.line = line
        packed = next((name for magic, name in _PACKED.items() if raw.startswith(magic)), "")
        if packed:
            message = f"the file is {packed}, and is not unpacked here; send the plain CSV file"
            return Problem(line, "", "file-is-packed", "", message, raw)
        if not self.wide and raw.startswith(_WIDE):
            message = "the file is UTF-16; export it as the mapping says, or say encoding: utf-16 in the mapping"
            return Problem(line, "", "encoding-not-as-declared", "", message, raw)
        decoded = tables.decode(line, raw, (), self._codec)
        if isinstance(decoded, Problem):
            return decoded
        if fault:
            return Problem(line, "", "header-missing", "", "the first line is no header; see the bytes", raw)
        try:
            cells = tables.split(decoded.replace("\ufeff", ""), self.mapping.delimiter)
        except csv.Error:
            return Problem(line, "", "header-missing", "", "the first line's quotes do not pair; see the bytes", raw)
        self.header = [cell.strip() for cell in cells]
        return self._judge(line, decoded, raw)

    def _judge(self, line: int, decoded: str, raw: bytes) -> Problem | None:
        expected, found = list(self.mapping.columns), self.header
        missing = [name for name in expected if name not in found]
        strange = [name for name in found if name not in self.mapping.columns]
        twice = [name for name in dict.fromkeys(found) if found.count(name) > 1]
        if not missing and not twice and (not strange or self.mapping.extra_columns):
            return None
        for delimiter, name in _DELIMITER_NAMES.items():
            if delimiter != self.mapping.delimiter and decoded.count(delimiter) >= max(1, len(expected) // 2):
                message = f"columns are separated by {name}; export with {_DELIMITER_NAMES[self.mapping.delimiter]}, "
                return Problem(line, "", "wrong-delimiter", excerpt(decoded), message + "or correct the mapping", raw)
        if not set(found) & set(expected):  # a row of data, most likely: the message must not repeat it
            message = f"the header is missing; the first line must name the columns {expected[0]}, …"
            return Problem(line, expected[0], "header-column-missing", excerpt(decoded), message, raw)
        advice = [f"there is no column {name!r}; {nearest(name, strange)}" for name in missing]
        advice += [f"{', '.join(map(repr, twice))} is there twice"] if twice else []
        if strange and not missing and not twice:
            names = ", ".join(map(repr, strange[:6]))
            advice.append(f"the mapping does not know {names}; add it there, or say extra_columns: true")
        rule = "header-column-missing" if missing else "header-column-unexpected"
        return Problem(line, (missing or twice or strange)[0], rule, "", "; ".join(advice[:6]), raw)

    def lines(self) -> Iterator[Line]:
        """Every record below the header, from the beginning again."""
        columns: Sequence[str] = self.header
        delimiter, codec = self.mapping.delimiter, self._codec
        found = tables.records(self._rewound())
        next(found, None)
        for line, raw, fault in found:
            cells = tables.read_cells(line, raw, fault, columns, codec, delimiter)
            if self.wide and b"\xef\xbf\xbd" in raw:
                message = "part of the row is not UTF-16, as the mapping says the file is; export it again"
                cells = Problem(line, "", "encoding-not-as-declared", "", message, raw)
            yield line, cells, raw

    def refused(self, line: int) -> Iterator[Problem]:
        """Every record of a file whose header is wrong."""
        found = tables.records(self._rewound())
        next(found, None)
        for number, raw, _ in found:
            message = f"not read, because the header on line {line} is wrong; correct it and land the file"
            yield Problem(number, "", "header", "", message, raw)

    def _rewound(self) -> BinaryIO:
        self._stream.seek(0)
        return self._stream

    def tell(self) -> int:
        """Bytes read in this pass."""
        return self._stream.tell()
