"""What becomes of a message, given what is held: the same rules for the server and for the simulator.

Core 1.2.2, Transactional Integrity (retries and duplicates), Bundle Processing (workflow, data conflicts) and
Cancellation (only of what is current, and of the same patient).
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from commonweal.feeds.bars import tables
from commonweal.feeds.bars.headers import Headers
from commonweal.feeds.bars.reading import Message
from commonweal.feeds.bars.tables import BarsRefused


@dataclass(frozen=True, slots=True)
class Held:
    """What is held of the referral or booking a message names. ``number``: the NHS number it is about, if known."""

    kind: str
    state: str
    service: str
    number: str = ""
    updated: datetime | None = None


def digest(body: bytes) -> bytes:
    """What tells two bodies under one X-Request-Id apart: SHA-256."""
    return hashlib.sha256(body).digest()


def again(former: bytes, body: bytes) -> BarsRefused:
    """The answer to an X-Request-Id that was processed: a duplicate, or another message under its id."""
    return BarsRefused("duplicate" if former == digest(body) else "id-reused")


def addressed(message: Message, headers: Headers) -> None:
    """That a message is for the service its headers name. Raises ``BarsRefused``."""
    if message.service != headers.service:
        raise BarsRefused("destination-differs")


def judged(message: Message, held: Held | None, by: str = "sender") -> str:
    """The state after ``message``. Raises ``BarsRefused``: not found, not current, older, or of somebody else."""
    if held is None:
        if message.step in ("new", "book"):
            return tables.after(message.kind, "", message.step, by)
        raise BarsRefused("response-unknown" if message.answers else "not-found")
    if held.kind != message.kind:
        raise BarsRefused("not-found")
    if by == "sender" and held.service != message.service:
        raise BarsRefused("not-found")
    number = message.who.nhs_number
    if held.number and number and held.number != number:
        raise BarsRefused("patient-differs")
    if held.updated is not None and message.updated is not None and message.updated < held.updated:
        raise BarsRefused("changed-here", "a later version of it is held")
    return tables.after(message.kind, held.state, message.step, by)
