"""Taking one message: judged, filed, remembered and answered in one transaction, or refused and nothing kept.

Core 1.2.2, Transactional Integrity: a message is known by its sender's X-Request-Id; taken once, it is a duplicate
for ever; while its first attempt is under way a second is told that it is too early. One about nobody who is known
for certain is taken all the same, and waits (``settling``): it is never lost, and never linked by a guess.
"""

from datetime import datetime
from uuid import UUID, uuid5

import orjson
from django.db import IntegrityError, connection, transaction

from commonweal.apps.access import api as access
from commonweal.apps.exchange.bars import filing, services, storing
from commonweal.apps.record import api as record
from commonweal.feeds.bars import judging, reading, tables, writing
from commonweal.feeds.bars.headers import Headers
from commonweal.feeds.bars.reading import Message
from commonweal.feeds.bars.tables import BarsRefused

SERVICE = "service:bars"


def receive(opened: access.AccessSession, asked: Headers, body: bytes) -> bytes:
    """Take a message in the session of its sender's system; the answer. Raises ``BarsRefused``: nothing is kept."""
    scope = opened.open_source()
    if asked.organisation != scope.source:
        raise BarsRefused("forbidden")
    now = opened.now
    service = services.service(asked.service, now.date())
    if service is None or service.endpoint:
        raise BarsRefused("service-unknown")
    _once(scope.source, asked.request, body)
    message = reading.read(body, now.date())
    judging.addressed(message, asked)
    answers = bool(message.answers)
    row = _response(scope, asked, message, now) if answers else _request(opened, scope, service, asked, message)
    status = tables.statuses()[row.kind, row.state]
    ident = message.ident if answers and message.ident else str(row.id)
    answer = writing.response(message, ident, now, status.resource)
    _remember(scope.source, row, asked, message, body, answer, now)
    return answer


def _once(source: str, request: UUID, body: bytes) -> None:
    """That no other attempt at this message is under way or was taken."""
    key = f"{source} {request}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [storing.LOCK, key])
        if not cursor.fetchone()[0]:
            raise BarsRefused("too-early")
        cursor.execute(
            "SELECT digest FROM exchange_bars_message WHERE way = 'in' AND source = %s AND transaction_id = %s",
            [source, request],
        )
        found = cursor.fetchone()
    if found is not None:
        raise judging.again(bytes(found[0]), body)


def _request(
    opened: access.AccessSession, scope: access.SourceScope, service: services.Service, asked: Headers, message: Message
) -> storing.Row:
    """A referral or booking, new or changed."""
    now = opened.now
    row = None
    if message.step not in ("new", "book"):
        row = storing.one(UUID(message.ident), lock=True)
        if row is not None and (row.sender != scope.source or row.way != "in"):
            row = None  # another organisation's: as if it were not there
    held = None
    if row is not None:
        number = _number(scope, row)
        held = judging.Held(row.kind, row.state, row.service_id, number, row.said_at)
    state = judging.judged(message, held)  # what still waits may be added to: it is filed with all that was said
    _slot(service, message, row)
    if row is None:
        who = filing.known(scope, message)
        state = state if who else "waiting"
        row = _new_row(service, asked, message, scope.source, state, now)
        _keep(row)
        storing.note(row.id, now, scope.source, SERVICE, "", message.step, state, _asked_for(message))
        if who:
            filing.put(opened, scope, row, message, who)
        return storing.one(row.id) or row
    slot = message.slot or None
    _moved(row, state, now, message, slot)
    if (
        row.state in storing.WAITS and state not in storing.WAITS
    ):  # withdrawn before anybody was matched: nothing is left to settle
        storing.settled(row.id, now)
    storing.note(row.id, now, scope.source, SERVICE, "", message.step, state, _why(message))
    moved = storing.one(row.id) or row
    if moved.compartment is not None:
        filing.put(opened, scope, moved, message, None)
    return moved


