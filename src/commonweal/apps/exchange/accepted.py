"""One line or message that was accepted: as it came, read field by field, what it became, and what it changed.

The caller has asked the gate for what mends feeds: everything here is a person's data, and each look at it is audited
against whoever it is about, so that the person sees it among who looked. A line of which that cannot be said, because
nothing was made of it, is not shown: what was set aside is for the page of quarantined lines. What the record says is
not shown here either.
"""

import csv
import json
from dataclasses import dataclass, field
from datetime import datetime
from io import StringIO
from typing import Any
from uuid import UUID

from django.db import connection

from commonweal.apps.exchange import lines, mappings, selectors
from commonweal.apps.exchange.floor import opened
from commonweal.apps.exchange.models import Quarantine, Receipt
from commonweal.apps.exchange.reading import MESSAGES, reader
from commonweal.apps.identity import api as identity
from commonweal.feeds import adt, hl7v2_shown
from commonweal.feeds.sealing import SealBroken
from commonweal.feeds.types import Parsed, Problem

MOST = 400  # fields of a line shown


@dataclass(frozen=True, slots=True)
class Changed:
    """A version the line made of a resource. ``newest``: the version there is now; ``deleted``: it was withdrawn."""

    type: str
    id: str
    version: int
    newest: int
    deleted: bool
    updated: datetime


@dataclass(slots=True)
class Accepted:
    """A line for its page. ``parts``: (heading, (label, value) …); ``becomes``: (type, JSON); ``people``: whose.

    ``refused``: something of it is wrong; ``aside``: it waits in quarantine; ``closed``: nobody is known to be told of
    a look at it, so nothing of it is here.
    """

    receipt: selectors.ReceiptView
    line: int
    raw: str = ""
    cut: bool = False
    refused: bool = False
    aside: bool = False
    closed: bool = False
    parts: list[hl7v2_shown.Segment] = field(default_factory=list)
    becomes: list[tuple[str, str]] = field(default_factory=list)
    locals: set[str] = field(default_factory=set)
    people: dict[UUID, set[int]] = field(default_factory=dict)
    changed: list[Changed] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Found:
    """A message found by its control id."""

    receipt: int
    line: int
    source: str
    control_id: str
    event: str
    happened: datetime


def read(receipt_id: int, line: int) -> Accepted | None:
    """The line as its landed file has it, read with the mapping of then; None where the file has no such line."""
    receipt = Receipt.objects.defer("filled").filter(pk=receipt_id).first()
    if receipt is None or mappings.for_analysis(receipt.feed):
        return None  # what went through the pseudonymising door is nobody's to look at here
    found = Accepted(selectors.receipt(receipt_id), line)
    found.aside = Quarantine.objects.filter(receipt_id=receipt_id, line=line, replayed_at=None).exists()
    try:
        raw = _message(receipt, found) if receipt.feed in MESSAGES else _row(receipt, found)
    except (FileNotFoundError, SealBroken):
        return found
    if not raw:
        return None
    text = raw.decode("utf-8", "backslashreplace").replace("\r", "\n")
    found.raw, found.cut = text[: lines.SHOWN], len(text) > lines.SHOWN
    return found


def whose(found: Accepted) -> dict[UUID, set[int]]:
    """The people the line is about, with its source's compartments of them. In a session that mends feeds.

    Closes a line that says something of a person whom the record does not have.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT local_id, compartment_id, person_id FROM exchange_line_people(%s, %s)",
            [found.receipt.source, sorted(found.locals)],
        )
        for local, compartment, person in cursor.fetchall():
            whom = person or identity.identifier(found.receipt.source, local)
            found.people.setdefault(whom, set()).add(compartment)
    about_nobody = bool(found.becomes) and not found.locals and not found.refused
    if found.raw and not found.people and not about_nobody:
        found.raw, found.parts, found.becomes, found.closed = "", [], [], True
    return found.people


def changes(found: Accepted) -> None:
    """What the line changed in the record: which versions of which resources. In a session that mends feeds."""
    compartments = sorted(one for held in found.people.values() for one in held)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT type, id, version, newest, deleted, updated FROM exchange_line_changed(%s, %s, %s) LIMIT 200",
            [found.receipt.id, found.line, compartments],
        )
        found.changed = [Changed(*row) for row in cursor.fetchall()]


def by_control_id(control: str) -> list[Found]:
    """Messages with this control id, of whatever source. In a session that mends feeds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT receipt_id, line, source, control_id, event, happened FROM exchange_messages_found(%s)", [control]
        )
        return [Found(*row) for row in cursor.fetchall()]


def _message(receipt: Receipt, found: Accepted) -> bytes:
    with opened(receipt) as stream:
        item = next((one for one in adt.split(stream) if one.line == found.line), None)
    if item is None:
        return b""
    if isinstance(item, Problem):
        found.refused = True
    else:
        found.parts = hl7v2_shown.shown(item.raw)
        found.locals |= {item.mrn, *item.also}
    return item.raw


def _row(receipt: Receipt, found: Accepted) -> bytes:
    raw = b""
    with opened(receipt) as stream:
        for item in reader(receipt.feed, plan=mappings.plan_of(receipt))(stream, receipt.source, found.line):
            if item.line > found.line:
                break
            if item.line != found.line:
                continue
            if isinstance(item, Problem):
                found.refused, raw = True, item.raw
            else:
                _became(item, found)
    head, physical = lines.physical(receipt, found.line)
    raw = raw or physical
    if raw and physical.lstrip().startswith(b"{"):
        found.parts = [("Resource", tuple(_flat(json.loads(physical))[:MOST]))] if _is_json(physical) else []
    elif raw and head:
        cells = next(csv.reader(StringIO(raw.decode("utf-8-sig", "replace"))), [])
        names = next(csv.reader(StringIO(head.decode("utf-8-sig", "replace"))), [])
        found.parts = [("Row", tuple((name, cell) for name, cell in zip(names, cells, strict=False) if cell))]
    return raw


def _became(item: Parsed, found: Accepted) -> None:
    found.becomes.append((item.type, json.dumps(item.resource, indent=2, ensure_ascii=False)))
    if item.local_person is not None:
        found.locals.add(item.local_person)


def _flat(value: Any, path: str = "") -> list[tuple[str, str]]:
    """Each leaf of a resource under its path."""
    if isinstance(value, dict):
        return [one for name, inner in value.items() for one in _flat(inner, f"{path}.{name}" if path else name)]
    if isinstance(value, list):
        return [one for n, inner in enumerate(value) for one in _flat(inner, f"{path}[{n}]")]
    return [(path, str(value))]


def _is_json(raw: bytes) -> bool:
    try:
        json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return True
