"""Messages that were set aside: see them, land them once a route is there, or destroy them."""

from typing import Any

from commonweal.apps.exchange import landing
from commonweal.apps.exchange.floor import landing_floor
from commonweal.apps.exchange.mesh import polling, room
from commonweal.apps.exchange.mesh.errors import MeshFault
from commonweal.apps.exchange.mesh.mailboxes import Mailbox
from commonweal.apps.exchange.models import MeshReceived, Receipt
from commonweal.feeds import sealing

_MENDED_HERE = ("unknown-workflow", "unknown-sender", "route-not-in-force", "not-landed")


class NotAside(MeshFault):
    """No message of that id is set aside, or it is not for this installation to mend."""


def waiting(mailbox: Mailbox) -> list[dict[str, Any]]:
    """The messages of a mailbox that are set aside, oldest first."""
    rows = MeshReceived.objects.filter(mailbox=mailbox.name, state=polling.State.ASIDE).order_by("received_at", "pk")
    return [polling.told(row) for row in rows]


def again(mailbox: Mailbox, ident: str) -> dict[str, Any]:
    """Land a message that was set aside, by the route it has now. Raises ``NotAside``."""
    with room.alone(mailbox.name):
        row = _found(mailbox, ident)
        if row.rule not in _MENDED_HERE:
            raise NotAside(f"message {ident} was set aside as {row.rule}: ask its sender for another, then discard it")
        route = mailbox.route(row.workflow, row.sender, row.received_at.date())
        if route is None:
            rule, why = mailbox.why_not(row.workflow, row.sender)
            raise NotAside(f"message {ident} has no route still ({rule}): {why}")
        row.rule, row.message = "", ""
        with room.under_way(mailbox.name, f"{ident}.dat") as path:
            with landing.opened(landing_floor(), row.sha256) as kept:
                room.write(path, sealing.blocks(kept))
            polling.keep(row, path, route)
        row.save()
    return polling.told(row)


def discard(mailbox: Mailbox, ident: str) -> dict[str, Any]:
    """Destroy the content of a message that was set aside; its row stays. Raises ``NotAside``."""
    with room.alone(mailbox.name):
        row = _found(mailbox, ident)
        others = MeshReceived.objects.filter(sha256=row.sha256, state=polling.State.ASIDE).exclude(pk=row.pk)
        if not others.exists() and not Receipt.objects.filter(sha256=row.sha256).exists():
            landing.destroy(landing_floor(), row.sha256)
        row.state, row.sha256 = polling.State.DISCARDED, ""
        row.save()
    return polling.told(row)


def _found(mailbox: Mailbox, ident: str) -> MeshReceived:
    row = MeshReceived.objects.filter(mailbox=mailbox.name, message_id=ident, state=polling.State.ASIDE).first()
    if row is None:
        raise NotAside(f"no message {ident} of {mailbox.name} is set aside; see commonweal mesh aside")
    return row
