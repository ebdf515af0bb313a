"""Files under a key of their own, in chunks, so that a file is removed for good by forgetting 32 bytes.

AES-256-GCM by the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, *Online Authenticated-Encryption
and its Nonce-Reuse Misuse-Resistance*, https://eprint.iacr.org/2015/189, section 7: each chunk's nonce is its number
and whether it is the last, so that a chunk altered, moved, left out or cut off is noticed when it is read, and no
more than one chunk (1 MiB) is ever in memory. A file is ``CWSEAL1``, the 16 bytes that name its key, and its chunks.

The keys lie in one folder, a file a key, wrapped (AES-GCM) by a master key beside them: whoever copies the folder
without the master has nothing, and the master may lie elsewhere. Where a key is gone the file is noise.
"""

import contextlib
import hashlib
import io
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from commonweal.domain.errors import CommonwealError

CHUNK = 1 << 20  # bytes of plain text
_MAGIC = b"CWSEAL1\0"
_HEADER = len(_MAGIC) + 16
_TAG = 16
_NONCE = 12


class SealBroken(CommonwealError):
    """A sealed file without its key, damaged, or none at all."""


class Keys:
    """The keys in ``folder``, wrapped by the key in the file ``master``; both made at first use, mode 0700 and 0600."""

    def __init__(self, folder: Path, master: Path) -> None:
        self._folder = folder
        self._master = master

    def make(self) -> tuple[bytes, bytes]:
        """A new key: (its name, 16 bytes; the key, 32 bytes). On the disk when this returns."""
        ident, key, nonce = secrets.token_bytes(16), AESGCM.generate_key(256), secrets.token_bytes(_NONCE)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        wrapped = nonce + AESGCM(self._wrapping()).encrypt(nonce, key, ident)
        durable(self._place(ident), wrapped)
        return ident, key

    def find(self, ident: bytes) -> bytes:
        """The key of this name. Raises ``SealBroken`` where it was destroyed, or is not wrapped by this master."""
        try:
            wrapped = self._place(ident).read_bytes()
        except FileNotFoundError:
            raise SealBroken("the key of this file was destroyed; what was in it was lawfully removed") from None
        try:
            return AESGCM(self._wrapping()).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], ident)
        except InvalidTag:
            raise SealBroken(f"a key is not wrapped by {self._master}; restore keys and files together") from None

    def destroy(self, ident: bytes) -> None:
        """Forget a key for good: its bytes are written over, then the file goes. Nothing happens if it is gone."""
        place = self._place(ident)
        with contextlib.suppress(FileNotFoundError):
            place.chmod(0o600)
            with place.open("r+b") as file:
                file.write(bytes(place.stat().st_size))
                file.flush()
                os.fsync(file.fileno())
            place.unlink()
            flush(self._folder)

    def _place(self, ident: bytes) -> Path:
        return self._folder / ident.hex()

    def _wrapping(self) -> bytes:
        with contextlib.suppress(FileExistsError):  # another process made it first: then theirs counts
            if not self._master.exists():
                self._master.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                durable(self._master, AESGCM.generate_key(256), only_new=True)
        return self._master.read_bytes()


class Sealer:
    """Encrypts what is written to it into ``out``; ``finish`` writes the last chunk, without which it is no file."""

    def __init__(self, out: BinaryIO, ident: bytes, key: bytes) -> None:
        self._out = out
        self._cipher = AESGCM(key)
        self._waiting = bytearray()
        self._number = 0
        self._ident = ident
        out.write(_MAGIC + ident)

    def write(self, data: bytes) -> None:
        """Take in some bytes."""
        self._waiting += data
        while len(self._waiting) > CHUNK:  # more than one: the last chunk is never known to be the last before
            self._chunk(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]

    def finish(self) -> None:
        """Write what waits as the last chunk."""
        self._chunk(bytes(self._waiting), last=True)

    def _chunk(self, plain: bytes, last: bool) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._number, last), plain, self._ident))
        self._number += 1


class _Opened(io.RawIOBase):
    """The plain bytes of a sealed file, read forwards, a chunk at a time."""

    def __init__(self, path: Path, keys: Keys) -> None:
        self._file = path.open("rb")
        try:
            self._ident = _name(self._file, path)
            self._cipher = AESGCM(keys.find(self._ident))
        except BaseException:
            self._file.close()
            raise
        self._next = self._file.read(CHUNK + _TAG)
        self._plain = memoryview(b"")
        self._number = 0
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Back to the beginning, and nowhere else: a feed may have to be read twice."""
        if (offset, whence) != (0, io.SEEK_SET):
            raise io.UnsupportedOperation("a sealed file is read forwards; go back to its beginning")
        self._file.seek(_HEADER)
        self._next = self._file.read(CHUNK + _TAG)
        self._plain = memoryview(b"")
        self._number = 0
        self._position = 0
        return 0

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # as io.RawIOBase has it
        while not self._plain and self._next:
            chunk, self._next = self._next, self._file.read(CHUNK + _TAG)
            try:
                self._plain = memoryview(
                    self._cipher.decrypt(_nonce(self._number, last=not self._next), chunk, self._ident)
                )
            except InvalidTag:
                raise SealBroken(f"{self._file.name} is damaged or cut short; restore it from a backup") from None
            self._number += 1
        count = min(len(buffer), len(self._plain))
        buffer[:count] = self._plain[:count]
        self._plain = self._plain[count:]
        self._position += count
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


def opened(path: Path, keys: Keys) -> BinaryIO:
    """The plain bytes of the sealed file ``path``. Raises ``SealBroken`` (there or while reading)."""
    return io.BufferedReader(_Opened(path, keys), CHUNK)


def key_name(path: Path) -> bytes:
    """The name of the key ``path`` is under. Raises ``SealBroken`` if it is no sealed file."""
    with path.open("rb") as file:
        return _name(file, path)


def blocks(stream: BinaryIO) -> Iterator[bytes]:
    """A stream's bytes, a chunk at a time."""
    while block := stream.read(CHUNK):
        yield block


def checksum(path: Path) -> str:
    """The SHA-256 of a plain file, as hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in blocks(file):
            digest.update(block)
    return digest.hexdigest()


def durable(path: Path, data: bytes, *, only_new: bool = False) -> None:
    """Put ``data`` at ``path`` (mode 0600), whole or not at all; on the disk when this returns.

    Raises ``FileExistsError`` if ``only_new`` and it is there.
    """
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        if only_new:
            os.link(fresh, path)
        else:
            fresh.rename(path)
    finally:
        fresh.unlink(missing_ok=True)
    flush(path.parent)


def flush(folder: Path) -> None:
    """See a folder's names to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _name(file: BinaryIO, path: Path) -> bytes:
    header = file.read(_HEADER)
    if len(header) != _HEADER or not header.startswith(_MAGIC):
        raise SealBroken(f"{path} is not as Commonweal keeps files; land the original again")
    return header[len(_MAGIC) :]


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(_NONCE - 1, "big") + bytes([last])
