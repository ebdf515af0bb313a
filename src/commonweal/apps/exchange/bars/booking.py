"""Booking: a slot of the service a referral was sent to, asked for, chosen, and booked by a message.

Slots are asked for without a word of whom they are for. What is booked goes into the same durable outbox as a referral,
under the referral's correlation id, and counts once its receiver has taken it; one that was taken meanwhile comes back
as *not booked*, and another can be chosen; so can one after a booking that was never answered, which its receiver
may hold: the page says to ask first. One referral has one booking at a time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction

from commonweal.apps.access import api as access
from commonweal.apps.exchange.bars import desk, sending, services, slots, storing
from commonweal.apps.exchange.bars.limits import limit
from commonweal.apps.exchange.bars.submitting import ACTOR
from commonweal.apps.exchange.errors import ReferralRefused
from commonweal.feeds.bars import writing
from commonweal.feeds.bars.answers import as_json, in_short
from commonweal.feeds.bars.headers import Headers
from commonweal.feeds.bars.scenarios import Transport
from commonweal.feeds.bars.slots import Offer, offered, path
from commonweal.feeds.bars.tables import BarsRefused
from commonweal.feeds.bars.writing import Envelope

MOST = 500  # slots looked at
AHEAD = timedelta(days=366)  # beyond which nobody is asked for slots
To = Callable[[services.Service], Transport]


@dataclass(frozen=True, slots=True)
class Choice:
    """What the page of slots shows: the referral, the free slots from ``first`` on, and why there are none."""

    shown: desk.Shown
    first: datetime
    last: datetime
    offers: tuple[Offer, ...]
    problem: str = ""


def choice(actor: access.Actor, ident: UUID, first: datetime, to: To | None = None) -> Choice | None:
    """Free slots for one of the organisation's own referrals; None where there is no such. Raises ``Refused``.

    A day more than a year ahead is refused in its words. ``to``: how a service is reached, for tests.
    """
    with desk.at_desk(actor, "look for slots", str(ident)) as session:
        row, scope = desk.opened(session, ident)
        if row is None or scope is None or not _own(row, actor):
            return None
        shown = desk.shown(scope, row, actor.organisation)
        now = session.now
    begin = min(max(first, now), now + AHEAD)
    end = begin + timedelta(days=limit("slot_range_days", now.date()) - 1)
    if first > begin:
        return Choice(shown, begin, end, (), "Choose a day within a year from today.")
    try:  # outside the session: no transaction waits for a partner
        offers = _offers(actor.organisation, row, begin, end, to)
    except ReferralRefused as refused:
        return Choice(shown, begin, end, (), str(refused))
    return Choice(shown, begin, end, tuple(offers[:MOST]))


def book(
    actor: access.Actor, ident: UUID, slot: str, first: datetime, defer: sending.Deferred, to: To | None = None
) -> UUID:
    """Book a slot for a referral of the organisation's own; the id of the booking that is on its way.

    Raises:
        Refused: the person is not open to the actor.
        ReferralRefused: no such referral, not open, booked already, or the slot is offered no more.
    """
    found = choice(actor, ident, first, to)
    if found is None:
        raise ReferralRefused("There is no such referral of yours.")
    if found.problem:
        raise ReferralRefused(found.problem)
    if not slot:
        raise ReferralRefused("Choose a time.")
    offer = next((one for one in found.offers if one.id == slot), None)
    if offer is None:
        raise ReferralRefused("Somebody else has booked that time meanwhile. Choose another.")
    with desk.at_desk(actor, "book", f"{ident} slot {slot}") as session:
        row, scope = desk.opened(session, ident)
        if row is None or scope is None or not _own(row, actor):
            raise ReferralRefused("There is no such referral of yours.")
        if row.state not in storing.OPEN:
            raise ReferralRefused("Book once its receiver has taken the referral, and while it is open.")
        now = session.now
        sender, receiver = sending.parties(row.sender, row.service_id, now)
        made, bundle = uuid4(), uuid4()
        booking = storing.Row(
            made, "booking", "out", row.sender, row.receiver, row.service_id, sender.service, row.compartment, "", "",
            str(bundle), row.correlation, offer.id, "draft", row.priority, now, now, now,
            offer.start, offer.end, row.id,
        )  # fmt: skip
        try:
            with transaction.atomic():
                storing.add(booking)
        except IntegrityError:
            raise ReferralRefused("This referral has a booking already; cancel it first.") from None
        storing.note(made, now, row.sender, actor.key, actor.name, "book", "draft", found.shown.title)
        said = {**sending.appointment(booking), "description": found.shown.title}
        if row.their_id:
            said["basedOn"] = [{"reference": f"ServiceRequest/{row.their_id}"}]
        patient = sending.patient_of(scope, actor.organisation)
        envelope = Envelope(bundle, sender, receiver, now, actor.name)
        body = writing.booking(envelope, said, offer.slot, offer.schedule, patient)
        sending.queue(made, row.sender, row.service_id, row.correlation, "book", body, now)
        defer()
    return made


def _own(row: storing.Row, actor: access.Actor) -> bool:
    return row.way == "out" and row.kind == "referral" and row.sender == actor.organisation


def _offers(organisation: str, row: storing.Row, first: datetime, last: datetime, to: To | None) -> list[Offer]:
    """Ask a service for its free slots. Raises ``ReferralRefused`` in words."""
    if row.state not in storing.OPEN:
        raise ReferralRefused("Book once its receiver has taken the referral, and while it is open.")
    on = settings.COMMONWEAL_NOW().date()
    service = services.service(row.service_id, on)
    if service is None or not service.reached:
        name = service.name if service else f"Service {row.service_id}"
        raise ReferralRefused(f"{name} is in no list of addresses today, so no slot can be asked for. Ring them.")
    if not service.endpoint:
        return offered({"entry": [{"resource": one} for one in _here(organisation, service, first, last)]})
    asked = Headers(uuid4(), row.correlation, service.service_id, organisation)
    try:
        send = to(service) if to else sending.over_https(service, "slot_patience")
        status, _, answer = send("GET", path(service.service_id, first, last), asked.made(), b"")
    except OSError as lost:
        raise ReferralRefused(f"{service.name} did not answer ({type(lost).__name__}). Try again later.") from None
    except BarsRefused as refused:
        raise ReferralRefused(f"{service.name} cannot be asked: {refused}") from None
    told = as_json(answer)
    if status != 200:
        raise ReferralRefused(f"{service.name} offers no slots: it answered {in_short(status, told)}. Ring them.")
    return offered(told)


def _here(organisation: str, service: services.Service, first: datetime, last: datetime) -> list[dict[str, Any]]:
    """The slots of a service that is received here, asked for in the name of who sends."""
    asker = access.Actor(ACTOR, "Referral desk", access.Role.SERVICE, organisation)
    with access.session(asker, access.Purpose.OPERATIONS, "bars.slots", f"service {service.service_id}") as opened:
        opened.open_source()
        return slots.held(service, {"free"}, first, last)
