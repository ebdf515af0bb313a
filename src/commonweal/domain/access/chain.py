"""The audit chain: each seal's hash covers its rows and the seal before it."""

import hashlib
import json
from collections.abc import Iterable, Sequence

GENESIS = "0" * 64
"""What the first seal names as its predecessor."""


def row_bytes(fields: Sequence[str | None], subjects: Iterable[tuple[str, str]]) -> bytes:
    """One audit row and its (person id, outcome) subjects as canonical JSON, ending with a newline."""
    body = [list(fields), sorted([list(subject) for subject in subjects])]
    return json.dumps(body, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"


def seal_hash(previous: str, from_xid: int, below_xid: int, rows: Iterable[bytes]) -> str:
    """SHA-256 (hexadecimal) over the previous hash, the transaction range and the rows in order."""
    digest = hashlib.sha256(f"{previous} {from_xid} {below_xid}\n".encode())
    for row in rows:
        digest.update(row)
    return digest.hexdigest()


def seal_hash_of_lines(previous: str, from_xid: int, below_xid: int, rows: bytes, subjects: bytes) -> str:
    """SHA-256 (hexadecimal) over the previous hash, the transaction range and what the lines of both tables hash to."""
    digest = hashlib.sha256(f"{previous} {from_xid} {below_xid} form 2\n".encode())
    digest.update(rows)
    digest.update(subjects)
    return digest.hexdigest()


def checkpoint_bytes(seal_id: int, digest: str, at: str) -> bytes:
    """What a daily checkpoint signs."""
    return f"commonweal audit checkpoint\nseal {seal_id}\n{digest}\n{at}\n".encode()
