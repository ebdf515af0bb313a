"""Writing files in a stream, with the row count and SHA-256 that go into the manifest."""

import csv
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of the generated directory: its feed (or ``reference``, ``truth``), source, path, rows and SHA-256."""

    feed: str
    source: str
    path: str
    rows: int
    sha256: str


class Sink:
    """A file being written: bytes go to disk and into the digest; ``rows`` are counted by the writer's calls."""

    def __init__(self, root: Path, path: str, feed: str, source: str = "") -> None:
        self.path, self.feed, self.source = path, feed, source
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        self._handle = target.open("wb")
        self._digest = hashlib.sha256()
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._handle.close()

    def write(self, rows: list[str], end: str = "\n") -> None:
        """Write rows, each followed by ``end``."""
        if rows:
            self._put((end.join(rows) + end).encode(), len(rows))

    def table(self, rows: Iterable[Iterable[object]], header: bool = False) -> None:
        """Write CSV rows (RFC 4180 quoting, line feed ends); a header is not counted as a row."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        count = 0
        for row in rows:
            writer.writerow(row)
            count += 1
        self._put(buffer.getvalue().encode(), 0 if header else count)

    def _put(self, data: bytes, rows: int) -> None:
        """Write bytes that hold so many rows."""
        self._handle.write(data)
        self._digest.update(data)
        self.rows += rows

    def entry(self) -> FileEntry:
        """The manifest entry of what has been written."""
        return FileEntry(self.feed, self.source, self.path, self.rows, self._digest.hexdigest())
