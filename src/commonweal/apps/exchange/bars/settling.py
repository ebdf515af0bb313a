"""Referrals and bookings about nobody who is known for certain: a person looks, and files, matches or declines them.

They wait as they came. What they say is somebody's data that no relationship opens yet, so it opens to the referral
office of the organisation it was sent to (``settle_referrals`` in the policies) and to nobody else, each look audited.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from commonweal.apps.access import api as access
from commonweal.apps.exchange.bars import filing, sending, services, storing
from commonweal.apps.exchange.bars.submitting import ACTOR
from commonweal.apps.exchange.errors import ReferralRefused
from commonweal.apps.places import api as places
from commonweal.feeds.bars import reading, tables
from commonweal.feeds.bars.reading import Message
from commonweal.fhir.demographics import Demographics

_MOST = 500  # messages of the list; of one referral all of them count
HOW = ("match", "file", "decline")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One that waits, with the first message about it. ``why``: what is known of why nobody was matched."""

    request: UUID
    source: str
    source_name: str
    service: str
    kind: str
    made_at: datetime
    title: str
    who: Demographics
    why: str


@contextmanager
def _settling(actor: access.Actor, action: str, target: str) -> Iterator[access.AccessSession]:
    with access.session(actor, access.Purpose.OPERATIONS, action, target) as session:
        session.require(access.Action.SETTLE_REFERRALS)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('commonweal.settling', 'yes', true), set_config('commonweal.desk', %s, true)",
                [actor.organisation],
            )
        yield session


def waiting(actor: access.Actor) -> list[Waiting]:
    """All that waits at the actor's organisation, the oldest first.

    Raises ``Refused`` unless the gate lets the actor settle referrals.
    """
    with _settling(actor, "read unmatched referrals", "all") as session:
        found: dict[UUID, Waiting] = {}
        for ident, source, service_id, made, message in _messages(None, actor.organisation):
            if ident not in found:
                found[ident] = _waiting(session, ident, source, service_id, made, message)
        return list(found.values())


def one(actor: access.Actor, ident: UUID) -> Waiting | None:
    """One that waits. Raises ``Refused`` as :func:`waiting` does."""
    with _settling(actor, "read unmatched referral", str(ident)) as session:
        for request, source, service_id, made, message in _messages(ident, actor.organisation):
            return _waiting(session, request, source, service_id, made, message)
    return None


def settle(actor: access.Actor, ident: UUID, how: str, why: str) -> str:
    """Match it anew, file it as it is, or decline it with a reason; the state it comes to.

    Raises:
        Refused: the gate does not let the actor settle referrals.
        ReferralRefused: it waits no more, still nobody agrees with it, or a reason is missing.
    """
    said = " ".join(why.split())
    if how not in HOW:
        raise ReferralRefused("Choose what to do with it.")
    if how == "decline" and len(said) < 3:
        raise ReferralRefused("Say why in a few words: the sender is told.")
    with _settling(actor, f"settle unmatched referral: {how}", str(ident)):
        listed = _messages(ident, actor.organisation)
    if not listed:
        raise ReferralRefused("It waits no more: somebody has settled it, or its sender has withdrawn it.")
    source = listed[0][1]
    sender = access.Actor(ACTOR, "Referral desk", access.Role.SERVICE, source)
    purpose, reason = access.Purpose.OPERATIONS, f"{how} by {actor.key}"
    with access.session(sender, purpose, "bars.settle", str(ident), reason) as opened:
        scope = opened.open_source()
        row = storing.one(ident, lock=True)
        if row is None or row.state not in storing.WAITS:
            raise ReferralRefused("It waits no more: somebody has settled it, or its sender has withdrawn it.")
        listed = _messages(
            ident, actor.organisation
        )  # once more, now that none can be added: one may have come since they were read
        first = listed[0][4]
        who = filing.known(scope, first) if how == "match" else None
        if how == "match" and who is None:
            raise ReferralRefused("Still nobody agrees with its NHS number, birth date and name.")
        state = tables.after(row.kind, row.state, "decline" if how == "decline" else "file", "desk")
        storing.move(ident, state, opened.now)
        storing.note(ident, opened.now, actor.organisation, actor.key, actor.name, how, state, said)
        moved = storing.one(ident) or row
        if how == "decline":
            with connection.cursor() as cursor:  # the answer is the receiver's
                cursor.execute("SELECT set_config('commonweal.desk', %s, true)", [moved.receiver])
            request = {**first.focus, "reasonCode": [{"text": said}]}
            sending.queue_answer(moved, request, first.patient, actor.name, opened.now)
        else:
            for n, (*_, message) in enumerate(listed):
                filing.put(opened, scope, storing.one(ident) or moved, message, who if n == 0 else None)
        storing.settled(ident, opened.now)
    return state


def _messages(ident: UUID | None, receiver: str) -> list[tuple[UUID, str, str, datetime, Message]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.request_id, m.source, m.service_id, m.made_at, m.body FROM exchange_bars_message m "
            "JOIN exchange_bars_request r ON r.id = m.request_id AND r.receiver = %s "
            "WHERE m.state = 'waiting' AND (%s::uuid IS NULL OR m.request_id = %s) ORDER BY m.id LIMIT %s",
            [receiver, ident, ident, None if ident else _MOST],
        )
        return [(*row[:4], reading.read(bytes(row[4]), row[3].date())) for row in cursor.fetchall() if row[4]]


def _waiting(
    session: access.AccessSession, ident: UUID, source: str, service_id: str, made: datetime, message: Message
) -> Waiting:
    who = message.who
    service = services.service(service_id, session.now.date())
    missing = [
        name
        for name, value in (("NHS number", who.nhs_number), ("birth date", who.birth_date), ("family name", who.family))
        if not value
    ]
    why = (
        f"The message has no {' and no '.join(missing)}"
        if missing
        else "NHS number, birth date and name do not all agree with one person"
    )
    name = service.name if service else f"service {service_id}"
    title = message.title or "Not stated"
    return Waiting(ident, source, places.name_of(source), name, message.kind, made, title, who, why)
