"""Acknowledgements of HL7 v2 messages: AA taken and safe, AE wrong in itself, AR not for this receiver.

http://www.hl7.eu/HL7v2x/v25/std25/ch02.html, 2.9.2 (original mode), 2.9.3 (enhanced mode) and 2.15.5 (ERR). An answer
names fields and rules and never a value: it may be logged on the way. It is ASCII but for the control id, whose bytes
come back as they were sent.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from commonweal.feeds.hl7v2 import BOM
from commonweal.fhir.dates import LONDON

ACCEPTED, ERROR, REJECTED = "AA", "AE", "AR"
# HL7 table 0357, by our rule; anything else is a data type error.
_CONDITIONS = {
    "required": ("101", "Required field missing"),
    "code-not-in-value-set": ("103", "Table value not found"),
    "message-header-missing": ("100", "Segment sequence error"),
    "message-type-not-handled": ("200", "Unsupported message type"),
    "unknown-event": ("201", "Unsupported event code"),
    "event-not-handled": ("201", "Unsupported event code"),
    "source-not-allowed": ("207", "Application internal error"),
    "not-applied": ("207", "Application internal error"),
    "control-id-reused": ("205", "Duplicate key identifier"),
}
_DATA = ("102", "Data type error")
# What no correction of this message would mend: it is for another receiver.
REJECTING = frozenset(
    (
        "message-type-not-handled", "unknown-event", "event-not-handled", "message-header-missing", "delimiters",
        "source-not-allowed", "frame-too-long", "frame-not-ended", "not-framed", "several-in-frame",
    )
)  # fmt: skip
_BREAK = re.compile(rb"[\r\n]")
_FIELD = re.compile(r"([A-Z][A-Z0-9]{2})-?(\d+)?")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong: the field (``PID-7``), our rule, and what to do. ``warning``: the rest was taken."""

    field: str
    rule: str
    message: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Header:
    """What an answer needs of a message, as far as its first bytes can be read at all."""

    separator: str = "|"
    marks: str = "^~\\&"
    fields: tuple[str, ...] = ()

    def get(self, number: int) -> str:
        """MSH-``number`` as it came, '' where absent."""
        return self.fields[number - 1] if 0 < number <= len(self.fields) else ""

    def parts(self, number: int) -> list[str]:
        """The components of MSH-``number``."""
        return self.get(number).split(self.marks[0])


def header(raw: bytes) -> Header:
    """The header of whatever came; never raises. Bytes stand as Latin-1 characters, so that they go back unchanged."""
    line = _BREAK.split(raw.removeprefix(BOM)[:4000], 1)[0].decode("latin-1")
    if not line.startswith("MSH") or len(line) < 8 or line[3].isalnum():
        return Header()
    separator = line[3]
    parts = line.split(separator)
    marks = parts[1]
    if len(marks) < 2 or not marks.isascii():
        return Header()
    return Header(separator, marks, (separator, *parts[1:]))


def answer(about: Header, code: str, faults: Sequence[Fault], at: datetime, number: str) -> bytes:
    """The acknowledgement with ``code`` (AA, AE, AR) of a message; ``number`` is the answer's own control id."""
    bar, mark = about.separator, about.marks[0]
    event = about.parts(9)[1] if len(about.parts(9)) > 1 else ""
    kind = mark.join(["ACK", *([event, "ACK"] if event else [])])
    stamp = at.astimezone(LONDON).strftime("%Y%m%d%H%M%S%z")
    head = ["MSH", about.marks, about.get(5), about.get(6), about.get(3), about.get(4), stamp, "", kind, number]
    head += [about.get(11) or "P", about.get(12) or "2.4", *([""] * 5), about.get(18)]
    said = ["MSA", code, about.get(10)]
    if faults:
        said.append(_plain(f"{faults[0].field} {faults[0].rule}: {faults[0].message}", about)[:80])
    segments = [bar.join(head).rstrip(bar), bar.join(said)]
    for fault in faults[:20]:
        match = _FIELD.match(fault.field)
        location = mark.join([match[1], "1", match[2] or ""]).rstrip(mark) if match else ""
        condition, text = _CONDITIONS.get(fault.rule, _DATA)
        coded = mark.join([condition, text, "HL70357"])
        local = mark.join([fault.rule, "", "COMMONWEAL"])
        severity = "W" if fault.warning else "E"
        segments.append(bar.join(["ERR", "", location, coded, severity, local, "", "", _plain(fault.message, about)]))
    return ("\r".join(segments) + "\r").encode("latin-1", "replace")


def wanted(about: Header, code: str) -> list[str]:
    """The answers that a sender asks for a message answered with ``code``: their codes, in the order they go out.

    Original mode, with neither MSH-15 nor MSH-16: ``code`` itself. Enhanced mode, with either: an accept answer (CA,
    CE, CR) by the condition of MSH-15, then an application answer by that of MSH-16. HL7 table 0155: AL always, NE
    never, ER on error, SU on success; an empty one is never, and a word that is not of the table always. Both are known
    at one time here, because a message is in the record when it is safe.
    """
    accept, application = about.get(15).strip().upper(), about.get(16).strip().upper()
    if not accept and not application:
        return [code]
    found = []
    for condition, said in ((accept, "C" + code[1]), (application, code)):
        on_success = code == ACCEPTED
        if condition not in ("", "NE") and (on_success if condition == "SU" else not on_success or condition != "ER"):
            found.append(said)
    return found


def code_of(faults: Sequence[Fault]) -> str:
    """AA where nothing is worse than a warning, AR where the message is not for this receiver, else AE."""
    worst = [fault for fault in faults if not fault.warning]
    if not worst:
        return ACCEPTED
    return REJECTED if any(fault.rule in REJECTING for fault in worst) else ERROR


def _plain(text: str, about: Header) -> str:
    """Text without delimiters or line ends."""
    unwelcome = {about.separator, *about.marks, "\r", "\n"}
    return "".join(" " if char in unwelcome else char for char in text).encode("ascii", "replace").decode()
