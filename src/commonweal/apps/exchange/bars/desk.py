"""Referrals in and out as an organisation's care staff see them: each person opened by the gate, each look audited."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection

from commonweal.apps.access import api as access
from commonweal.apps.exchange.bars import services, storing
from commonweal.apps.identity import api as identity
from commonweal.apps.places import api as places
from commonweal.apps.record import api as record
from commonweal.feeds.bars import tables

MOST = 50


@dataclass(frozen=True, slots=True)
class Who:
    """The person of a referral, as the reader's own organisation knows them, else as the sender does."""

    person_id: UUID
    name: str
    birth_date: date | None
    nhs_number: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One referral or booking for a page. ``title``: what is asked for; ``partner``: the other organisation."""

    row: storing.Row
    who: Who
    title: str
    partner: str
    service: str
    words: str
    starts: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Something done with it."""

    at: datetime
    organisation: str
    name: str
    step: str
    words: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a message about it is getting on."""

    step: str
    state: str
    problem: str
    attempts: int
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking sent for a referral."""

    id: UUID
    starts: datetime | None
    words: str


@dataclass(slots=True)
class Listed:
    """A list of referrals. ``closed_to_me``: those about people not open to the reader; ``waiting``: the unmatched."""

    way: str
    shown: list[Shown] = field(default_factory=list)
    closed_to_me: int = 0
    waiting: int = 0
    more: bool = False
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """One referral or booking with its history, how its messages are getting on, and what the reader may do."""

    shown: Shown
    details: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]
    deliveries: tuple[Delivery, ...]
    may: tuple[str, ...]
    bookings: tuple[Booked, ...] = ()
    bookable: bool = False


@contextmanager
def at_desk(actor: access.Actor, action: str, target: str) -> Iterator[access.AccessSession]:
    """A session of care staff that sees what is sent to and from their organisation. Raises ``Refused`` for others."""
    with access.session(actor, access.Purpose.DIRECT_CARE, action, target) as session:
        if actor.role not in access.CARE_ROLES or not actor.organisation:
            raise access.Refused(access.RefusedKind.ABSENT, "No such person or item.")
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('commonweal.desk', %s, true)", [actor.organisation])
        yield session


def listed(actor: access.Actor, way: str) -> Listed:
    """What came in to the actor's organisation, or went out from it, the latest change first."""
    with at_desk(actor, "read referrals", way) as session:
        found = Listed(way)
        mine = "receiver" if way == "in" else "sender"
        everything = storing.rows(
            "WHERE (way = 'in' AND receiver = %s) OR (way = 'out' AND sender = %s) ORDER BY changed_at DESC LIMIT 2000",
            [actor.organisation, actor.organisation],
        )
        for one in everything:
            found.counts[one.way] = found.counts.get(one.way, 0) + 1
        rows = [one for one in everything if one.way == way and getattr(one, mine) == actor.organisation]
        found.waiting = sum(one.state in storing.WAITS for one in rows)
        placed = [one for one in rows if one.compartment is not None]
        found.more = len(placed) > MOST
        for row, scope in _opened(session, placed[:MOST]):
            if scope is None:
                found.closed_to_me += 1
            else:
                session.use(scope)
                found.shown.append(shown(scope, row, actor.organisation))
    return found


def page(actor: access.Actor, ident: UUID) -> Page | None:
    """One of them, None where it is not of the actor's organisation. Raises ``Refused`` where the person is closed."""
    with at_desk(actor, "open referral", str(ident)) as session:
        row, scope = opened(session, ident)
        if row is None or scope is None:
            return None
        one = shown(scope, row, actor.organisation)
        may = [
            step for step in tables.steps_from(row.kind, row.state, "receiver") if row.way == "in" and _mine(row, actor)
        ]
        if row.way == "out" and row.sender == actor.organisation and row.their_id:
            may += [step for step in tables.steps_from(row.kind, row.state, "sender") if step == "cancel"]
        booked = storing.rows("WHERE referral = %s ORDER BY made_at DESC", [row.id])
        open_for = row.way == "out" and row.kind == "referral" and row.state in storing.OPEN
        return Page(
            one,
            _details(scope, row),
            _steps(row.id),
            page_deliveries(row.id, actor.organisation),
            tuple(may),
            tuple(Booked(it.id, it.starts_at, tables.statuses()[it.kind, it.state].words) for it in booked),
            open_for and row.sender == actor.organisation and not any(it.state in ("draft", "booked") for it in booked),
        )


def opened(session: access.AccessSession, ident: UUID) -> tuple[storing.Row | None, access.Scope | None]:
    """A row of the desk's, locked, and the scope of its person. Raises ``Refused`` where they are not open."""
    row = storing.one(ident, lock=True)
    if row is None or row.compartment is None:
        return None, None
    whose = _person(row.compartment)
    if whose is None:
        raise access.Refused(access.RefusedKind.ABSENT, "No such person or item.")
    return row, session.open_person(*whose)


