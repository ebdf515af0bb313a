"""Alerts about feeds as their owners see and answer them: counts and dates of files, and nothing of anybody in them.

That there is one shows to the accounts it was told to; the gate decides at each reading whether they may read feeds.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from commonweal.apps.access import api as access
from commonweal.apps.coordination.storing import announce
from commonweal.apps.exchange import api as exchange
from commonweal.apps.places import api as places
from commonweal.domain.coordination.alerts import AlertError, AlertState, AlertStep, after

TEAM, MINE, ESCALATED, ENDED = SHOWN = ("team", "mine", "escalated", "ended")
BY_PEOPLE = (AlertStep.ACKNOWLEDGE, AlertStep.RELEASE, AlertStep.CLOSE)
_ENDED_FOR = timedelta(days=14)
_LEAST = 5  # characters of why an alert is closed or handed back
_ALERT = (
    "SELECT a.id, a.feed, a.source, a.message, a.owned_by, a.state, a.owner, a.owner_name, a.raised_at, a.level, "
    "a.ended_at, r.seen_at, r.why FROM coordination_feed_alert a JOIN coordination_feed_recipient r "
    "ON r.alert_id = a.id WHERE r.account = current_setting('commonweal.worker', true) "
)


@dataclass(frozen=True, slots=True)
class Row:
    """One alert about a feed, told to the reader. ``owned_by``: whose the feed is, empty for nobody's."""

    id: int
    feed: str
    source: str
    message: str
    owned_by: str
    state: AlertState
    owner: str
    owner_name: str
    raised_at: datetime
    level: int
    ended_at: datetime | None
    seen_at: datetime | None
    why: str
    source_name: str = ""
    feed_name: str = ""

    def where(self, actor_key: str) -> str:
        """The list it stands in for an account."""
        if self.state is AlertState.OPEN:
            return ESCALATED if self.level else TEAM
        return MINE if self.state is AlertState.ACKNOWLEDGED and self.owner == actor_key else ENDED


@dataclass(slots=True)
class Listed:
    """One list, and how many each has."""

    shown: str
    alerts: list[Row] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done with an alert."""

    at: datetime
    name: str
    step: str
    words: str


@dataclass(frozen=True, slots=True)
class Page:
    """One alert with what was done and how many accounts were told."""

    row: Row
    steps: tuple[Step, ...]
    told_to: int


@contextmanager
def as_keeper(actor: access.Actor, action: str, target: str = "") -> Iterator[access.AccessSession]:
    """A session in which the actor's own alerts about feeds can be read. Raises ``Refused`` who may read no feeds."""
    with access.session(actor, access.default_purpose(actor), action, target) as session:
        session.require(access.Action.READ_FEEDS)
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('commonweal.worker', %s, true)", [actor.key])
        yield session


def alerts(actor: access.Actor, shown: str) -> Listed:
    """One list of ``SHOWN``, newest first; '' for the first that has any. What is shown counts as seen."""
    with as_keeper(actor, "read feed alerts", shown) as session:
        with connection.cursor() as cursor:
            cursor.execute(
                _ALERT + "AND (a.state IN ('open', 'acknowledged') OR a.ended_at > %s) ORDER BY a.id DESC LIMIT 500",
                [session.now - _ENDED_FOR],
            )
            rows = _rows(cursor.fetchall())
        counts = Counter(row.where(actor.key) for row in rows)
        shown = shown or next((one for one in (ESCALATED, TEAM, MINE) if counts[one]), TEAM)
        found = [row for row in rows if row.where(actor.key) == shown]
        _saw([row.id for row in found], session.now)
    return Listed(shown, found, counts)


def page(actor: access.Actor, alert: int) -> Page | None:
    """One alert told to the actor, or None."""
    with as_keeper(actor, "open feed alert", f"feed alert {alert}") as session:
        row = _one(alert)
        if row is None:
            return None
        _saw([alert], session.now)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT at, name, step, words FROM coordination_feed_step WHERE alert_id = %s ORDER BY id", [alert]
            )
            steps = tuple(Step(*one) for one in cursor.fetchall())
            cursor.execute("SELECT coordination_feed_told(%s)", [alert])
            return Page(row, steps, int(cursor.fetchone()[0]))


def take_step(actor: access.Actor, alert: int, step: AlertStep, words: str = "") -> None:
    """Acknowledge (and own), release or close an alert told to the actor.

    Raises:
        Refused: the actor may not read feeds now.
        AlertError: no such alert, somebody else owns it, it does not allow the step, or a reason is missing.
    """
    said = " ".join(words.split())[:1000]
    with as_keeper(actor, f"feed alert {step}", f"feed alert {alert}") as session:
        row = _one(alert)
        if row is None or step not in BY_PEOPLE:
            raise AlertError("There is no such alert.")
        if step is AlertStep.ACKNOWLEDGE and row.state is AlertState.ACKNOWLEDGED:
            raise AlertError(f"{'You' if row.owner == actor.key else row.owner_name} already took this alert on.")
        if step is not AlertStep.ACKNOWLEDGE and row.owner != actor.key:
            raise AlertError("Only the one who took this alert on can do that.")
        if step is not AlertStep.ACKNOWLEDGE and len(said) < _LEAST:
            raise AlertError("Say what you did, or why you hand it back, in a few words.")
        state = after(row.state, step)
        _move(session, row, step, state)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO coordination_feed_step (alert_id, at, actor, name, step, words) "
                "VALUES (%s, %s, %s, %s, %s, %s)",
                [alert, session.now, actor.key, actor.name, step, said],
            )
        announce([actor.organisation])


def _move(session: access.AccessSession, row: Row, step: AlertStep, state: AlertState) -> None:
    actor, now = session.actor, session.now
    with connection.cursor() as cursor:
        if step is AlertStep.ACKNOWLEDGE:
            cursor.execute(
                "UPDATE coordination_feed_alert SET state = %s, owner = %s, owner_name = %s, "
                "acknowledged_at = coalesce(acknowledged_at, %s), due_at = NULL WHERE id = %s",
                [state, actor.key, actor.name, now, row.id],
            )
        elif step is AlertStep.RELEASE:  # nobody's again: due at once, so that somebody else is told
            cursor.execute(
                "UPDATE coordination_feed_alert SET state = %s, owner = '', owner_name = '', due_at = %s WHERE id = %s",
                [state, now, row.id],
            )
        else:
            cursor.execute(
                "UPDATE coordination_feed_alert SET state = %s, ended_at = %s WHERE id = %s", [state, now, row.id]
            )


def _one(alert: int) -> Row | None:
    with connection.cursor() as cursor:
        cursor.execute(_ALERT + "AND a.id = %s FOR UPDATE OF a", [alert])
        return next(iter(_rows(cursor.fetchall())), None)


def _rows(found: list[tuple[Any, ...]]) -> list[Row]:
    names = places.names_of({row[2] for row in found})
    feeds = exchange.feed_names() if found else {}
    shown = []
    for row in found:
        values = list(row)
        values[5] = AlertState(row[5])
        one = Row(*values)
        shown.append(
            replace(one, source_name=names.get(one.source, one.source), feed_name=feeds.get(one.feed, one.feed))
        )
    return shown


def _saw(alerts: list[int], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE coordination_feed_recipient SET seen_at = %s WHERE alert_id = ANY (%s) AND seen_at IS NULL "
            "AND account = current_setting('commonweal.worker', true)",
            [now, alerts],
        )
