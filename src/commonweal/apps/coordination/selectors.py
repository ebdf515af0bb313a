"""Reading alerts: that there is one shows to the accounts it was told to, what it says once the gate opens the person.

The gate decides afresh at each reading, for each person: a relationship that has ended meanwhile closes the alert too.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from commonweal.apps.access import api as access
from commonweal.apps.coordination.milestones import PDS
from commonweal.apps.identity import api as identity
from commonweal.apps.places import api as places
from commonweal.apps.record import api as record
from commonweal.domain.coordination.alerts import AlertState, Kind, SuspensionState, Why

MINE, TEAM, ESCALATED, ENDED = "mine", "team", "escalated", "ended"
SHOWN = (TEAM, MINE, ESCALATED, ENDED)
MOST = 50  # alerts on one page
PDS_NAME = "The Personal Demographics Service"
ENDED_FOR = timedelta(days=2)  # how long what has ended is listed
_BETWEEN = "\x1f"  # names in the context of row security: no user name has it
_ALERT = (
    "SELECT a.id, a.change_id, a.compartment_id, a.kind, a.organisation, a.team, a.state, a.owner, a.owner_name, "
    "a.raised_at, a.level, a.acknowledged_at, a.ended_at, r.seen_at, r.level, r.why "
    "FROM coordination_alert a JOIN coordination_recipient r ON r.alert_id = a.id "
    "WHERE r.account = current_setting('commonweal.worker', true) "
)


@dataclass(frozen=True, slots=True)
class Row:
    """That there is an alert: nothing of what it says, nor about whom."""

    id: int
    change: int
    compartment: int
    kind: Kind
    organisation: str
    team: str
    state: AlertState
    owner: str
    owner_name: str
    raised_at: datetime
    level: int
    acknowledged_at: datetime | None
    ended_at: datetime | None
    seen_at: datetime | None
    told_level: int
    why: Why

    def where(self, actor_key: str) -> str:
        """The list it stands in for an account, empty for one that nobody has to look at any more."""
        if self.state is AlertState.OPEN:
            return MINE if self.why in (Why.WORKER, Why.COVER) else ESCALATED if self.level else TEAM
        if self.state is AlertState.ACKNOWLEDGED:
            return MINE if self.owner == actor_key else ENDED
        if self.state is AlertState.WITHDRAWN and self.owner == actor_key:
            return MINE  # whoever dealt with it must know, and says so
        if self.state is AlertState.WITHDRAWN and self.seen_at is None:
            return TEAM  # whoever saw it must see that it is not so; who never did has nothing to unlearn
        return ENDED if self.state in (AlertState.WITHDRAWN, AlertState.CLOSED) else ""


@dataclass(frozen=True, slots=True)
class Told:
    """What an alert says, once the person is open: who, what, when, where, from whom."""

    row: Row
    person_id: UUID
    name: str
    birth_date: Any
    nhs_number: str
    source: str
    source_name: str
    happened_at: datetime
    place: str
    doubt: str
    suspended: int = 0


@dataclass(slots=True)
class Listed:
    """One list of alerts, how many each list has, and how many are about people no longer open to the reader."""

    shown: str
    alerts: list[Told] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    closed_to_me: int = 0
    more: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done with an alert."""

    at: datetime
    actor: str
    name: str
    step: str
    words: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """Another change of the same stay."""

    kind: Kind
    happened_at: datetime
    place: str
    state: str


@dataclass(frozen=True, slots=True)
class Referral:
    """A referral beside the stay. ``mine``: the reader's own organisation holds it and may decide."""

    id: int
    title: str
    since: str
    holder: str
    state: SuspensionState
    decided_by: str
    decided_at: datetime | None
    mine: bool


@dataclass(frozen=True, slots=True)
class AlertPage:
    """One alert with everything that goes with it."""

    alert: Told
    course: tuple[Earlier, ...]
    referrals: tuple[Referral, ...]
    steps: tuple[Step, ...]
    told_to: int


@contextmanager
def as_worker(actor: access.Actor, action: str, target: str = "") -> Iterator[access.AccessSession]:
    """An access session for direct care in which the actor's own alerts can be read.

    Raises:
        Refused: the actor is no member of care staff.
    """
    with access.session(actor, access.Purpose.DIRECT_CARE, action, target) as session:
        if actor.role not in access.CARE_ROLES:
            raise access.Refused(access.RefusedKind.ABSENT, "No such person or item.")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('commonweal.worker', %s, true), set_config('commonweal.worker_names', %s, true), "
                "set_config('commonweal.worker_organisation', %s, true)",
                [actor.key, _BETWEEN.join(access.names_of(actor)), actor.organisation],
            )
        yield session


def alerts(actor: access.Actor, shown: str) -> Listed:
    """One list of the actor's alerts, newest first, each person opened by the gate; what is shown counts as seen.

    ``shown``: a list of ``SHOWN``; empty for the one with the newest that the actor has not seen.

    Raises ``Refused`` for anybody but care staff.
    """
    with as_worker(actor, "read alerts", shown or "new") as session:
        rows = _rows(session.now)
        if not shown:
            unseen = (where for row in rows if row.seen_at is None and (where := row.where(actor.key)) in SHOWN[:3])
            shown = next(unseen, TEAM)
        listed = Listed(shown, counts=Counter(row.where(actor.key) for row in rows))
        wanted = [row for row in rows if row.where(actor.key) == shown]
        listed.more = len(wanted) > MOST
        _open(session, wanted[:MOST], listed)
        _saw([one.row.id for one in listed.alerts], session.now)
    return listed


