"""The Ed25519 key that signs audit checkpoints, and the copies kept beside the database."""

import contextlib
import json
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

COPIES = Path("audit") / "checkpoints.ndjson"


def _key(home: Path) -> Ed25519PrivateKey:
    """The installation's key in ``keys/audit`` (mode 0600), made at first use."""
    path = home / "keys" / "audit"
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        with open(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "wb") as out:
            out.write(Ed25519PrivateKey.generate().private_bytes_raw())
        with contextlib.suppress(FileExistsError):  # another process made it first: then theirs counts
            os.link(fresh, path)
        fresh.unlink()
    return Ed25519PrivateKey.from_private_bytes(path.read_bytes())


def sign(home: Path, message: bytes) -> tuple[bytes, bytes]:
    """(public key, signature) of ``message``, 32 and 64 bytes."""
    key = _key(home)
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw), key.sign(message)


def verify(home: Path, message: bytes, signature: bytes) -> bool:
    """Whether this installation's key signed ``message``."""
    try:
        _key(home).public_key().verify(signature, message)
    except InvalidSignature:
        return False
    return True


def keep_copy(home: Path, seal_id: int, digest: str, at: str, public: bytes, signature: bytes) -> None:
    """Append a checkpoint to ``audit/checkpoints.ndjson``: somebody who rewrites the database must find it too."""
    path = home / COPIES
    path.parent.mkdir(mode=0o700, exist_ok=True)
    line = {"seal": seal_id, "hash": digest, "at": at, "public_key": public.hex(), "signature": signature.hex()}
    with open(path, "a", encoding="ascii") as out:
        out.write(json.dumps(line) + "\n")
        out.flush()
        os.fsync(out.fileno())


def copies(home: Path) -> list[tuple[int, str, str, bytes]]:
    """(seal, hash, at, signature) of every checkpoint kept outside the database."""
    path = home / COPIES
    if not path.exists():
        return []
    lines = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
    return [(line["seal"], line["hash"], line["at"], bytes.fromhex(line["signature"])) for line in lines]
