"""What an ADT message is about: its event, person, visit, and when it happened.

Event types: HL7 table 0003, http://www.hl7.eu/HL7v2x/v24/std24/ch03.html#Heading5
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from commonweal.feeds.hl7v2 import DELETE, Message, timestamp
from commonweal.feeds.people import LONGEST_NUMBER
from commonweal.feeds.types import Problem
from commonweal.fhir.errors import Invalid, excerpt

ADMIT, TRANSFER, DISCHARGE, REGISTER, PREADMIT, UPDATE = "A01", "A02", "A03", "A04", "A05", "A08"
TO_INPATIENT, TO_OUTPATIENT = "A06", "A07"
CANCEL_ADMIT, CANCEL_TRANSFER, CANCEL_DISCHARGE, CANCEL_PREADMIT = "A11", "A12", "A13", "A38"
PENDING_ADMIT, PENDING_TRANSFER, PENDING_DISCHARGE = "A14", "A15", "A16"
CANCEL_PENDING_DISCHARGE, CANCEL_PENDING_TRANSFER, CANCEL_PENDING_ADMIT = "A25", "A26", "A27"
SWAP, LEAVE, RETURN, CANCEL_LEAVE, CANCEL_RETURN = "A17", "A21", "A22", "A52", "A53"
CHANGE_DOCTOR, CANCEL_CHANGE_DOCTOR = "A54", "A55"
ADD_PERSON, DELETE_PERSON, UPDATE_PERSON = "A28", "A29", "A31"
MERGE_PERSON, MERGE, MOVE_VISIT, CHANGE_NUMBERS = "A30", "A40", "A45", "A47"
RESULT, DOCUMENT = "R01", "T02"
# Which events each cancellation reverses.
CANCELS = {
    CANCEL_ADMIT: (ADMIT, REGISTER),
    CANCEL_TRANSFER: (TRANSFER,),
    CANCEL_DISCHARGE: (DISCHARGE,),
    CANCEL_PREADMIT: (PREADMIT,),
    CANCEL_PENDING_ADMIT: (PENDING_ADMIT,),
    CANCEL_PENDING_TRANSFER: (PENDING_TRANSFER,),
    CANCEL_PENDING_DISCHARGE: (PENDING_DISCHARGE,),
    CANCEL_LEAVE: (LEAVE,),
    CANCEL_RETURN: (RETURN,),
    CANCEL_CHANGE_DOCTOR: (CHANGE_DOCTOR,),
}
# Of these, MRG-1 and PID-3 are two numbers of one person.
MERGES = frozenset((MERGE_PERSON, MERGE, CHANGE_NUMBERS))
VISIT_EVENTS = frozenset(
    (
        ADMIT, TRANSFER, DISCHARGE, REGISTER, PREADMIT, TO_INPATIENT, TO_OUTPATIENT, UPDATE, PENDING_ADMIT,
        PENDING_TRANSFER, PENDING_DISCHARGE, SWAP, LEAVE, RETURN, CHANGE_DOCTOR, *CANCELS,
    )
)  # fmt: skip
HANDLED = VISIT_EVENTS | MERGES | {ADD_PERSON, DELETE_PERSON, UPDATE_PERSON, MOVE_VISIT}
OTHER_TYPES = {"ORU": RESULT, "MDM": DOCUMENT}  # message type → the one event of it that is read
KNOWN = frozenset(f"A{number:02d}" for number in range(1, 63))
_HAPPENED = {RESULT: "OBR-22", DOCUMENT: "TXA-6"}  # the field that says when it happened, where that is not EVN-6
_NHS_TYPES = frozenset(("NH", "NHS"))
_MRN_TYPES = ("MR", "MRN", "MEDREC", "PI", "PN")
_NATURAL = re.compile(r"([0-9]+)")
SKEW = timedelta(days=1)  # by which a sender's clock may be wrong before anybody is told: time zones, and a late batch
_EXPECTED = frozenset((PREADMIT, PENDING_ADMIT, PENDING_TRANSFER, PENDING_DISCHARGE))  # may tell of what is to come
LONGEST_ID = 199  # characters of MSH-10: HL7 v2.8.2, 2.14.9.10; version 2.4 has 20


@dataclass(frozen=True, slots=True)
class Head:
    """The routing facts of a message. ``recorded`` is when it was entered, ``happened`` when it took effect.

    ``also``: other numbers of the trust's that it is about: those a merge or move names in MRG-1, and the second
    person's of a bed swap.
    """

    message: Message
    control_id: str
    event: str
    visit: str
    mrn: str
    also: tuple[str, ...]
    happened: datetime
    recorded: datetime
    received: datetime | None = None

    @property
    def order(self) -> tuple[datetime, datetime, datetime, list[tuple[int, int, str]], str, bytes]:
        """Sort key: of the message itself, and when it came where it tells of what had yet to happen by more than
        ``SKEW`` then, which would overrule all that is told after it. Control ids compare by number ("9" < "10").
        """
        came = self.received
        at = came if came is not None and self.happened > came + SKEW else self.happened
        parts = [_by_size(p) if p[0] in "0123456789" else (1, 0, p) for p in _NATURAL.split(self.control_id) if p]
        return at, self.happened, self.recorded, parts, self.event, self.message.raw


def _by_size(digits: str) -> tuple[int, int, str]:
    """Sorts digits as the number they are, however many."""
    number = digits.lstrip("0")
    return 0, len(number), number


def head(raw: bytes) -> Head:
    """What ``raw`` is about. Raises ``Invalid`` naming the field that makes it unusable."""
    message = Message(raw)
    kind = message.first("MSH", 9)
    event = message.first("MSH", 9, 2) or message.first("EVN", 1)
    _check_event(message, kind, event)
    control_id = message.first("MSH", 10)
    if not control_id:
        raise Invalid("MSH-10", "required", "", "give each message a control id")
    if len(control_id) > LONGEST_ID:
        raise Invalid("MSH-10", "too-long", excerpt(control_id), f"a control id has at most {LONGEST_ID} characters")
    if not message.has("PID"):
        raise Invalid("PID", "required", "", "the message names no person: send a PID segment")
    mrn = local_person(message, "PID", 3)
    if not mrn:
        raise Invalid("PID-3", "required", excerpt(message.field("PID", 3)), "send the trust's number of the person")
    if event in MERGES | {MOVE_VISIT} and not local_person(message, "MRG", 1):
        raise Invalid("MRG-1", "required", "", "a merge or move must name the number it is from")
    also = _also(message, event, mrn)
    for number, where in ((mrn, "PID-3"), *((one, "MRG-1") for one in also)):
        if len(number) > LONGEST_NUMBER:
            raise Invalid(where, "too-long", excerpt(number), f"a number has at most {LONGEST_NUMBER} characters")
    happened, recorded = _times(message, event)
    visit = message.first("PV1", 19)
    return Head(
        message,
        control_id,
        event,
        "" if visit == DELETE else visit,
        mrn,
        also,
        happened,
        recorded,
    )


def ahead(about: Head, present: datetime) -> Problem | None:
    """What is wrong with a message that tells of what has yet to happen at ``present``, by more than ``SKEW``."""
    field = ""
    if about.recorded > present + SKEW:
        field = "EVN-2" if about.message.first("EVN", 2) else "MSH-7"
    elif about.happened > present + SKEW and about.event not in _EXPECTED:
        field = _HAPPENED.get(about.event, "EVN-6")
    if not field:
        return None
    segment, number = field.split("-")
    told = (
        "this has yet to happen; it is ordered by when it came, among what else came then; set the sender's clock right"
    )
    return Problem(0, field, "clock-ahead", excerpt(about.message.first(segment, int(number))), told, about.message.raw)


def _check_event(message: Message, kind: str, event: str) -> None:
    if kind in OTHER_TYPES:
        if event != OTHER_TYPES[kind]:
            shown = f"{kind}^{event}"
            raise Invalid("MSH-9", "event-not-handled", excerpt(shown), f"of {kind} only {OTHER_TYPES[kind]} is read")
        return
    if kind != "ADT":
        shown = excerpt(message.field("MSH", 9))
        raise Invalid("MSH-9", "message-type-not-handled", shown, "send ADT, ORU or MDM messages to this feed")
    if event not in KNOWN:
        raise Invalid("MSH-9", "unknown-event", excerpt(event), "use an event of HL7 table 0003 (A01 to A62)")
    if event not in HANDLED:
        listed = ", ".join(sorted(HANDLED))
        raise Invalid("MSH-9", "event-not-handled", event, f"this feed reads {listed}; the message is kept")


def _also(message: Message, event: str, mrn: str) -> tuple[str, ...]:
    """The other numbers of the trust's that a message is about."""
    found: list[str] = []
    if event in MERGES | {MOVE_VISIT}:
        found = [local_person(message, "MRG", 1, index) for index in range(message.count("MRG"))]
        found += [local_person(message, "PID", 3, index) for index in range(1, message.count("PID"))]
    elif event == SWAP:
        found = [local_person(message, "PID", 3, 1)]
    return tuple(sorted({number for number in found if number and number != mrn}))


def _times(message: Message, event: str) -> tuple[datetime, datetime]:
    """(happened, recorded). A cancellation's EVN-6 is when the cancelled event took place, so its own time is EVN-2.

    http://www.hl7.eu/HL7v2x/v24/std24/ch03.html, EVN-6.
    """
    sent = timestamp(message.first("MSH", 7), "MSH-7")
    entered = timestamp(message.first("EVN", 2), "EVN-2")
    occurred = None if event in CANCELS else timestamp(message.first("EVN", 6), "EVN-6")
    visit = None
    if event in (RESULT, DOCUMENT):
        segment, number = ("OBR", 22) if event == RESULT else ("TXA", 6)
        happened = timestamp(message.first(segment, number), f"{segment}-{number}") or entered or sent
        if happened is None:
            raise Invalid(f"{segment}-{number}", "required", "", f"the message has no time: send {segment}-{number}")
        return happened, sent or happened
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
