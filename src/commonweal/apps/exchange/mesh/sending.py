"""Sending: a file as one message, in chunks, packed; and the scheduled exports of an organisation's own entries.

What is sent has a local id of ours. A sending that broke off is done again under the same id: MESH does not deliver a
message of which chunks are missing. Only where MESH had all of it and its answer was lost does it come twice, and a
receiver that lands by content counts it once.
"""

import logging
import secrets
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.conf import settings
from mesh_client import DEFAULT_MEDIA_TYPE, MeshClient

from commonweal.apps.access import api as access
from commonweal.apps.exchange.bulk import exporting, files, requests
from commonweal.apps.exchange.mesh import room
from commonweal.apps.exchange.mesh.errors import AlreadySent, MeshFault
from commonweal.apps.exchange.mesh.mailboxes import Mailbox, Sending
from commonweal.apps.exchange.mesh.talking import failing, talking
from commonweal.apps.exchange.models import MeshSent
from commonweal.domain.errors import CommonwealError
from commonweal.feeds import sealing

log = logging.getLogger(__name__)
LONDON = ZoneInfo("Europe/London")
State = MeshSent.State
NDJSON = "application/fhir+ndjson"


def send(mailbox: Mailbox, path: Path, to: str, workflow: str, *, again: bool = False) -> dict[str, Any]:
    """Send a file to a mailbox. ``again``: even if the same was sent before.

    Raises:
        AlreadySent: the same content, to the same mailbox, under the same workflow id.
        MeshFault: what ``talking`` names, or an empty file.
        OSError: the file cannot be read.
    """
    to = to.upper()
    if path.stat().st_size == 0:
        raise MeshFault(f"{path.name} is empty; MESH takes no empty file")
    sha256 = sealing.checksum(path)
    with room.alone(mailbox.name), talking(mailbox) as client:
        same = MeshSent.objects.filter(mailbox=mailbox.name, sha256=sha256, recipient=to, workflow=workflow)
        before = same.filter(state=State.SENT).order_by("pk").last()
        if before is not None and not again:
            when = f"{before.sent_at:%d %B %Y}" if before.sent_at else "before"
            raise AlreadySent(
                f"{path.name} was sent to {to} on {when} as {before.message_id}; add --again to repeat it"
            )
        broken = same.filter(state=State.SENDING).first()
        row = broken or MeshSent.objects.create(
            mailbox=mailbox.name,
            local_id=f"{sha256[:16]}-{secrets.token_hex(4)}",
            recipient=to,
            workflow=workflow,
            sha256=sha256,
            began_at=settings.COMMONWEAL_NOW(),
        )
        return _give(mailbox, client, row, path, path.name, DEFAULT_MEDIA_TYPE)


def _give(
    mailbox: Mailbox, client: MeshClient, row: MeshSent, path: Path, name: str, content_type: str
) -> dict[str, Any]:
    """Give a file to MESH and remember its number."""
    with path.open("rb") as content, failing(mailbox, row.recipient):
        row.message_id = client.send_message(
            row.recipient,
            content,
            workflow_id=row.workflow,
            filename=room.plain(name),
            local_id=row.local_id,
            checksum=f"sha256:{row.sha256}",
            content_type=content_type,
        )
    row.size, row.state, row.sent_at = path.stat().st_size, State.SENT, settings.COMMONWEAL_NOW()
    row.save()
    log.info("MESH message %s sent by %s, %s bytes", row.message_id, mailbox.name, row.size)
    return {
        "message": row.message_id,
        "local_id": row.local_id,
        "to": row.recipient,
        "workflow": row.workflow,
        "bytes": row.size,
    }


def due(sending: Sending, now: datetime) -> date | None:
    """The day of the latest time that a sending was due by ``now``, in London; ``None`` if none was in force then.

    A week's is Monday's and a month's the first day's. Times that were missed are not made up for: an export is whole,
    so the latest says all of it.
    """
    local = now.astimezone(LONDON)
    day = local.date() if local.time() >= sending.at else local.date() - timedelta(days=1)
    if sending.every == "week":
        day -= timedelta(days=day.weekday())
    elif sending.every == "month":
        day = day.replace(day=1)
    return day if sending.valid_from <= day <= sending.valid_to else None


def send_due(mailbox: Mailbox) -> list[dict[str, Any]]:
    """Make and send every scheduled export that is due and not sent; what was sent.

    Raises:
        MeshFault: as ``send``; ``Refused``: the gate does not let the organisation's entries be exported.
    """
    now = settings.COMMONWEAL_NOW()
    wanted = [(one, f"{one.name}.{day.isoformat()}") for one in mailbox.sendings if (day := due(one, now)) is not None]
    done = {
        *MeshSent.objects.filter(mailbox=mailbox.name, local_id__in=[local for _, local in wanted])
        .exclude(state=State.SENDING)
        .values_list("local_id", flat=True)
    }
    wanted = [one for one in wanted if one[1] not in done]
    if not wanted:
        return []
    sent, faults = [], []
    with room.alone(mailbox.name), talking(mailbox) as client:  # before anything is exported: is MESH there?
        for sending, local in wanted:
            try:
                sent.append(_export(mailbox, client, sending, local))
            except CommonwealError as fault:  # one that cannot go keeps none back
                faults.append(fault)
    if faults:
        raise faults[0]
    return sent


def _export(mailbox: Mailbox, client: MeshClient, sending: Sending, local: str) -> dict[str, Any]:
    row, _ = MeshSent.objects.get_or_create(
        mailbox=mailbox.name,
        local_id=local,
        defaults={
            "recipient": sending.to,
            "workflow": sending.workflow,
            "began_at": settings.COMMONWEAL_NOW(),
        },
    )
    if row.state != State.SENDING:
        return {"message": row.message_id, "local_id": local, "to": row.recipient, "workflow": row.workflow, "bytes": 0}
    ident = uuid4()
    actor = access.Actor("service:mesh", "mesh", access.Role.SERVICE, sending.organisation)
    asked = {
        "level": "group" if sending.group else "system",
        "group": sending.group,
        "types": list(sending.types),
    }
    requests.make("export", ident, actor, access.default_purpose(actor), f"mesh:{local}", asked)
    found = requests.find(ident)
    if found is None:
        raise MeshFault(f"the export of {local} is not there any more; it is made again at the next round")
    try:
        exporting.run(found)
        with room.under_way(mailbox.name, f"{local}.ndjson") as path:
            row.sha256, row.size = room.write(path, _lines(ident))
            if row.size == 0:
                row.state = State.NOTHING
                row.save()
                return {"message": "", "local_id": local, "to": row.recipient, "workflow": row.workflow, "bytes": 0}
            return _give(mailbox, client, row, path, f"{local}.ndjson", NDJSON)
    except Exception:
        requests.fail(ident, "The export could not be sent; it is tried again at the next round")
        raise
    finally:
        files.remove(ident)


def _lines(ident: UUID) -> Iterator[bytes]:
    """The resources of an export as one NDJSON: people first, so that what is about them can be landed as it comes."""
    found = requests.find(ident)
    output = list(found.manifest.get("output", ())) if found else []
    for one in sorted(output, key=lambda one: (one["type"] != "Patient", one["type"], one["name"])):
        with (files.folder(ident) / one["name"]).open("rb") as lines:
            yield from sealing.blocks(lines)
