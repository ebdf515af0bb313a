"""The files of bulk requests: ``bulk/<request>/`` in the home folder, there whole or not at all.

An export writes to ``<request>.part``, flushes it to the disk and renames the folder, so that a file a manifest
names is complete. What a kill leaves is removed by the next attempt, and what has expired by the worker.
"""

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from uuid import UUID

from django.conf import settings

MOST_LINES = 250_000  # of one file; the next begins then
_BUFFER = 1 << 18


def folder(ident: UUID) -> Path:
    """Where the files of a request are when it has completed."""
    return Path(settings.COMMONWEAL_HOME) / "bulk" / str(ident)


def _unfinished(ident: UUID) -> Path:
    return folder(ident).with_suffix(".part")


def remove(ident: UUID) -> None:
    """Remove whatever is there of a request's files."""
    for path in (folder(ident), _unfinished(ident)):
        shutil.rmtree(path, ignore_errors=True)


def expired(keep: set[UUID]) -> list[UUID]:
    """Requests with files here that are not among ``keep``."""
    place = folder(UUID(int=0)).parent
    found = {path.name.partition(".")[0] for path in place.iterdir()} if place.is_dir() else set()
    return [UUID(name) for name in sorted(found) if UUID(name) not in keep]


def find(ident: UUID, name: str) -> Path | None:
    """One file of a completed request; None for a name that is none of its files."""
    path = folder(ident) / name
    return path if path.name == name and path.parent == folder(ident) and path.is_file() else None


@dataclass(slots=True)
class Written:
    """One NDJSON file: ``type`` of its resources and how many."""

    type: str
    name: str
    count: int = 0


@dataclass(slots=True)
class _Open:
    file: BinaryIO
    written: Written


@dataclass(slots=True)
class Folder:
    """The files of a request while they are written; a context manager that leaves all of them or none."""

    ident: UUID
    files: dict[str, list[Written]] = field(default_factory=dict)  # by group, such as output or deleted
    _open: dict[tuple[str, str], _Open] = field(default_factory=dict)

    def __enter__(self) -> Self:
        remove(self.ident)
        _unfinished(self.ident).mkdir(mode=0o700, parents=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        for one in self._open.values():
            if kind is None:
                one.file.flush()
                os.fsync(one.file.fileno())
            one.file.close()
        if kind is not None:
            remove(self.ident)
            return
        _flush(_unfinished(self.ident))
        _unfinished(self.ident).rename(folder(self.ident))
        _flush(folder(self.ident).parent)

    def add(self, group: str, kind: str, line: bytes) -> None:
        """Write one resource of type ``kind`` as a line; line ends in JSON are but spacing and become spaces."""
        one = self._open.get((group, kind))
        if one is None or one.written.count >= MOST_LINES:
            one = self._next(group, kind, one)
        if b"\n" in line or b"\r" in line:
            line = line.replace(b"\r", b" ").replace(b"\n", b" ")
        one.file.write(line)
        one.file.write(b"\n")
        one.written.count += 1

    def _next(self, group: str, kind: str, before: _Open | None) -> _Open:
        if before is not None:
            before.file.flush()
            os.fsync(before.file.fileno())
            before.file.close()
        made = self.files.setdefault(group, [])
        number = sum(1 for one in made if one.type == kind) + 1
        written = Written(kind, f"{group}-{kind}-{number}.ndjson")
        made.append(written)
        path = _unfinished(self.ident) / written.name
        one = _Open(open(path, "xb", buffering=_BUFFER), written)  # noqa: SIM115 - closed in __exit__ or by its successor
        self._open[(group, kind)] = one
        return one


def _flush(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
