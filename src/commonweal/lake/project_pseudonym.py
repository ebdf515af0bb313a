"""A project's own pseudonyms: HMAC-SHA256 under the project's key of the period, cut to 128 bits, in 26 characters.

Nobody can make one, or find whose one is, without the key (RFC 2104; NIST SP 800-107r1, section 5.3.3: an output
cut to 128 bits is as hard to forge by guessing as 2^128 tries). Each project has keys of its own and each period of a
project another key, so two projects' data, or two periods', share no pseudonym and cannot be joined by them.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable

_FORM = re.compile(r"[A-Z2-7]{26}")


def project_pseudonym(key: bytes, person: int) -> str:
    """The pseudonym of a person of the lake (an unsigned 64-bit number of ``link``), under a key of 32 bytes.

    Raises:
        ValueError: a key of another length.
    """
    if len(key) != 32:
        raise ValueError("a project's key has 32 bytes")
    digest = hmac.digest(key, b"commonweal.project.person:" + person.to_bytes(8, "big"), hashlib.sha256)
    return base64.b32encode(digest[:16]).decode().rstrip("=")


def project_pseudonyms(key: bytes, people: Iterable[int]) -> dict[int, str]:
    """Person of the lake → pseudonym. Two people with one (odds 1 in 10^22 for a nation) would be seen as a clash.

    Raises:
        ValueError: as ``project_pseudonym`` does, or a clash.
    """
    found = {person: project_pseudonym(key, person) for person in people}
    if len(set(found.values())) != len(found):
        raise ValueError("two people have one pseudonym; rotate the project's key")
    return found


def well_formed(text: str) -> bool:
    """Whether ``text`` has the form of a pseudonym; it says nothing of whether it is anybody's."""
    return _FORM.fullmatch(text) is not None
