"""HL7 v2 messages: every one is kept, and all of a person's are folded whatever order they came in.

A message says what changed; a person's record is what all their messages say together. So a batch stores its
messages first and then folds the whole history of each local person it touched: the result depends on which
messages are held and never on their order or on where a batch ended.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import Any, BinaryIO

from django.db import connection
from django.utils import timezone

from commonweal.apps.access.api import prepared, together
from commonweal.apps.exchange import changes
from commonweal.apps.exchange.completeness import filled
from commonweal.apps.exchange.models import Receipt
from commonweal.apps.exchange.reading import MESSAGES
from commonweal.apps.identity import api as identity
from commonweal.apps.record import api as record
from commonweal.feeds.types import Merge, Parsed, Problem

SWAP = "A17"  # two people in one message, who stay two
_COPY = (
    "COPY exchange_message (source, control_id, digest, mrn, also, event, happened, receipt_id, line, raw) FROM STDIN"
)
_KEEP = (
    "INSERT INTO exchange_message (source, control_id, digest, mrn, also, event, happened, receipt_id, line, raw) "
    "VALUES (%s, %s, %s, %s, %s::text[], %s, %s, %s, %s, %s)"
)
_HELD = "SELECT control_id, digest FROM exchange_message WHERE source = %s AND control_id = ANY (%s::text[])"
_ABOUT = (
    "SELECT m.id, m.mrn, m.also, m.event, m.raw, r.received_at FROM exchange_message m "
    "JOIN exchange_receipt r ON r.id = m.receipt_id WHERE m.source = %s AND m.mrn = ANY (%s::text[]) UNION ALL "
    "SELECT m.id, m.mrn, m.also, m.event, m.raw, r.received_at FROM exchange_message m "
    "JOIN exchange_receipt r ON r.id = m.receipt_id WHERE m.source = %s AND m.also && %s::text[] "
    "AND NOT m.also = '{}'"
)
FOLDING = 62_068  # the class of the advisory locks that sources are folded under
PILE = 4_000  # messages; one transaction each
COPIED = 20  # messages; more are copied in


@dataclass(slots=True)
class Pile:
    """Messages in file order, what is wrong with others, and the line after the last."""

    next_line: int = 1
    lines: set[int] = field(default_factory=set)
    messages: list[Any] = field(default_factory=list)  # feeds.adt.RawMessage
    problems: list[Problem] = field(default_factory=list)
    position: int = 0


@dataclass(slots=True)
class Outcome:
    """What became of a pile. ``same``: lines of messages held already, to the byte."""

    read: int = 0
    same: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    resources: int = 0
    filled: Counter[str] = field(default_factory=Counter)

    @property
    def duplicate(self) -> int:
        """Messages that changed nothing and are not at fault."""
        return len(self.same - {problem.line for problem in self.problems})


def piles(stream: BinaryIO, cursor: int, only: frozenset[int] | None = None) -> Iterator[Pile]:
    """Messages of a file from line ``cursor`` on, a pile at a time; ``only`` those at these lines, for a replay."""
    adt = import_module(MESSAGES["adt"])
    pile = Pile()
    for item in adt.split(stream, 1):
        if item.line < cursor or (only is not None and item.line not in only):
            continue
        if len(pile.lines) >= PILE and item.line not in pile.lines:
            yield pile
            pile = Pile()
        pile.lines.add(item.line)
        pile.next_line = item.line + 1
        pile.position = stream.tell() if not stream.closed else 0
        (pile.problems if isinstance(item, Problem) else pile.messages).append(item)
    if pile.lines:
        yield pile


def store(receipt: Receipt, pile: Pile, again: bool = False) -> Outcome:
    """Keep a pile's messages, fold the people they touch and write what comes out; in the caller's transaction.

    ``again``: messages held already are folded again too, as a replay after a fix must.
    """
    outcome = Outcome(read=len(pile.lines), problems=list(pile.problems))
    fresh = _fresh(receipt, pile, outcome)
    _keep(receipt, fresh)
    lines = {message.line for message, _ in fresh}
    touched = [
        message for message in pile.messages if message.line in lines or (again and message.line in outcome.same)
    ]
    if touched:
        _fold(receipt, touched, outcome)
    return outcome


def _fresh(receipt: Receipt, pile: Pile, outcome: Outcome) -> list[tuple[Any, bytes]]:
    """Messages not held yet, with their digests. One whose control id is held for another is not among them.

    Two writers of one source fold one after the other from here on, or one of two messages about a person is lost.
    """
    with together(), prepared() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s::int, hashtext(%s))", [FOLDING, receipt.source])
        cursor.execute(_HELD, [receipt.source, [message.control_id for message in pile.messages]])
        held: dict[str, bytes] = {control_id: bytes(digest) for control_id, digest in cursor.fetchall()}
    fresh: list[tuple[Any, bytes]] = []
    for message in pile.messages:
        digest = hashlib.sha256(message.raw).digest()
        if held.get(message.control_id) == digest:
            outcome.same.add(message.line)
        elif message.control_id in held:
            text = "another message with this control id is held, with other content; send it under an id of its own"
            outcome.problems.append(
                Problem(message.line, "MSH-10", "control-id-reused", message.control_id, text, message.raw)
            )
        else:
            held[message.control_id] = digest
            fresh.append((message, digest))
    return fresh


def _keep(receipt: Receipt, fresh: list[tuple[Any, bytes]]) -> None:
    """Store messages as they came: a few as values of a statement kept planned, many by COPY."""
    rows = [
        (receipt.source, m.control_id, digest, m.mrn, list(m.also), m.event, m.happened, receipt.pk, m.line, m.raw)
        for m, digest in fresh
    ]
    if len(rows) <= COPIED:
        with together(), prepared() as cursor:
            for row in rows:
                cursor.execute(_KEEP, row)
        return
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.cursor.copy(_COPY) as copy:
        for row in rows:
            copy.write_row(row)


def _fold(receipt: Receipt, touched: list[Any], outcome: Outcome) -> None:
    adt = import_module(MESSAGES["adt"])
    line_of = {message.raw: message.line for message in touched}
    control_ids = {message.control_id for message in touched}
    last_line = {message.mrn: message.line for message in touched}
    parsed: list[Parsed] = []
    people: set[str] = set()
    told: list[tuple[set[str], datetime]] = []
    newest: dict[str, datetime] = {}
    for message in touched:
        for number in (message.mrn, *message.also):
            newest[number] = max(message.happened, newest.get(number, message.happened))
    present = max(receipt.received_at, timezone.now())  # a clock set behind for a demonstration is no sender's fault
    for numbers, history in _histories(receipt.source, {number for m in touched for number in (m.mrn, *m.also)}):
        people |= numbers
        told += (
            [(numbers, max(newest[number] for number in numbers & newest.keys()))] if numbers & newest.keys() else []
        )
        for item in adt.fold(receipt.source, history, numbers, history, present):
            if isinstance(item, Parsed):
                parsed.append(item)
                if item.type == "Patient":
                    outcome.filled.update(filled(item.resource))
            elif isinstance(item, Merge):
                if item.control_id in control_ids:
                    identity.merge_within_source(receipt.source, item.surviving, item.retired, item.at, item.control_id)
            elif item.raw in line_of:  # a message folded before had its problems quarantined then
                line = line_of[item.raw]
                outcome.problems.append(Problem(line, item.field, item.rule, item.value, item.message, item.raw))
    counts = record.write(receipt.source, receipt.feed, parsed, receipt.pk)
    # A later message can show that two stays were one: what the whole history no longer says is withdrawn.
    said = {(item.type, item.id) for item in parsed}
    gone = [key for key in record.held(receipt.source, receipt.feed, people) if key not in said]
    if gone:
        record.withdraw(receipt.source, gone, receipt.pk)
    changes.note(receipt.source, receipt.feed, told)
    outcome.resources += counts.accepted + counts.updated
    whose = {(item.type, item.id): item.local_person for item in parsed}
    for refusal in counts.refused:
        kind = refusal.field.partition(".")[0]
        line = last_line.get(whose.get((kind, refusal.value)) or "", touched[-1].line)
        raw = next(message.raw for message in touched if message.line == line)
        outcome.problems.append(Problem(line, refusal.field, refusal.rule, refusal.value, refusal.message, raw))


def _histories(source: str, touched: set[str]) -> list[tuple[set[str], dict[bytes, datetime]]]:
    """For each person touched: the numbers that merges and moves say are theirs, and every message about them.

    Of each message when it came.
    """
    rows: dict[int, tuple[str, list[str], str, bytes, datetime]] = {}
    together: dict[str, str] = {}  # number → another of the same person, or itself

    def root(number: str) -> str:
        while together[number] != number:
            number = together[number]
        return number

    fresh = touched
    while fresh:
        together |= {number: number for number in fresh}
        with prepared() as cursor:
            cursor.execute(_ABOUT, [source, list(fresh), source, list(fresh)])
            for ident, mrn, also, event, raw, received in cursor.fetchall():
                rows[ident] = (mrn, also, event, bytes(raw), received)
        fresh = {
            number for mrn, also, event, *_ in rows.values() if also and event != SWAP for number in (mrn, *also)
        } - together.keys()
    for mrn, also, event, *_ in rows.values():
        if event != SWAP:
            for number in also:
                together[root(number)] = root(mrn)
    groups: dict[str, tuple[set[str], dict[bytes, datetime]]] = {}
    for number in together:
        groups.setdefault(root(number), (set(), {}))[0].add(number)
    for ident in sorted(rows):
        mrn, also, event, raw, received = rows[ident]
        for group in {root(number) for number in (mrn, *(also if event == SWAP else ())) if number in together}:
            groups[group][1][raw] = received
    return list(groups.values())
