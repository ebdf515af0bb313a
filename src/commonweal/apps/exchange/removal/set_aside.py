"""MESH messages that were set aside, searched for a removal: they lie on the landing floor and belong to no receipt.

What comes in records (FHIR lines, HL7 messages, rows of a table) is copied without the person's, as a landed file is,
so that the others can still be landed. Anything else that names the person is destroyed whole: its sender has it.
What cannot be read (enciphered, packed, no text) cannot be searched; it is counted, for somebody to discard. So is
what holds a local number and nothing more certain: whose numbers it is written in nobody here knows, and it stays.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import transaction

from commonweal.apps.exchange import landing
from commonweal.apps.exchange.floor import landing_floor
from commonweal.apps.exchange.mesh import room
from commonweal.apps.exchange.models import MeshReceived
from commonweal.apps.exchange.removal import cutting
from commonweal.apps.exchange.removal.cutting import Spans
from commonweal.apps.exchange.removal.wanted import Wanted, Words
from commonweal.feeds import hl7v2, sealing, tables

State = MeshReceived.State
UNREADABLE = "MESH messages that cannot be searched"
DOUBTFUL = "MESH messages to look at: a local number stands in them"
_CLOSED = ("encrypted", "not-as-packed")
_HEAD = 1 << 16  # bytes that tell what content is
_BINARY = re.compile(rb"[\x01-\x08\x0e-\x1a]")
Records = Iterator[tuple[int, bytes]]


@dataclass(slots=True)
class Searched:
    """What a search came to: records found, messages they are in, and messages that somebody must see to."""

    records: int = 0
    messages: int = 0
    unreadable: int = 0
    doubtful: int = 0


def told(searched: Searched) -> dict[str, int]:
    """The same as the command prints it."""
    return {
        "MESH messages set aside": searched.messages,
        "records in these": searched.records,
        UNREADABLE: searched.unreadable,
        DOUBTFUL: searched.doubtful,
    }


def count(wanted: Wanted) -> Searched:
    """How much of what is set aside a removal would take now."""
    found = Searched()
    for row in _rows():
        _one(row, wanted, found, lambda row, gone: None)
    return found


def remove(wanted: Wanted, doom: Callable[[str], None]) -> Searched:
    """Take what is wanted gone out of every message set aside, and what a kill left under way.

    ``doom(name)`` is called in the transaction that forgets the copy ``name``, which the caller then destroys.
    """
    found = Searched()

    def cut(row: MeshReceived, gone: Spans | None) -> None:
        former, kept = row.sha256, ""
        if gone is not None:
            with landing.opened(landing_floor(), former) as stream:
                lines = cutting.emptied(stream, gone, _shape(stream) is _messages)
                kept = landing.store(lines, landing_floor()).sha256
        with transaction.atomic():
            doom(former)
            row.state, row.sha256 = (State.ASIDE, kept) if kept else (State.DISCARDED, "")
            row.save(update_fields=["state", "sha256"])

    left = Path(settings.COMMONWEAL_HOME) / "mesh" / "under-way"
    mailboxes = {row.mailbox for row in _rows()} | {place.name for place in left.glob("*")}
    for mailbox in sorted(mailboxes):
        with room.alone(mailbox):  # which waits for a poll, and removes what a killed one left
            for row in _rows():
                if row.mailbox == mailbox:
                    _one(row, wanted, found, cut)
    return found


def _rows() -> list[MeshReceived]:
    return list(MeshReceived.objects.filter(state=State.ASIDE).exclude(sha256="").order_by("pk"))


def _one(
    row: MeshReceived,
    wanted: Wanted,
    found: Searched,
    act: Callable[[MeshReceived, Spans | None], None],
) -> None:
    if not landing.readable(landing_floor(), row.sha256):
        return
    with landing.opened(landing_floor(), row.sha256) as stream:
        head = stream.read(_HEAD)
        stream.seek(0)
        if row.rule in _CLOSED or _BINARY.search(head) or head.startswith((b"PK", b"\x1f\x8b", b"%PDF")):
            found.unreadable += 1
            return
        names = wanted.search()
        gone = _cut_out(stream, names) if names.told(sealing.blocks(stream)) else []
        if gone is not None:  # what stays of it, which may be the whole
            stream.seek(0)
            found.doubtful += wanted.doubtful().told(cutting.emptied(stream, gone, _shape(stream) is _messages))
        if gone == []:
            return
    found.records += len(gone or [1])
    found.messages += 1
    act(row, gone)


def _cut_out(stream: BinaryIO, names: Words) -> Spans | None:
    """The lines of the records that name them; None where the rest would still do so, or no records are told apart."""
    stream.seek(0)
    records = _shape(stream)
    if records is None:
        return None
    starts = [(line, names.named(raw)) for line, raw in records(stream)]
    gone = cutting.spans([line for line, _ in starts], {line for line, named in starts if named})
    stream.seek(0)
    return None if names.told(cutting.emptied(stream, gone, records is _messages)) else gone


def _shape(stream: BinaryIO) -> Callable[[BinaryIO], Records] | None:
    """What content's records are read by, None where it has none that can be told apart; the stream at its begin."""
    head = stream.read(_HEAD)
    stream.seek(0)
    first = head.removeprefix(tables.BOM).lstrip(b"\x0b\r\n\t ").split(b"\n", 1)[0]
    if first.startswith((b"MSH", b"FHS", b"BHS")):
        return _messages
    if b"\0" in head or first.startswith(b"<"):
        return None
    if first.startswith(b"{"):
        return _lines if _is_json(first) else None
    return _table if any(mark in first for mark in (b",", b";", b"\t", b"|")) else None


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _messages(stream: BinaryIO) -> Records:
    return hl7v2.messages(stream)


def _lines(stream: BinaryIO) -> Records:
    return ((number, line) for number, line in enumerate(stream, 1) if line.strip())


def _table(stream: BinaryIO) -> Records:
    return ((line, raw) for line, raw, _ in tables.records(stream))
