"""Sending: a referral of our record, its cancellation, and answers to what was received; durable before anything goes.

A message is kept with its ids before the first attempt, and goes on under the same ids until it is answered: a
receiver that took it and could not say so calls the next attempt a duplicate, which confirms it (Core 1.2.2,
Transactional Integrity). What no receiver takes after the last attempt is shown on the page of its referral.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import orjson
from django.conf import settings
from django.db import connection, transaction

from commonweal.apps.access import api as access
from commonweal.apps.exchange.bars import desk, services, storing
from commonweal.apps.exchange.bars.limits import limit
from commonweal.apps.exchange.bars.submitting import ACTOR as SERVICE
from commonweal.apps.exchange.bars.submitting import submit
from commonweal.apps.exchange.errors import ReferralRefused
from commonweal.apps.places import api as places
from commonweal.apps.record import api as record
from commonweal.feeds.bars import answers, judging, reading, tables, writing
from commonweal.feeds.bars.answers import as_json, focus_of, in_short
from commonweal.feeds.bars.headers import Headers
from commonweal.feeds.bars.scenarios import PROCESS, Transport
from commonweal.feeds.bars.tables import BarsRefused
from commonweal.feeds.bars.transport import https_transport
from commonweal.feeds.bars.writing import Envelope, Party
from commonweal.fhir import systems

log = logging.getLogger(__name__)
OURS = "https://fhir.commonweal.example/Id/referral"  # identifier system by which we know our referral at its receiver
_TRANSIENT = frozenset((408, 425, 429))
Deferred = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Queued:
    """One message to be sent now."""

    id: int
    request: UUID
    source: str
    transaction: UUID
    correlation: UUID
    service_id: str
    step: str
    body: bytes
    attempts: int


def refer(actor: access.Actor, person_id: UUID, request_id: str, service_id: str, defer: Deferred) -> UUID:
    """Send one of the organisation's own referrals of a person to a service; the id of what is on its way.

    Raises:
        Refused: the person is not open to the actor.
        ReferralRefused: no such referral of the organisation's, no such service, or it was sent there before.
    """
    from commonweal.apps.identity import api as identity

    with desk.at_desk(actor, "send referral", f"ServiceRequest/{request_id} to {service_id}") as session:
        now = session.now
        compartments = identity.compartments_of(person_id)
        scope = session.open_person(person_id, compartments)
        stored = record.read(scope, "ServiceRequest", request_id)
        if stored is None or stored.source != actor.organisation:
            raise ReferralRefused("Choose a referral that your own organisation has recorded for this person.")
        sender, receiver = parties(actor.organisation, service_id, now)
        if storing.rows(
            "WHERE way = 'out' AND sender = %s AND resource_id = %s AND service_id = %s AND state NOT IN "
            "('cancelled', 'mistaken', 'rejected')",
            [actor.organisation, request_id, service_id],
        ):
            raise ReferralRefused("This referral has been sent to that service already.")
        ident, bundle, correlation = uuid4(), uuid4(), uuid4()
        said = orjson.loads(stored.body)
        request = {
            **{name: said[name] for name in _SENT if name in said},
            "identifier": [*said.get("identifier", ()), {"system": OURS, "value": str(ident)}],
            "status": "active",
            "category": [_TRANSFER, *said.get("category", ())],
        }
        extra = _extra(scope, actor.organisation)
        envelope = Envelope(bundle, sender, receiver, now, actor.name)
        body = writing.referral(envelope, request, patient_of(scope, actor.organisation), extra)
        own = [one for one, source in sorted(compartments.items()) if source == actor.organisation]
        row = storing.Row(
            ident, "referral", "out", actor.organisation, receiver.organisation, service_id, sender.service,
            own[0] if own else min(compartments), request_id, "", str(bundle), correlation, None, "draft",
            str(said.get("priority", "")), now, now, now,
        )  # fmt: skip
        storing.add(row)
        storing.note(ident, now, actor.organisation, actor.key, actor.name, "send", "draft")
        queue(ident, actor.organisation, service_id, correlation, "new", body, now)
        defer()
    return ident


def cancel(actor: access.Actor, ident: UUID, why: str, defer: Deferred) -> None:
    """Withdraw what was sent, with a reason; it is cancelled once its receiver has taken the cancellation.

    Raises ``Refused`` and ``ReferralRefused``.
    """
    said = " ".join(why.split())
    with desk.at_desk(actor, "cancel referral", str(ident)) as session:
        row, scope = desk.opened(session, ident)
        if row is None or scope is None or row.way != "out" or row.sender != actor.organisation:
            raise ReferralRefused("There is no such referral or booking of yours.")
        if len(said) < 3:
            raise ReferralRefused("Say in a few words why it is withdrawn: the receiver is told.")
        if not row.their_id:
            raise ReferralRefused("Its receiver has not taken it yet; cancel it once it is delivered.")
        if "cancel" not in tables.steps_from(row.kind, row.state, "sender"):
            raise ReferralRefused("It is no longer open, so there is nothing to cancel.")
        if any(one.step == "cancel" and one.state == "queued" for one in desk.page_deliveries(row.id, row.sender)):
            raise ReferralRefused("Its cancellation is already on its way.")
        sender, receiver = parties(row.sender, row.service_id, session.now)
        envelope = Envelope(uuid4(), sender, receiver, session.now, actor.name)
        patient = patient_of(scope, actor.organisation)
        if row.kind == "booking":
            body = writing.booking_ended(envelope, appointment(row, said), "cancelled", patient)
        else:
            body = writing.referral_ended(envelope, row.their_id, "revoked", patient, said)
        storing.note(ident, session.now, actor.organisation, actor.key, actor.name, "cancel asked", row.state, said)
        queue(ident, row.sender, row.service_id, row.correlation, "cancel", body, session.now)
        defer()


def appointment(row: storing.Row, why: str = "") -> dict[str, Any]:
    """The Appointment of a booking sent from here; ``why``: it is cancelled for that reason."""
    said: dict[str, Any] = {
        "resourceType": "Appointment",
        "status": "booked",
        "identifier": [{"system": OURS, "value": str(row.id)}],
    }
    if row.starts_at and row.ends_at:
        said |= {"start": row.starts_at.isoformat(), "end": row.ends_at.isoformat()}
    if row.their_id:
        said["id"] = row.their_id
    if why:
        said["cancelationReason"] = {"text": why}
    return said


def queue_answer(
    row: storing.Row, request: Mapping[str, Any], patient: Mapping[str, Any], by: str, at: datetime
) -> bool:
    """Queue the answer that tells the sender what became of its referral; False where it has no address."""
    to = services.service(row.reply_to, at.date())
    if to is None or not to.reached or row.kind != "referral":
        return False
    sender, receiver = parties(row.receiver, row.reply_to, at, row.service_id)
    status = tables.statuses()[row.kind, row.state].resource
    envelope = Envelope(uuid4(), sender, receiver, at, by)
    kept = {name: request[name] for name in _SENT if name in request}
    body = writing.answered(envelope, {**kept, "id": str(row.id)}, patient, row.bundle_id, status)
    queue(row.id, row.receiver, row.reply_to, row.correlation, f"answer {row.state}", body, at)
    return True


def deliver_due(most: int = 100, transport: Callable[[services.Service], Transport] | None = None) -> dict[str, int]:
    """Send what is due, as the batch role: {sent, refused, again, undelivered}. ``transport`` for tests."""
    done = {"sent": 0, "refused": 0, "again": 0, "undelivered": 0}
    for _ in range(most):
        one = _claim()
        if one is None:
            break
        done[_deliver(one, transport or over_https)] += 1
    return done


def _claim() -> Queued | None:
    """The next message due, out of others' reach for as long as an attempt may last."""
    now = settings.COMMONWEAL_NOW()
    away = now + timedelta(seconds=2 * limit("patience", now.date()))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE exchange_bars_message SET attempts = attempts + 1, next_at = %s WHERE id = ("
            "SELECT id FROM exchange_bars_message WHERE state = 'queued' AND next_at <= %s ORDER BY next_at, id "
            "LIMIT 1 FOR UPDATE SKIP LOCKED) "
            "RETURNING id, request_id, source, transaction_id, correlation, service_id, step, body, attempts",
            [away, now],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    ident, request, source, transaction_id, correlation, service_id, step, body, attempts = row
    return Queued(ident, request, source, transaction_id, correlation, service_id, step, bytes(body), attempts)


def _deliver(one: Queued, transport: Callable[[services.Service], Transport]) -> str:
    now = settings.COMMONWEAL_NOW()
    asked = Headers(one.transaction, one.correlation, one.service_id, one.source)
    service = services.service(one.service_id, now.date())
    if service is None:
        return _settle(one, "refused", 0, b"", f"service {one.service_id} is in no list of services today")
    if not service.reached:
        return _settle(one, "refused", 0, b"", f"{service.name} is in no list of addresses today")
    given = {**asked.made(places.name_of(one.source)), "Content-Type": "application/fhir+json"}
    try:
        send = transport(service) if service.endpoint else _here(one.source)
    except BarsRefused as refused:  # the address in the list of services is none that may be sent to
        return _settle(one, "refused", 0, b"", str(refused)[:500])
    try:
        status, _, answer = send("POST", PROCESS, given, one.body)
    except OSError as lost:
        return _again(one, f"no answer ({type(lost).__name__})", lambda: _found(one, send, given))
    told = as_json(answer)
    short = in_short(status, told)
    if status == 200:
        return _settle(one, "sent", status, answer, "", _their_id(told))
    if short == "409 REC_CONFLICT duplicate":  # taken at an attempt whose answer was lost
        return _settle(one, "sent", status, answer, "", _found(one, send, given))
    if status in _TRANSIENT or status >= 500:
        return _again(one, short, lambda: _found(one, send, given))
    detail = next((str(issue.get("diagnostics", "")) for issue in answers.objects(told.get("issue"))), "")
    return _settle(one, "refused", status, answer, f"{short}: {detail}"[:500])


def _settle(one: Queued, state: str, status: int, answer: bytes, problem: str, their_id: str = "") -> str:
    """Note how a message ended, and bring its referral to where that leads."""
    now = settings.COMMONWEAL_NOW()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE exchange_bars_message SET state = %s, status = %s, answer = %s, problem = %s, ended_at = %s, "
            "next_at = NULL WHERE id = %s",
            [state, status, answer, problem, now, one.id],
        )
        row = storing.one(one.request, lock=True)
        if row is None or row.way != "out":
            return state
        if state == "sent" and their_id and not row.their_id:
            storing.known_to_partner(row.id, their_id)
        step, by = ("deliver", "desk") if one.step in ("new", "book") else (one.step, "sender")
        if state != "sent" and one.step == "book":  # so that another slot can be asked for
            lost = state == "undelivered" or (not status and one.attempts > 1)  # an attempt may have been taken
            step, by = "lose" if lost else "refuse", "desk"
        words = problem if state != "sent" else ""
        new = row.state
        if state == "sent" or step in ("refuse", "lose"):
            try:
                new = tables.after(row.kind, row.state, step, by)
                storing.move(row.id, new, now)
            except BarsRefused:  # its receiver has answered meanwhile: what it says stands
                words = "Delivered after its receiver had answered"
        done = {"sent": "delivered", "refused": "refused by the receiver"}.get(state, "not delivered")
        storing.note(row.id, now, row.receiver, SERVICE, "", f"{one.step} {done}", new, words)
    return state