def people_of(session: access.AccessSession, number: str, born: date) -> tuple[UUID, access.Scope] | None:
    """The one person with this number and birth date, opened; None for nobody. Raises ``Refused``."""
    found = identity.search_people(nhs_number=number, birth_date=born)
    if len(found) != 1:
        return None
    return found[0].person_id, session.open_person(found[0].person_id, found[0].compartments)


def requests_of(scope: access.Scope, organisation: str) -> list[tuple[str, str, str]]:
    """(id, what is asked for, since when) of the organisation's own referrals in progress, the latest first."""
    found = []
    for one in record.everything(scope, ["ServiceRequest"]):
        said = orjson.loads(one.body)
        if one.source == organisation and said.get("status") == "active":
            found.append((one.id, _title(said), str(said.get("authoredOn", ""))[:10]))
    return sorted(found, key=lambda item: item[2], reverse=True)


def _person(compartment: int) -> tuple[UUID, dict[int, str]] | None:
    """The person of a compartment with all their compartments; one not linked yet is a person alone."""
    person_id = identity.person_of(compartment)
    if person_id is not None:
        return person_id, identity.compartments_of(person_id)
    found = record.alone(compartment)
    return (found[0], {compartment: found[1]}) if found else None


def _opened(session: access.AccessSession, rows: list[storing.Row]) -> list[tuple[storing.Row, access.Scope | None]]:
    people = {row.id: whose for row in rows if row.compartment is not None and (whose := _person(row.compartment))}
    scopes = session.open_many(dict(people.values())) if people else {}
    return [(row, scopes.get(people[row.id][0]) if row.id in people else None) for row in rows]


def shown(scope: access.Scope, row: storing.Row, organisation: str) -> Shown:
    """A row for a page, inside its person's scope, as ``organisation`` sees it."""
    who = identity.called(scope, row.compartment)
    said = _resource(scope, row)
    title = _title(said) if said else _asked_for(row.id)
    service = services.service(row.service_id, settings.COMMONWEAL_NOW().date())
    return Shown(
        row,
        Who(scope.person_id, who.name, who.birth_date, who.nhs_number),
        title,
        places.name_of(row.sender if row.receiver == organisation else row.receiver),
        service.name if service else f"service {row.service_id}",
        tables.statuses()[row.kind, row.state].words,
        str(said.get("start", "")) or (row.starts_at.isoformat() if row.starts_at else ""),
    )


def _resource(scope: access.Scope, row: storing.Row) -> dict[str, Any]:
    kind = "ServiceRequest" if row.kind == "referral" else "Appointment"
    stored = record.read(scope, kind, row.resource_id)
    return orjson.loads(stored.body) if stored is not None else {}


def _asked_for(ident: UUID) -> str:
    """What the first message asked for: where its entry in the record is of a category not open to the reader yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT words FROM exchange_bars_step WHERE request_id = %s ORDER BY id LIMIT 1", [ident])
        row = cursor.fetchone()
    return str(row[0]) if row and row[0] else "Not stated"


def _title(said: dict[str, Any]) -> str:
    code = said.get("code", {})
    coded = next((one.get("display", "") for one in code.get("coding", ()) if one.get("display")), "")
    return str(code.get("text") or coded or said.get("description") or "Not stated")


def _details(scope: access.Scope, row: storing.Row) -> tuple[tuple[str, str], ...]:
    said = _resource(scope, row)
    found = [("Priority", row.priority.capitalize())]
    for one in said.get("reasonCode", ()):
        coded = [str(coding.get("display", "")) for coding in one.get("coding", ())]
        found.append(("Reason", str(one.get("text") or next(iter(coded), ""))))
    found += [("Note", str(one.get("text", ""))) for one in said.get("note", ())]
    found.append(("For the patient", str(said.get("patientInstruction", ""))))
    return tuple((name, text) for name, text in found if text)


def _steps(ident: UUID) -> tuple[Step, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT at, organisation, name, step, words FROM exchange_bars_step WHERE request_id = %s ORDER BY id",
            [ident],
        )
        return tuple(Step(row[0], places.name_of(row[1]), *row[2:]) for row in cursor.fetchall())


def page_deliveries(ident: UUID, organisation: str) -> tuple[Delivery, ...]:
    """How the organisation's own messages about a request are getting on, in the order they were made."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT step, state, problem, attempts, next_at FROM exchange_bars_delivery(%s, %s)",
            [organisation, [ident]],
        )
        return tuple(Delivery(*row) for row in cursor.fetchall())


def _mine(row: storing.Row, actor: access.Actor) -> bool:
    return row.receiver == actor.organisation
