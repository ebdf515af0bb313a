"""The rows of referrals and bookings, and the statements that move them: one place for the SQL."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

LOCK = 62_071  # the class of the advisory locks that messages are taken under


@dataclass(frozen=True, slots=True)
class Row:
    """One referral or booking between two organisations. ``id`` is what its receiver gave it, or ours for one sent.

    ``resource_id``: of the ServiceRequest or Appointment in the record; ``their_id``: what a partner that received it
    answered with; ``said_at``: when its sender says it was last changed. ``starts_at``, ``ends_at`` and
    ``referral``, the one it is for, are of a booking sent from here.
    """

    id: UUID
    kind: str
    way: str
    sender: str
    receiver: str
    service_id: str
    reply_to: str
    compartment: int | None
    resource_id: str
    their_id: str
    bundle_id: str
    correlation: UUID
    slot_id: str | None
    state: str
    priority: str
    said_at: datetime | None
    made_at: datetime
    changed_at: datetime
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    referral: UUID | None = None


OPEN = ("requested", "accepted")  # states of a referral that can be booked for
WAITS = ("waiting", "held")  # for somebody to say whom it is about; ``held``: its sender has put it on hold meanwhile
SELECT = """
SELECT id, kind, way, sender, receiver, service_id, reply_to, compartment_id, resource_id, their_id, bundle_id,
    correlation, slot_id, state, priority, said_at, made_at, changed_at, starts_at, ends_at, referral
FROM exchange_bars_request
"""
_INSERT = """
INSERT INTO exchange_bars_request (id, kind, way, sender, receiver, service_id, reply_to, compartment_id, resource_id,
    their_id, bundle_id, correlation, slot_id, state, priority, said_at, made_at, changed_at, starts_at, ends_at,
    referral)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


def rows(where: str, values: Iterable[Any]) -> list[Row]:
    """Rows by a condition written out here or in the selectors."""
    with connection.cursor() as cursor:
        cursor.execute(SELECT + where, list(values))
        return [Row(*found) for found in cursor.fetchall()]


def one(ident: UUID, lock: bool = False) -> Row | None:
    """A row this session may see; locked for as long as it lasts where it is to be moved."""
    found = rows("WHERE id = %s FOR UPDATE" if lock else "WHERE id = %s", [ident])
    return found[0] if found else None


def add(row: Row) -> None:
    """Keep a new row. Raises ``IntegrityError`` for a slot that is another booking's."""
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [getattr(row, name) for name in Row.__slots__])


def move(ident: UUID, state: str, at: datetime, said_at: datetime | None = None, slot: str | None = None) -> None:
    """Bring a row to ``state``; ``said_at`` and ``slot`` where they are known anew."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE exchange_bars_request SET state = %s, changed_at = %s, said_at = coalesce(%s, said_at), "
            "slot_id = coalesce(%s, slot_id) WHERE id = %s",
            [state, at, said_at, slot, ident],
        )


def settled(ident: UUID, at: datetime) -> None:
    """Note of a row's messages that they wait for nobody any more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE exchange_bars_message SET state = 'settled', ended_at = %s "
            "WHERE request_id = %s AND state = 'waiting'",
            [at, ident],
        )


def place(ident: UUID, compartment: int, resource_id: str) -> None:
    """Note where in the record a row's resource is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE exchange_bars_request SET compartment_id = %s, resource_id = %s WHERE id = %s",
            [compartment, resource_id, ident],
        )


def known_to_partner(ident: UUID, their_id: str) -> None:
    """Note the id a partner's receiver gave what we sent it."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE exchange_bars_request SET their_id = %s WHERE id = %s", [their_id, ident])


def note(
    ident: UUID, at: datetime, organisation: str, actor: str, name: str, step: str, state: str, words: str = ""
) -> None:
    """Add to a row's history: who did what when, and why."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO exchange_bars_step (request_id, at, organisation, actor, name, step, state, words) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [ident, at, organisation, actor, name, step, state, words[:1000]],
        )


def taken(receiver: str, slots: list[str]) -> set[str]:
    """Those of a receiver's slots that a booking has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM exchange_bars_taken(%s, %s)", [receiver, slots])
        return {row[0] for row in cursor.fetchall()}


def forget(compartments: Iterable[int], words: re.Pattern[str]) -> int:
    """For a lawful removal: empty the messages about these compartments, and those about nobody that hold the words.

    What they were about goes with the compartment; their transaction ids and digests stay, so that the same message
    sent again is known. Messages emptied.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.id, m.body FROM exchange_bars_message m LEFT JOIN exchange_bars_request r ON r.id = m.request_id "
            "WHERE r.compartment_id IS NULL AND m.body <> ''"
        )
        naming = [ident for ident, body in cursor.fetchall() if words.search(bytes(body).decode("utf-8", "replace"))]
        cursor.execute(
            "UPDATE exchange_bars_message SET body = '', answer = '', problem = '', "
            "state = CASE state WHEN 'waiting' THEN 'settled' WHEN 'queued' THEN 'refused' ELSE state END "
            "WHERE id = ANY (%s) OR request_id IN ("
            "SELECT id FROM exchange_bars_request WHERE compartment_id = ANY (%s))",
            [naming, list(compartments)],
        )
        gone = int(cursor.rowcount)
        cursor.execute("DELETE FROM exchange_bars_request WHERE compartment_id = ANY (%s)", [list(compartments)])
        cursor.execute(
            "DELETE FROM exchange_bars_request WHERE compartment_id IS NULL AND id IN ("
            "SELECT request_id FROM exchange_bars_message WHERE id = ANY (%s))",
            [naming],
        )
    return gone
