"""What the page of MESH shows: each mailbox with its last poll, what came, was set aside and went. No content."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import connection

MOST = 50  # messages of each list


@dataclass(frozen=True, slots=True)
class Came:
    """A message that was taken: ``state`` as ``MeshReceived.State``, ``rule`` why it was set aside, or empty."""

    sender: str
    workflow: str
    size: int
    state: str
    rule: str
    receipt: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Went:
    """A message given to MESH, or about to be; ``name`` our own id of it."""

    name: str
    recipient: str
    workflow: str
    size: int
    state: str
    at: datetime


@dataclass(slots=True)
class Seen:
    """One mailbox. ``trouble``: why the last poll came to nothing, empty since it worked."""

    mailbox: str
    polled_at: datetime | None = None
    trouble: str = ""
    troubled_at: datetime | None = None
    counts: Counter[str] = field(default_factory=Counter)
    aside: list[Came] = field(default_factory=list)
    came: list[Came] = field(default_factory=list)
    went: list[Went] = field(default_factory=list)


def note(mailbox: str, trouble: str = "") -> None:
    """Remember that a mailbox was polled now, or what stood in the way; as the batch role."""
    now = settings.COMMONWEAL_NOW()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO exchange_mesh_polled AS held (mailbox, polled_at, trouble, troubled_at) "
            "VALUES (%s, %s, %s, %s) ON CONFLICT (mailbox) DO UPDATE SET "
            "polled_at = coalesce(excluded.polled_at, held.polled_at), trouble = excluded.trouble, "
            "troubled_at = coalesce(excluded.troubled_at, held.troubled_at)",
            [mailbox, None if trouble else now, trouble[:500], now if trouble else None],
        )


def seen() -> list[Seen]:
    """Every mailbox that was ever polled, or that anything came to or went from, by name."""
    found: dict[str, Seen] = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT mailbox, polled_at, trouble, troubled_at FROM exchange_mesh_polled")
        for row in cursor.fetchall():
            found[row[0]] = Seen(*row)
        cursor.execute("SELECT mailbox, state, count(*) FROM exchange_meshreceived GROUP BY 1, 2")
        for mailbox, state, many in cursor.fetchall():
            found.setdefault(mailbox, Seen(mailbox)).counts[state] = many
        cursor.execute("SELECT mailbox, count(*) FROM exchange_meshsent WHERE state = 'sent' GROUP BY 1")
        for mailbox, many in cursor.fetchall():
            found.setdefault(mailbox, Seen(mailbox)).counts["sent"] = many
        for one in found.values():
            for listed, state in ((one.aside, "aside"), (one.came, "")):
                cursor.execute(
                    "SELECT sender, workflow, size, state, rule, receipt_id, received_at FROM exchange_meshreceived "
                    "WHERE mailbox = %s AND (%s = '' OR state = %s) ORDER BY received_at DESC, id DESC LIMIT %s",
                    [one.mailbox, state, state, MOST],
                )
                listed += [Came(*row) for row in cursor.fetchall()]
            cursor.execute(
                "SELECT local_id, recipient, workflow, size, state, coalesce(sent_at, began_at) "
                "FROM exchange_meshsent WHERE mailbox = %s ORDER BY began_at DESC, id DESC LIMIT %s",
                [one.mailbox, MOST],
            )
            one.went = [Went(*row) for row in cursor.fetchall()]
    return [found[name] for name in sorted(found)]
