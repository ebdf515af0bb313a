"""Keyed pseudonyms: HMAC-SHA256, cut to 64 bits, so that they join as integers.

At 56 million people two would share a pseudonym with odds of about 1 in 12,000 for the whole nation; a
clash is refused where it appears rather than silently joining two people.
"""

import hashlib
import hmac
from collections.abc import Iterable

from commonweal.lake.manifest import LakeFault


class PseudonymClash(LakeFault):
    """Two identifiers have one pseudonym: rotate the key and rebuild the lake."""


def pseudonyms(key: str, kind: str, identifiers: Iterable[object]) -> dict[object, int]:
    """Identifier → unsigned 64-bit pseudonym. ``kind`` keeps the pseudonyms of people and compartments apart."""
    secret = key.encode()
    found = {
        one: int.from_bytes(hmac.digest(secret, f"{kind}:{one}".encode(), hashlib.sha256)[:8], "big")
        for one in identifiers
    }
    if len(set(found.values())) != len(found):
        raise PseudonymClash(f"two of {len(found)} {kind} identifiers have the same pseudonym; rotate the key")
    return found
