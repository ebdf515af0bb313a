"""A backup as one sealed file: a tar of parts under a key made from a passphrase, read and written as a stream.

The sealing is ``sealing``'s own, so a backup that is cut short, altered or opened with another passphrase is refused
before anything of it is used. The key is scrypt's (https://www.rfc-editor.org/rfc/rfc7914, N=2^15, r=8, p=1) of the
passphrase and the 16 random bytes the file names its key by.
"""

import os
import secrets
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from commonweal.feeds import sealing
from commonweal.feeds.sealing import SealBroken


class Passphrase(sealing.Keys):
    """The one key of a backup, made from what somebody knows."""

    def __init__(self, phrase: str) -> None:
        self._phrase = phrase.encode()

    def find(self, ident: bytes) -> bytes:
        """The key of the backup that names it ``ident``."""
        return Scrypt(salt=ident, length=32, n=1 << 15, r=8, p=1).derive(self._phrase)


@contextmanager
def writing(path: Path, phrase: str) -> Iterator[tarfile.TarFile]:
    """A tar to add parts to; at ``path`` whole when the block ends well, and not at all otherwise."""
    unfinished = path.with_name(path.name + ".part")
    ident = secrets.token_bytes(16)
    try:
        with open(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as out:
            sealer = sealing.Sealer(out, ident, Passphrase(phrase).find(ident))
            with tarfile.open(fileobj=cast(BinaryIO, sealer), mode="w|", format=tarfile.PAX_FORMAT) as tar:
                yield tar
            sealer.finish()
            out.flush()
            os.fsync(out.fileno())
        unfinished.rename(path)
        sealing.flush(path.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def extract(path: Path, phrase: str, folder: Path) -> None:
    """Put the parts of a backup into ``folder``. Raises ``SealBroken``: another passphrase, or the file is damaged."""
    try:
        with sealing.opened(path, Passphrase(phrase)) as plain, tarfile.open(fileobj=plain, mode="r|") as tar:
            tar.extractall(folder, filter="data")
            while plain.read(sealing.CHUNK):  # to its end, where a file that was cut short is found out
                pass
    except (SealBroken, tarfile.TarError) as error:
        raise SealBroken(f"{path.name} cannot be opened: another passphrase, or it is damaged") from error