def alert_page(actor: access.Actor, alert_id: int) -> AlertPage | None:
    """One alert told to the actor, or None. Raises ``Refused`` where the person is not open to them now."""
    with as_worker(actor, "open alert", f"alert {alert_id}") as session:
        row = one(alert_id)
        if row is None:
            return None
        scope, compartments = opened(session, row)
        found = _told(row, scope)
        if found is None:
            return None
        _saw([alert_id], session.now)
        return AlertPage(
            found, _course(row), _referrals(row, scope, compartments, actor.organisation), _steps(alert_id),
            _told_to(alert_id),
        )  # fmt: skip


def one(alert_id: int) -> Row | None:
    """An alert told to the worker of this session, locked for as long as it lasts."""
    with connection.cursor() as cursor:
        cursor.execute(_ALERT + "AND a.id = %s FOR UPDATE OF a", [alert_id])
        row = cursor.fetchone()
    return None if row is None else _row(row)


def opened(session: access.AccessSession, row: Row) -> tuple[access.Scope, dict[int, str]]:
    """The scope of the person an alert is about, and their compartments. Raises ``Refused``."""
    person_id = identity.person_of(row.compartment)
    if person_id is None:
        raise access.Refused(access.RefusedKind.ABSENT, "No such person or item.")
    compartments = identity.compartments_of(person_id)
    return session.open_person(person_id, compartments), compartments


def _rows(now: datetime) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(
            _ALERT + "AND (a.state IN ('open', 'acknowledged') OR a.ended_at > %s) ORDER BY a.id DESC LIMIT 2000",
            [now - ENDED_FOR],
        )
        return [_row(row) for row in cursor.fetchall()]


def _row(row: tuple[Any, ...]) -> Row:
    values = list(row)
    values[3], values[6], values[15] = Kind(row[3]), AlertState(row[6]), Why(row[15])
    return Row(*values)


def _open(session: access.AccessSession, rows: list[Row], listed: Listed) -> None:
    """Open the people the alerts are about, and read each within their own scope."""
    people = identity.people_of({row.compartment for row in rows})
    scopes = session.open_many(identity.compartments_of_many(set(people.values()))) if people else {}
    for row in rows:
        scope = scopes.get(people[row.compartment]) if row.compartment in people else None
        found = None
        if scope is not None:
            session.use(scope)
            found = _told(row, scope)
        if found is None:
            listed.closed_to_me += 1
        else:
            listed.alerts.append(found)


def _told(row: Row, scope: access.Scope) -> Told | None:
    """What an alert says, inside its person's scope; None where row security does not show it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT source, happened_at, place, doubt, stay FROM coordination_change WHERE id = %s", [row.change]
        )
        change = cursor.fetchone()
        if change is None:
            return None
        cursor.execute(
            "SELECT count(*) FROM coordination_suspension WHERE stay = %s AND state IN ('suspended', 'conflict')",
            [change[4]],
        )
        suspended = cursor.fetchone()[0]
    who = identity.called(scope, row.compartment)
    place = "" if identity.location_hidden(scope.compartments) else change[2]
    teller = PDS_NAME if change[0] == PDS else places.name_of(change[0])
    return Told(
        row, scope.person_id, who.name, who.birth_date, who.nhs_number, change[0], teller, change[1], place,
        change[3], suspended,
    )  # fmt: skip


def _saw(alerts: Iterable[int], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE coordination_recipient SET seen_at = %s WHERE alert_id = ANY (%s) AND seen_at IS NULL "
            "AND account = current_setting('commonweal.worker', true)",
            [now, list(alerts)],
        )


def _course(row: Row) -> tuple[Earlier, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, happened_at, place, state FROM coordination_change WHERE id <> %s AND stay = "
            "(SELECT stay FROM coordination_change WHERE id = %s) ORDER BY happened_at",
            [row.change, row.change],
        )
        return tuple(Earlier(Kind(one[0]), *one[1:]) for one in cursor.fetchall())


def _steps(alert_id: int) -> tuple[Step, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT at, actor, name, step, words FROM coordination_step WHERE alert_id = %s ORDER BY id", [alert_id]
        )
        return tuple(Step(*row) for row in cursor.fetchall())


def _told_to(alert_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coordination_told(%s)", [alert_id])
        return int(cursor.fetchone()[0])


def _referrals(row: Row, scope: access.Scope, compartments: dict[int, str], organisation: str) -> tuple[Referral, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, organisation, resource_type, resource_id, state, decided_by, decided_at "
            "FROM coordination_suspension WHERE stay = (SELECT stay FROM coordination_change WHERE id = %s) "
            "ORDER BY id",
            [row.change],
        )
        held = cursor.fetchall()
    found = []
    for ident, holder, kind, resource_id, state, decided_by, decided_at in held:
        stored = record.read(scope, kind, resource_id)
        resource = orjson.loads(stored.body) if stored else {}
        title = resource.get("code", {}).get("text") or "Referral no longer in the record"
        mine = holder == organisation
        since = resource.get("authoredOn", "")
        where = places.name_of(holder)
        found.append(Referral(ident, title, since, where, SuspensionState(state), decided_by, decided_at, mine))
    return tuple(found)
