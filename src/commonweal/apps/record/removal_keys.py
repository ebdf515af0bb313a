"""The keyed digests by which what was lawfully removed is known again, as ``statements.PLAN`` works them out."""

from hashlib import sha256

from django.conf import settings


def salt() -> bytes:
    """This installation's secret of the digests of what was removed: without it a short id could be guessed."""
    return bytes.fromhex(settings.COMMONWEAL_REMOVAL_KEY)


def removal_key(kind: str, ident: str, digest: bytes) -> bytes:
    """The key of a removed version: SHA-256 over its type, id and the SHA-256 of its bytes (``digest``)."""
    return sha256(salt() + f"{kind}/{ident}\n".encode() + digest).digest()


def compartment_key(source: str, local: str) -> bytes:
    """The key of a removed compartment."""
    return sha256(salt() + f"{source}\n{local}".encode()).digest()
