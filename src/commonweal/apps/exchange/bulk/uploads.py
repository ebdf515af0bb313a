"""Uploaded files, until they are landed: ``incoming/`` in the home folder, a folder an account.

A body is written as it comes, unpacked if it is packed, never held in memory; what is cut short or too long leaves
nothing. An upload is named by a random number and is there for the account that sent it and for no other.
"""

import hashlib
import os
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID, uuid4

from django.conf import settings

from commonweal.apps.exchange.errors import BadUpload

MOST_BYTES = 8 * 1024**3  # unpacked
MOST_WAITING = 200  # of one account, or a lost script fills the disk
_CHUNK = 1 << 18
_GZIP = 31  # zlib's word for: a gzip header is expected


class Body(Protocol):
    """What a request is read from."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` of the next bytes; none at the end."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that has come in whole."""

    id: UUID
    sha256: str
    size: int


def _folder() -> Path:
    return Path(settings.COMMONWEAL_HOME) / "incoming"


def path(actor: str, ident: UUID) -> Path:
    """Where the upload ``ident`` of the account with this key is."""
    return _folder() / hashlib.sha256(actor.encode()).hexdigest()[:32] / f"{ident}.ndjson"


def receive(actor: str, body: Body, length: int, encoding: str) -> Upload:
    """Keep a body of ``length`` bytes; ``encoding``: ``gzip``, or nothing.

    Raises:
        BadUpload: it ends too early, is not what it says, is empty or too long. Nothing of it is kept.
    """
    if encoding not in ("", "identity", "gzip"):
        raise BadUpload(f"Content-Encoding {encoding}: send gzip, or the file as it is")
    if length > MOST_BYTES:
        raise BadUpload(f"more than {MOST_BYTES} bytes; send it in several files")
    ident = uuid4()
    place = path(actor, ident)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if sum(1 for _ in place.parent.iterdir()) >= MOST_WAITING:
        raise BadUpload(f"{MOST_WAITING} uploads of yours wait for an import that names them; import them first")
    unfinished = place.with_suffix(".part")
    digest = hashlib.sha256()
    size = 0
    try:
        with open(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "wb") as out:
            for block in _unpacked(body, length) if encoding == "gzip" else _blocks(body, length):
                size += len(block)
                if size > MOST_BYTES:
                    raise BadUpload(f"more than {MOST_BYTES} bytes; send it in several files")
                digest.update(block)
                out.write(block)
            out.flush()
            os.fsync(out.fileno())
        if not size:
            raise BadUpload("the body is empty: send one resource a line, with Content-Length")
        unfinished.rename(place)
    finally:
        unfinished.unlink(missing_ok=True)
    return Upload(ident, digest.hexdigest(), size)


def _blocks(body: Body, length: int) -> Iterator[bytes]:
    """The body block by block; one that ends before its length is refused."""
    left = length
    while left > 0:
        block = body.read(min(_CHUNK, left))
        if not block:
            raise BadUpload(f"the body ended {left} bytes early; send it again")
        left -= len(block)
        yield block


def _unpacked(body: Body, length: int) -> Iterator[bytes]:
    """A gzip body unpacked, a block at a time however much one byte of it may say; several members are one file."""
    reader = zlib.decompressobj(_GZIP)
    try:
        for block in _blocks(body, length):
            rest = block
            while rest:
                if reader.eof:
                    reader = zlib.decompressobj(_GZIP)
                yield reader.decompress(rest, _CHUNK)
                rest = reader.unused_data if reader.eof else reader.unconsumed_tail
        while not reader.eof and (last := reader.decompress(b"", _CHUNK)):
            yield last
    except zlib.error:
        raise BadUpload("the body is not gzip, though Content-Encoding says so; send it again") from None
    if length and not reader.eof:
        raise BadUpload("the gzip body is cut short; send it again whole")


def known(actor: str, ident: UUID) -> Upload:
    """An upload that is there. Raises ``FileNotFoundError``."""
    digest = hashlib.sha256()
    with path(actor, ident).open("rb") as file:
        while block := file.read(_CHUNK):
            digest.update(block)
        return Upload(ident, digest.hexdigest(), file.tell())


def remove(actor: str, ident: UUID) -> None:
    """Forget an upload."""
    path(actor, ident).unlink(missing_ok=True)


def remove_older(seconds: float) -> None:
    """Forget uploads nobody has used for so long."""
    before = time.time() - seconds
    for one in _folder().glob("*/*"):
        if one.stat().st_mtime < before:
            one.unlink(missing_ok=True)