def _again(one: Queued, problem: str, found: Callable[[], str]) -> str:
    """Try later, twice as long after each attempt; after the last, look whether it was taken with its answer lost."""
    now = settings.COMMONWEAL_NOW()
    if one.attempts >= limit("retry_attempts", now.date()):
        if one.step in ("new", "book") and (their_id := found()):
            return _settle(one, "sent", 0, b"", "", their_id)
        return _settle(one, "undelivered", 0, b"", f"{problem}, after {one.attempts} attempts")
    first, most = limit("retry_first", now.date()), limit("retry_most", now.date())
    wait = min(first * 2 ** (one.attempts - 1), most)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE exchange_bars_message SET next_at = %s, problem = %s WHERE id = %s",
            [now + timedelta(seconds=wait), problem[:500], one.id],
        )
    return "again"


def over_https(service: services.Service, patience: str = "patience") -> Transport:
    """How a partner's service is reached; ``patience`` names the limit of how long an answer is waited for."""
    seconds = limit(patience, settings.COMMONWEAL_NOW().date())
    return https_transport(service.endpoint, settings.COMMONWEAL_BARS_TOKEN, seconds)


def _here(source: str) -> Transport:
    """A transport to a service that is received on this platform."""

    def send(method: str, path: str, given: Mapping[str, str], body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        if method != "POST":  # what was taken here is looked up, and not asked for
            return 404, {}, b""
        status, answer = submit(source, given, body)
        return status, {}, answer

    return send


def queue(ident: UUID, source: str, service_id: str, correlation: UUID, step: str, body: bytes, at: datetime) -> None:
    """Keep a message with fresh ids, to be sent from ``at`` on; in the transaction of what it is about."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO exchange_bars_message (request_id, way, source, transaction_id, correlation, service_id, "
            "step, digest, body, state, next_at, made_at) "
            "VALUES (%s, 'out', %s, %s, %s, %s, %s, %s, %s, 'queued', %s, %s)",
            [ident, source, uuid4(), correlation, service_id, step, judging.digest(body), body, at, at],
        )


def parties(organisation: str, service_id: str, at: datetime, own_service: str = "") -> tuple[Party, Party]:
    """Who sends and who receives. Raises ``ReferralRefused``: no such service today, or no address of it is known."""
    to = services.service(service_id, at.date())
    if to is None:
        raise ReferralRefused("There is no such service today; choose one of the list.")
    if not to.reached:
        raise ReferralRefused(f"{to.name} is in no list of addresses today, so no message can reach it. Ring or write.")
    own = services.service(own_service, at.date()) if own_service else services.service_of(organisation, at.date())
    sender = Party(organisation, places.name_of(organisation), own.service_id if own else organisation)
    return sender, Party(to.organisation, to.name, to.service_id)


def patient_of(scope: access.Scope, organisation: str) -> dict[str, Any]:
    """The person as the organisation itself knows them, else as whoever has the NHS number."""
    held = sorted(record.everything(scope, ["Patient"]), key=lambda one: one.source != organisation)
    for one in held:
        said: dict[str, Any] = orjson.loads(one.body)
        if any(item.get("system") == systems.NHS_NUMBER for item in said.get("identifier", ())):
            return said
    raise ReferralRefused("This person has no NHS number here, so a receiver could not know whom it is about.")


def _extra(scope: access.Scope, organisation: str) -> list[dict[str, Any]]:
    """The organisation's own entries of allergies, which whoever sees the person next must know."""
    found = []
    for one in record.everything(scope, ["AllergyIntolerance"]):
        if one.source == organisation:
            said = orjson.loads(one.body)
            found.append({name: said[name] for name in _ALLERGY if name in said})
    return found[:20]


def _their_id(told: Mapping[str, Any]) -> str:
    return str((focus_of(told, "ServiceRequest") or focus_of(told, "Appointment")).get("id") or "")


def _found(one: Queued, send: Transport, given: Mapping[str, str]) -> str:
    """The id a receiver gave what it took, where the answer that said so was lost: asked for by our own identifier."""
    with connection.cursor() as cursor:  # received here
        cursor.execute(
            "SELECT request_id FROM exchange_bars_message WHERE way = 'in' AND source = %s AND transaction_id = %s",
            [one.source, one.transaction],
        )
        if row := cursor.fetchone():
            return str(row[0])
    said = reading.read(one.body, settings.COMMONWEAL_NOW().date())
    number, kind = said.who.nhs_number, said.focus["resourceType"]
    try:
        path = f"{kind}?patient:identifier={quote(f'{systems.NHS_NUMBER}|{number}', safe='')}"
        _, _, answer = send("GET", path, given, b"")
    except OSError:
        return ""
    for resource in answers.resources(as_json(answer)):
        if any(item.get("value") == str(one.request) for item in answers.objects(resource.get("identifier"))):
            return str(resource.get("id") or "")
    return ""


_SENT = (
    *("resourceType", "identifier", "status", "intent", "category", "priority", "code", "orderDetail", "authoredOn"),
    *("occurrenceDateTime", "occurrencePeriod", "reasonCode", "note", "patientInstruction"),
)
_ALLERGY = (
    "resourceType",
    "clinicalStatus",
    "verificationStatus",
    "type",
    "category",
    "criticality",
    "code",
    "patient",
)
_TRANSFER = {
    "coding": [
        {
            "system": "https://fhir.nhs.uk/CodeSystem/message-category-servicerequest",
            "code": "referral",
            "display": "Transfer of Care",
        }
    ]
}
