"""What an ADT message is about: its event, person, visit, and when it happened.

Event types: HL7 table 0003, http://www.hl7.eu/HL7v2x/v24/std24/ch03.html#Heading5
"""

import re
from dataclasses import dataclass
from datetime import datetime

from commonweal.feeds.hl7v2 import DELETE, Message, timestamp
from commonweal.fhir.errors import Invalid, excerpt

ADMIT, TRANSFER, DISCHARGE, REGISTER, PREADMIT, UPDATE = "A01", "A02", "A03", "A04", "A05", "A08"
CANCEL_ADMIT, CANCEL_TRANSFER, CANCEL_DISCHARGE, CANCEL_PREADMIT = "A11", "A12", "A13", "A38"
ADD_PERSON, UPDATE_PERSON, MERGE = "A28", "A31", "A40"
# Which events each cancellation reverses.
CANCELS = {
    CANCEL_ADMIT: (ADMIT, REGISTER),
    CANCEL_TRANSFER: (TRANSFER,),
    CANCEL_DISCHARGE: (DISCHARGE,),
    CANCEL_PREADMIT: (PREADMIT,),
}
VISIT_EVENTS = frozenset((ADMIT, TRANSFER, DISCHARGE, REGISTER, PREADMIT, UPDATE, *CANCELS))
HANDLED = VISIT_EVENTS | {ADD_PERSON, UPDATE_PERSON, MERGE}
KNOWN = frozenset(f"A{number:02d}" for number in range(1, 63))
_NHS_TYPES = frozenset(("NH", "NHS"))
_MRN_TYPES = ("MR", "MRN", "MEDREC", "PI", "PN")
_NATURAL = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Head:
    """The routing facts of a message. ``recorded`` is when it was entered, ``happened`` when it took effect."""

    message: Message
    control_id: str
    event: str
    visit: str
    mrn: str
    happened: datetime
    recorded: datetime

    @property
    def order(self) -> tuple[datetime, datetime, list[tuple[int, int, str]], str, bytes]:
        """Sort key that depends on nothing but the message itself; control ids compare by number ("9" < "10")."""
        parts = [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in _NATURAL.split(self.control_id) if p]
        return self.happened, self.recorded, parts, self.event, self.message.raw


def head(raw: bytes) -> Head:
    """What ``raw`` is about. Raises ``Invalid`` naming the field that makes it unusable."""
    message = Message(raw)
    kind = message.first("MSH", 9)
    event = message.first("MSH", 9, 2) or message.first("EVN", 1)
    if kind != "ADT":
        shown = excerpt(message.field("MSH", 9))
        raise Invalid("MSH-9", "message-type-not-handled", shown, "send ADT messages to this feed")
    if event not in KNOWN:
        raise Invalid("MSH-9", "unknown-event", excerpt(event), "use an event of HL7 table 0003 (A01 to A62)")
    if event not in HANDLED:
        listed = ", ".join(sorted(HANDLED))
        raise Invalid("MSH-9", "event-not-handled", event, f"this feed reads {listed}; the message is kept")
    control_id = message.first("MSH", 10)
    if not control_id:
        raise Invalid("MSH-10", "required", "", "give each message a control id")
    if not message.has("PID"):
        raise Invalid("PID", "required", "", "the message names no person: send a PID segment")
    mrn = local_person(message, "PID", 3)
    if not mrn:
        raise Invalid("PID-3", "required", excerpt(message.field("PID", 3)), "send the trust's number of the person")
    if event == MERGE and not local_person(message, "MRG", 1):
        raise Invalid("MRG-1", "required", "", "a merge must name the number it retires")
    happened, recorded = _times(message, event)
    visit = message.first("PV1", 19)
    return Head(message, control_id, event, "" if visit == DELETE else visit, mrn, happened, recorded)


def _times(message: Message, event: str) -> tuple[datetime, datetime]:
    """(happened, recorded). A cancellation's EVN-6 is when the cancelled event took place, so its own time is EVN-2.

    http://www.hl7.eu/HL7v2x/v24/std24/ch03.html, EVN-6.
    """
    sent = timestamp(message.first("MSH", 7), "MSH-7")
    entered = timestamp(message.first("EVN", 2), "EVN-2")
    occurred = None if event in CANCELS else timestamp(message.first("EVN", 6), "EVN-6")
    visit = None
    if event in (ADMIT, DISCHARGE) and not (occurred or entered):
        number = 44 if event == ADMIT else 45
        visit = timestamp(message.first("PV1", number), f"PV1-{number}")
    happened = occurred or entered or visit or sent
    if happened is None:
        raise Invalid("EVN-2", "required", "", "the message has no time: send EVN-2, EVN-6 or MSH-7")
    return happened, entered or sent or happened


def local_person(message: Message, segment: str, number: int, occurrence: int = 0) -> str:
    """The trust's own number of a person in a repeating identifier field.

    The repetition typed as a medical record number, else the first that is not an NHS number, else the NHS number
    itself: some trusts send nothing else (UK ITK example messages).
    """
    listed = message.repetitions(segment, number, occurrence)
    ranked = sorted(enumerate(listed), key=lambda pair: (_rank(message, pair[1]), pair[0]))
    for _, parts in ranked:
        value = message.value(parts, 1)
        if value and value != DELETE:
            return value
    return ""


def is_nhs_number(message: Message, parts: list[str]) -> bool:
    """Whether a repetition of PID-3 holds an NHS number: typed NH, or assigned by the NHS."""
    return message.value(parts, 5) in _NHS_TYPES or message.value(parts, 4) in ("NHS", "NHSNBR", "NHSNMBR")


def _rank(message: Message, parts: list[str]) -> int:
    if is_nhs_number(message, parts):
        return 99
    kind = message.value(parts, 5)
    return _MRN_TYPES.index(kind) if kind in _MRN_TYPES else 50
