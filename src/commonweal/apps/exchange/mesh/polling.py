"""Polling a mailbox: each message kept, landed or set aside, remembered, and only then acknowledged.

MESH keeps a message until it is acknowledged. Killed before the row is there, the message is fetched again and its
landing goes on where it stood; killed after, it is only acknowledged. Either way its content counts once.
"""

import logging
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from mesh_client import MeshClient

from commonweal.apps.exchange import actions, landing
from commonweal.apps.exchange.floor import landing_floor
from commonweal.apps.exchange.mesh import room, seen, taking
from commonweal.apps.exchange.mesh.errors import BrokenMessage, MessageTooLarge, MissingChunk
from commonweal.apps.exchange.mesh.mailboxes import Mailbox, Route
from commonweal.apps.exchange.mesh.talking import failing, talking
from commonweal.apps.exchange.models import MeshReceived, MeshSent
from commonweal.domain.errors import CommonwealError

log = logging.getLogger(__name__)
State = MeshReceived.State


@dataclass(slots=True)
class Polled:
    """What a poll found. ``counts`` by what became of a message: landed, aside, report, again or left.

    ``again``: was taken before, and only acknowledged now. ``left``: stays in MESH, for the reason in ``troubles``.
    """

    mailbox: str
    counts: Counter[str] = field(default_factory=Counter)
    messages: list[dict[str, Any]] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """As plain data."""
        names = ("landed", "aside", "report", "again", "left")
        counts = {name: self.counts[name] for name in names}
        return {"mailbox": self.mailbox, **counts, "messages": self.messages, "troubles": self.troubles}


def poll(mailbox: Mailbox) -> Polled:
    """Take everything that is in a mailbox now.

    A message that cannot be fetched whole stays in MESH and the others go on.

    Raises:
        MeshUnreachable, MeshRefused, NoSuchMailbox: what was done by then stands.
    """
    try:
        return _polled(mailbox)
    except CommonwealError as trouble:
        seen.note(mailbox.name, str(trouble))
        raise


def _polled(mailbox: Mailbox) -> Polled:
    found = Polled(mailbox.name)
    with room.alone(mailbox.name), talking(mailbox) as client:
        with failing(mailbox):
            waiting = list(client.iterate_message_ids())
        for ident in waiting:
            try:
                _one(mailbox, client, ident, found)
            except (MissingChunk, MessageTooLarge) as trouble:
                found.counts["left"] += 1
                found.troubles.append(f"message {ident}: {trouble}")
                log.warning("MESH message %s stays in %s: %s", ident, mailbox.name, type(trouble).__name__)
    seen.note(mailbox.name)
    return found


def _one(mailbox: Mailbox, client: MeshClient, ident: str, found: Polled) -> None:
    row = MeshReceived.objects.filter(mailbox=mailbox.name, message_id=ident).first()
    if row is None:
        row = _take(mailbox, client, ident)
        found.counts[row.state] += 1
        found.messages.append(told(row))
    else:
        found.counts["again"] += 1
    with failing(mailbox):
        client.acknowledge_message(ident)
    MeshReceived.objects.filter(pk=row.pk).update(acknowledged_at=settings.COMMONWEAL_NOW())
    log.info("MESH message %s of %s: %s %s", ident, mailbox.name, row.state, row.rule)


def _take(mailbox: Mailbox, client: MeshClient, ident: str) -> MeshReceived:
    """Fetch a message and see it to the record or aside; its row, which says that its content is durable."""
    incoming = taking.begin(mailbox, client, ident)
    row = MeshReceived(
        mailbox=mailbox.name,
        message_id=ident,
        sender=incoming.sender,
        workflow=incoming.workflow,
        received_at=settings.COMMONWEAL_NOW(),
    )
    if incoming.report:
        return _report(row, incoming.about)
    route = mailbox.route(incoming.workflow, incoming.sender, row.received_at.date())
    with room.under_way(mailbox.name, f"{ident}.dat") as path:
        try:
            digest, row.size = room.write(path, incoming.blocks())
            if incoming.digest and incoming.digest != digest:
                row.rule, row.message = "other-checksum", "its content is not what its sender's checksum says"
        except BrokenMessage as broken:
            row.rule, row.message = "not-as-packed", str(broken)
            _, row.size = room.write(path, taking.begin(mailbox, client, ident).blocks(unpack=False))
        if incoming.encrypted:
            row.rule, row.message = "encrypted", "its sender says it is enciphered; ask for it in the clear"
        elif route is None and not row.rule:
            row.rule, row.message = mailbox.why_not(incoming.workflow, incoming.sender)
        keep(row, path, route)
    row.save()
    return row


def keep(row: MeshReceived, path: Path, route: Route | None) -> None:
    """Land a file, or put it aside on the landing floor; which of them, and why, into the row."""
    if route is not None and not row.rule:
        try:
            landed = actions.land(route.feed, [path], route.source, same_numbering=route.same_numbering)
        except (OperationalError, InterfaceError, OSError):
            raise  # nothing is wrong with the message: it stays in MESH until the database or the disk is well
        except CommonwealError as fault:
            row.rule, row.message = "not-landed", str(fault)
        except Exception as fault:  # whatever a file does to a reader, the messages behind it must go on
            row.rule, row.message = "not-landed", f"it could not be read as {route.feed} ({type(fault).__name__})"
        else:
            one = landed["files"][0]
            row.state, row.receipt_id, row.sha256 = State.LANDED, one["receipt"], one["sha256"]
            return
    row.state = State.ASIDE
    row.sha256 = landing.keep(path, landing_floor()).sha256


def _report(row: MeshReceived, about: str) -> MeshReceived:
    """MESH tells that a message of ours was not collected, or was refused."""
    row.state, row.rule = State.REPORT, "not-delivered"
    row.message = f"message {about} of this mailbox was not delivered; ask its recipient, then send it again"
    with transaction.atomic():
        MeshSent.objects.filter(mailbox=row.mailbox, message_id=about).update(state=MeshSent.State.UNDELIVERED)
        row.save()
    return row


def told(row: MeshReceived) -> dict[str, Any]:
    """A row for a person to read; nothing of its content."""
    return {
        "message": row.message_id,
        "from": row.sender,
        "workflow": row.workflow,
        "state": str(row.state),
        "rule": row.rule,
        "why": row.message,
        "receipt": row.receipt_id,
        "bytes": row.size,
    }
