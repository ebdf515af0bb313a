"""The landing floor: an immutable copy of every file, named by its SHA-256, before a line of it is read.

``home/landing/<first two digits>/<sha256>``. The copy is written beside its place, flushed to the disk,
renamed, and the folder flushed too, so that a crash leaves either nothing or the whole file.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Landed:
    """A file on the landing floor; ``size`` in bytes."""

    path: Path
    sha256: str
    size: int


def keep(path: Path, floor: Path) -> Landed:
    """Copy ``path`` to the landing floor and return where it is. Raises ``OSError`` if it cannot be read."""
    floor.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = floor / f".{os.getpid()}.{id(path)}"
    digest = hashlib.sha256()
    size = 0
    try:
        with (
            path.open("rb") as source,
            open(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o400), "wb") as out,
        ):
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        name = digest.hexdigest()
        place = where(floor, name)
        if not place.exists():
            place.parent.mkdir(mode=0o700, exist_ok=True)
            unfinished.rename(place)
            _flush(place.parent)
            _flush(floor)
    finally:
        unfinished.unlink(missing_ok=True)
    return Landed(place, name, size)


def where(floor: Path, sha256: str) -> Path:
    """The place of a file on the landing floor."""
    return floor / sha256[:2] / sha256


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
