"""What the receiving organisation decides about a referral: accepted, not accepted, completed; and who said so when."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction

from commonweal.apps.access import api as access
from commonweal.apps.exchange.bars import desk, filing, sending, storing
from commonweal.apps.exchange.bars.submitting import ACTOR
from commonweal.apps.exchange.errors import ReferralRefused
from commonweal.apps.record import api as record
from commonweal.feeds.bars import tables
from commonweal.feeds.bars.tables import BarsRefused

_LEAST = 3
_BARE: dict[str, Any] = {"resourceType": "ServiceRequest", "status": "active", "intent": "plan"}
_REASONED = ("reject", "complete")
Deferred = Callable[[UUID], object]


def decide(actor: access.Actor, ident: UUID, step: str, words: str, defer: Deferred) -> None:
    """Take a receiver's step; its sender is told where it has an address. ``defer``: leaves the job to the worker.

    Raises:
        Refused: the person is not open to the actor, or they are no care staff.
        ReferralRefused: no such referral of the organisation's, a step that does not follow, or a missing reason.
    """
    said = " ".join(words.split())
    with desk.at_desk(actor, f"referral {step}", str(ident)) as session:
        row, scope = desk.opened(session, ident)
        if row is None or scope is None or row.way != "in" or row.receiver != actor.organisation:
            raise ReferralRefused("There is no such referral to your organisation.")
        try:
            state = tables.after(row.kind, row.state, step, "receiver")
        except BarsRefused:
            raise ReferralRefused("Somebody has decided about it meanwhile; look at what has been done.") from None
        if step in _REASONED and len(said) < _LEAST:
            raise ReferralRefused("Say why, or what came of it, in a few words: the sender is told.")
        storing.move(ident, state, session.now)
        storing.note(ident, session.now, actor.organisation, actor.key, actor.name, step, state, said)
        moved = storing.one(ident) or row
        stored = record.read(scope, "ServiceRequest", row.resource_id)
        # Its entry may be of a category that is not open before the person is seen; the answer needs none of it.
        request = orjson.loads(stored.body) if stored is not None else dict(_BARE)
        if said:
            request["reasonCode"] = [{"text": said}]
        patient: dict[str, Any] = next((orjson.loads(one.body) for one in record.everything(scope, ["Patient"])), {})
        sending.queue_answer(moved, request, patient, actor.name, session.now)
        defer(ident)


def keep_task(ident: UUID) -> bool:
    """Write the Task of a received referral as it stands now, in its sender's name; done again, it changes nothing."""
    with transaction.atomic():
        row = storing.one(ident)
    if row is None or row.way != "in" or row.compartment is None:
        return False
    actor = access.Actor(ACTOR, "Referral desk", access.Role.SERVICE, row.sender)
    with access.session(actor, access.Purpose.OPERATIONS, "bars.task", str(ident)) as opened:
        filing.retask(opened, opened.open_source(), row)
    return True
