"""Plain files under way: in ``mesh`` of the home folder, for this user only, gone when the work on them ends.

What is kept is on the landing floor, sealed. What a kill leaves here is removed by the mailbox's next poll.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

from django.conf import settings

from commonweal.apps.access import api as access

LOCK = 62_067  # the class of this package's advisory locks; the key is made of the mailbox's name
_PLAIN = re.compile(r"[^A-Za-z0-9_.-]")


def folder(mailbox: str) -> Path:
    """Where a mailbox's files under way are."""
    return Path(settings.COMMONWEAL_HOME) / "mesh" / "under-way" / mailbox


@contextmanager
def alone(mailbox: str) -> Iterator[None]:
    """Only one process polls or sends for a mailbox; another waits. What a killed one left is removed first."""
    key = crc32(mailbox.encode()) & 0x7FFF_FFFF
    with access.alone(LOCK, key):
        shutil.rmtree(folder(mailbox), ignore_errors=True)
        yield


@contextmanager
def under_way(mailbox: str, name: str) -> Iterator[Path]:
    """A place for one file; whatever is there is removed at the end. ``name``: another's word, made harmless."""
    place = folder(mailbox)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = place / plain(name)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def write(path: Path, blocks: Iterable[bytes]) -> tuple[str, int]:
    """Write a file for this user only; the SHA-256 and the size of what was written, in bytes."""
    digest, size = hashlib.sha256(), 0
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as out:
        for block in blocks:
            digest.update(block)
            size += len(block)
            out.write(block)
    return digest.hexdigest(), size


def plain(name: str) -> str:
    """A name that is one part of a path and plain in a header."""
    return _PLAIN.sub("_", name)[-120:].lstrip(".") or "message"
