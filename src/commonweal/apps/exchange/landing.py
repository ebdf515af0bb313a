"""The landing floor: an immutable copy of every file, named by its SHA-256, before a line of it is read.

``home/landing/<first two digits>/<sha256 of the plain bytes>``, each under a key of its own (``sealing``), so that a
lawful removal reaches it. The copy is written beside its place, flushed to the disk, renamed, and the folder flushed
too, so that a crash leaves either nothing or the whole file; its key is on the disk before it is.
"""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from commonweal.feeds import sealing


@dataclass(frozen=True, slots=True)
class Landed:
    """A file on the landing floor; ``sha256`` and ``size`` (bytes) are of the plain file."""

    path: Path
    sha256: str
    size: int


def keep(path: Path, floor: Path) -> Landed:
    """Copy ``path`` to the landing floor and return where it is. Raises ``OSError`` if it cannot be read."""
    with path.open("rb") as source:
        return store(sealing.blocks(source), floor)


def store(blocks: Iterable[bytes], floor: Path) -> Landed:
    """Put bytes on the landing floor, on the disk when this returns."""
    floor.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = floor / f".{os.getpid()}.{os.urandom(4).hex()}"
    digest = hashlib.sha256()
    size = 0
    kept = False
    keys = keys_of(floor)
    ident, key = keys.make()
    try:
        with open(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o400), "wb") as out:
            sealer = sealing.Sealer(out, ident, key)
            for block in blocks:
                digest.update(block)
                size += len(block)
                sealer.write(block)
            sealer.finish()
            out.flush()
            os.fsync(out.fileno())
        name = digest.hexdigest()
        place = where(floor, name)
        if not readable(floor, name):
            place.parent.mkdir(mode=0o700, exist_ok=True)
            unfinished.rename(place)
            kept = True
            sealing.flush(place.parent)
            sealing.flush(floor)
    finally:
        unfinished.unlink(missing_ok=True)
        if not kept:
            keys.destroy(ident)
    return Landed(place, name, size)


def where(floor: Path, sha256: str) -> Path:
    """The place of a file on the landing floor."""
    return floor / sha256[:2] / sha256


def opened(floor: Path, sha256: str) -> BinaryIO:
    """The plain bytes of a file on the landing floor. Raises ``SealBroken``, ``FileNotFoundError``."""
    return sealing.opened(where(floor, sha256), keys_of(floor))


def readable(floor: Path, sha256: str) -> bool:
    """Whether a file is on the landing floor and its key still there."""
    try:
        opened(floor, sha256).close()
    except (FileNotFoundError, sealing.SealBroken):
        return False
    return True


def destroy(floor: Path, sha256: str) -> None:
    """Remove a file for good: its key first, so that every copy of the file is noise, then the file."""
    place = where(floor, sha256)
    try:
        ident = sealing.key_name(place)
    except FileNotFoundError:
        return
    keys_of(floor).destroy(ident)
    place.unlink(missing_ok=True)
    sealing.flush(place.parent)


def keys_of(floor: Path) -> sealing.Keys:
    """The keys of the files on a landing floor: beside it in the home folder, under ``keys``."""
    keys = floor.parent / "keys"
    return sealing.Keys(keys / "landing", keys / "landing-master")
