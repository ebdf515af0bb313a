"""Hospitals: HL7 v2 ADT messages (admission, discharge, transfer), one file or stream of them a trust.

https://www.hl7.eu/HL7v2x/v24/std24/ch03.html. :func:`split` finds the messages and what each is about;
:func:`fold` turns everything known about one person into FHIR, whatever order it came in.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from commonweal.feeds import hl7v2
from commonweal.feeds.adt_events import Head, head
from commonweal.feeds.adt_fold import fold
from commonweal.feeds.hl7v2_batches import unwrapped
from commonweal.feeds.types import Problem
from commonweal.fhir.errors import Invalid

__all__ = ["Head", "RawMessage", "fold", "head", "placed", "split"]


@dataclass(frozen=True, slots=True)
class RawMessage:
    """One message as it came, with what is needed to keep and route it.

    ``event`` is MSH-9.2 (``A01``), ``visit`` PV1-19 or '', ``mrn`` the trust's own number of the person (for a
    merge, of the surviving one), ``also`` other numbers it is about (those a merge retires, the other of two people
    who change beds), ``happened`` the moment that orders it among the person's messages.
    """

    line: int
    raw: bytes
    control_id: str
    event: str
    visit: str
    mrn: str
    also: tuple[str, ...]
    happened: datetime


def split(stream: BinaryIO, start_line: int = 1) -> Iterator[RawMessage | Problem]:
    """Messages and problems in file order; every message yields exactly one of them.

    A problem here is one that no other message can mend: an unreadable header or encoding, an event that is
    unknown or not handled, no person, a batch that was cut. Problems with single fields come from :func:`fold`. Never
    raises for what the bytes are.
    """
    for item in unwrapped(hl7v2.messages(stream, start_line)):
        yield item if isinstance(item, Problem) else placed(*item)


def placed(line: int, raw: bytes) -> RawMessage | Problem:
    """One message, or why it cannot be placed."""
    try:
        about = head(raw)
    except Invalid as bad:
        return Problem(line, bad.field, bad.rule, bad.value, bad.message, raw)
    return RawMessage(line, raw, about.control_id, about.event, about.visit, about.mrn, about.also, about.happened)