def _moved(row: storing.Row, state: str, now: datetime, message: Message, slot: str | None) -> None:
    try:
        with transaction.atomic():
            storing.move(row.id, state, now, message.updated, slot)
    except IntegrityError:
        raise BarsRefused("slot-taken") from None


def _keep(row: storing.Row) -> None:
    try:
        with transaction.atomic():
            storing.add(row)
    except IntegrityError:
        raise BarsRefused("slot-taken") from None


def _new_row(
    service: services.Service, asked: Headers, message: Message, source: str, state: str, now: datetime
) -> storing.Row:
    return storing.Row(
        id=uuid5(asked.request, f"{source} {message.focus_url}"),
        kind=message.kind,
        way="in",
        sender=source,
        receiver=service.organisation,
        service_id=service.service_id,
        reply_to=message.reply_to,
        compartment=None,
        resource_id="",
        their_id="",
        bundle_id=message.bundle,
        correlation=asked.correlation,
        slot_id=message.slot or None,
        state=state,
        priority=str(message.focus.get("priority", "")),
        said_at=message.updated,
        made_at=now,
        changed_at=now,
    )


def _slot(service: services.Service, message: Message, row: storing.Row | None) -> None:
    """That the slot of a booking is the receiver's and free. The index sees to two at once."""
    if message.kind != "booking" or message.step not in ("book", "update"):
        return
    if not message.slot:
        raise BarsRefused("slot-taken", "name a slot")
    stored = record.read_shared("Slot", message.slot)
    if stored is None or stored.source != service.organisation:
        raise BarsRefused("slot-taken", "there is no such slot")
    kept = row is not None and row.slot_id == message.slot
    free = orjson.loads(stored.body).get("status") == "free"
    if not kept and (not free or storing.taken(service.organisation, [message.slot])):
        raise BarsRefused("slot-taken")


def _response(scope: access.SourceScope, asked: Headers, message: Message, now: datetime) -> storing.Row:
    """A partner's answer to what was sent from here."""
    found = storing.rows(
        "WHERE way = 'out' AND bundle_id = %s AND receiver = %s FOR UPDATE", [message.answers, scope.source]
    )
    row = found[0] if found else None
    held = judging.Held(row.kind, row.state, asked.service, "", None) if row else None
    state = judging.judged(message, held, by="receiver")
    if row is None:
        raise BarsRefused("response-unknown")
    storing.move(row.id, state, now)
    storing.note(row.id, now, scope.source, SERVICE, "", message.step, state, _why(message))
    return storing.one(row.id) or row


def _number(scope: access.SourceScope, row: storing.Row) -> str:
    """The NHS number a row is about, as its first message has it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT body FROM exchange_bars_message WHERE request_id = %s AND way = 'in' AND source = %s "
            "ORDER BY id LIMIT 1",
            [row.id, scope.source],
        )
        found = cursor.fetchone()
    if found is None or not found[0]:
        return ""
    return reading.read(bytes(found[0]), row.made_at.date()).who.nhs_number


def _asked_for(message: Message) -> str:
    """What is asked for and why, in the sender's words: a receiver must be able to read what is addressed to it."""
    said = [str(one.get("text", "")) for one in message.focus.get("reasonCode", ())]
    return ". ".join(one for one in (message.title, *said) if one)


def _why(message: Message) -> str:
    said = [one.get("text", "") for one in message.focus.get("reasonCode", ())]
    return next((str(one) for one in said if one), message.title)


def _remember(
    source: str, row: storing.Row, asked: Headers, message: Message, body: bytes, answer: bytes, now: datetime
) -> None:
    waiting = row.state in storing.WAITS
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO exchange_bars_message (request_id, way, source, transaction_id, correlation, service_id, "
            "step, digest, body, answer, state, status, made_at, ended_at) "
            "VALUES (%s, 'in', %s, %s, %s, %s, %s, %s, %s, %s, %s, 200, %s, %s)",
            [
                row.id, source, asked.request, asked.correlation, asked.service, message.step, judging.digest(body),
                body, answer, "waiting" if waiting else "taken", now, now,
            ],
        )  # fmt: skip
