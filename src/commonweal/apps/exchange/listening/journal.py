"""The journal: messages as they came, on the disk before the database hears of them, one fsync for many.

A journal is a landed file that is still being written: under a key of its own (``sealing``), each group of messages one
sealed record of ``length, AES-256-GCM(nonce = its number)``. Its plain bytes are the messages, each followed by a
carriage return, so that a line of the journal is the line of the landed file it becomes when it is closed
(``landing.store``). What a crash cut off at its end was never acknowledged, and is left out.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from commonweal.feeds import sealing
from commonweal.feeds.sealing import SealBroken

PREFIX = "journal-"
_MAGIC = b"CWJRNL1\0"
_HEADER = len(_MAGIC) + 16
_LENGTH = 4


class Journal:
    """A journal being written by this process alone."""

    def __init__(self, folder: Path, keys: sealing.Keys) -> None:
        ident, key = keys.make()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.name = PREFIX + ident.hex()
        self.path = folder / self.name
        self.next_line = 1
        self.size = 0  # bytes of plain text
        self._cipher = AESGCM(key)
        self._ident = ident
        self._number = 0
        self._file = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._length = os.write(self._file, _MAGIC + ident)
        os.fsync(self._file)
        sealing.flush(folder)

    def append(self, messages: Sequence[bytes]) -> list[int]:
        """Put messages on the disk; the line of each. Raises ``OSError``, and then none of them is in the journal."""
        plain = b"".join(raw + b"\r" for raw in messages)
        record = self._cipher.encrypt(self._number.to_bytes(12, "big"), plain, self._ident)
        data = len(record).to_bytes(_LENGTH, "big") + record
        try:
            written = 0
            while written < len(data):
                written += os.pwrite(self._file, data[written:], self._length + written)
            os.fdatasync(self._file)
        except OSError:
            os.ftruncate(self._file, self._length)
            raise
        finally:
            self._number += 1  # never a nonce twice, whatever of the record reached the disk
        self._length += len(data)
        self.size += len(plain)
        lines = []
        for raw in messages:
            lines.append(self.next_line)
            self.next_line += _lines(raw) + 1
        return lines

    def close(self) -> None:
        """Let go of the file; another process may take it up."""
        os.close(self._file)


def blocks(path: Path, keys: sealing.Keys) -> Iterator[bytes]:
    """The plain bytes, a group of messages at a time, up to where a crash cut it. Raises ``SealBroken``."""
    with path.open("rb") as file:
        header = file.read(_HEADER)
        if len(header) < _HEADER:
            return  # killed before its first message
        if not header.startswith(_MAGIC):
            raise SealBroken(f"{path} is no journal; restore it from a backup")
        ident = header[len(_MAGIC) :]
        cipher = AESGCM(keys.find(ident))
        number = 0
        size = path.stat().st_size
        while len(length := file.read(_LENGTH)) == _LENGTH:
            record = file.read(int.from_bytes(length, "big"))
            plain, number = _opened(cipher, ident, record, number)
            if plain is None:
                if file.tell() < size:
                    raise SealBroken(f"{path} is damaged in its middle; restore it from a backup")
                return
            yield plain


def _opened(cipher: AESGCM, ident: bytes, record: bytes, number: int) -> tuple[bytes | None, int]:
    """A record's text and the next number; a number was left out where a write failed and was taken back."""
    for candidate in range(number, number + 16):
        try:
            return cipher.decrypt(candidate.to_bytes(12, "big"), record, ident), candidate + 1
        except (InvalidTag, ValueError):
            continue
    return None, number


def abandoned(path: Path) -> bool:
    """Whether no process is writing this journal."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def ask_to_close(path: Path) -> None:
    """Ask whoever writes this journal to make a landed file of it now: a lawful removal cannot reach it before."""
    _asking(path).touch(mode=0o600)


def asked_to_close(path: Path) -> bool:
    """Whether somebody waits for this journal to be closed."""
    return _asking(path).exists()


def _asking(path: Path) -> Path:
    return path.with_name(f"close-{path.name}")


def destroy(path: Path, keys: sealing.Keys) -> None:
    """Remove a journal: its key, then the file."""
    keys.destroy(bytes.fromhex(path.name.removeprefix(PREFIX)))
    path.unlink(missing_ok=True)
    _asking(path).unlink(missing_ok=True)
    sealing.flush(path.parent)


def _lines(raw: bytes) -> int:
    return raw.count(b"\r") + raw.count(b"\n") - raw.count(b"\r\n")
