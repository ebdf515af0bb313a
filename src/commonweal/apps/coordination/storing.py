"""The rows of alerts as the batch sees them, and the statements that move them. One place for the SQL of raising."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from commonweal.apps.access.api import prepared
from commonweal.apps.coordination.milestones import Milestone
from commonweal.domain.coordination.alerts import (
    AlertState,
    AlertStep,
    Kind,
    SuspensionState,
    SuspensionStep,
    Why,
    suspended_after,
)
from commonweal.domain.coordination.alerts import after as step_after

CHANNEL = "commonweal_alerts"  # its payload is an organisation's code: who of them is concerned is asked again
SERVICE = "service:alerts"
_RAISE = """
WITH alert AS (
    INSERT INTO coordination_alert
        (change_id, compartment_id, kind, organisation, team, raised_at, due_at, level, narrow)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id, raised_at, level
), told AS (
    INSERT INTO coordination_recipient (alert_id, account, why, level, told_at)
    SELECT id, unnest(%s::text[]), unnest(%s::text[]), level, raised_at FROM alert
), noted AS (
    INSERT INTO coordination_step (alert_id, at, actor, step) SELECT id, raised_at, %s, %s FROM alert
)
SELECT id FROM alert
"""


@dataclass(slots=True)
class Kept:
    """One change as it is stored."""

    id: int
    key: str
    stay: str
    compartment: int
    kind: Kind
    happened: datetime
    place: str
    doubt: str
    state: str


@dataclass(slots=True)
class Alert:
    """One alert as it is stored."""

    id: int
    organisation: str
    team: str
    state: AlertState
    owner: str
    owner_name: str
    raised_at: datetime
    due_at: datetime | None
    level: int


def changes_of(compartments: Collection[int], keys: Collection[str]) -> dict[str, Kept]:
    """Changes of these compartments or keys (a merge moves a stay to another compartment), by key; locked."""
    with prepared() as cursor:
        cursor.execute(
            "SELECT id, key, stay, compartment_id, kind, happened_at, place, doubt, state FROM coordination_change "
            "WHERE compartment_id = ANY (%s::bigint[]) OR key = ANY (%s::text[]) ORDER BY id FOR UPDATE",
            [list(compartments), list(keys)],
        )
        return {row[1]: Kept(row[0], row[1], row[2], row[3], Kind(row[4]), *row[5:]) for row in cursor.fetchall()}


def changed_compartments(compartments: Collection[int]) -> set[int]:
    """Those of ``compartments`` about which any change is kept."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT compartment_id FROM coordination_change WHERE compartment_id = ANY (%s)",
            [list(compartments)],
        )
        return {row[0] for row in cursor.fetchall()}


def told_of_death(compartments: Collection[int], but: str) -> bool:
    """Whether a registered death of these compartments' person is kept already, told by another than ``but``."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM coordination_change WHERE compartment_id = ANY (%s) AND kind = %s "
            "AND key <> %s AND state <> 'withdrawn')",
            [list(compartments), Kind.DEATH_REGISTERED.value, but],
        )
        return bool(cursor.fetchone()[0])


def add_change(milestone: Milestone, source: str, state: str, now: datetime) -> Kept:
    """Keep a change that was not."""
    with prepared() as cursor:
        cursor.execute(
            "INSERT INTO coordination_change (key, stay, source, compartment_id, category, kind, happened_at, place, "
            "doubt, state, noted_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
            [
                milestone.key, milestone.stay, source, milestone.compartment, milestone.category, milestone.kind.value,
                milestone.happened, milestone.place, milestone.doubt, state, now,
            ],
        )  # fmt: skip
        ident = cursor.fetchone()[0]
    m = milestone
    return Kept(ident, m.key, m.stay, m.compartment, m.kind, m.happened, m.place, m.doubt, state)


def correct_change(kept: Kept, milestone: Milestone) -> bool:
    """Bring what a change says to what is said now; whether a reader would notice."""
    noticed = (kept.happened, kept.place, kept.doubt) != (milestone.happened, milestone.place, milestone.doubt)
    if noticed or kept.compartment != milestone.compartment:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE coordination_change SET happened_at = %s, place = %s, doubt = %s, compartment_id = %s, "
                "category = %s WHERE id = %s",
                [milestone.happened, milestone.place, milestone.doubt, milestone.compartment, milestone.category,
                 kept.id],
            )  # fmt: skip
            cursor.execute(
                "UPDATE coordination_alert SET compartment_id = %s WHERE change_id = %s",
                [milestone.compartment, kept.id],
            )
    return noticed


def set_change(kept: Kept, state: str) -> None:
    """Move a change."""
    kept.state = state
    with connection.cursor() as cursor:
        cursor.execute("UPDATE coordination_change SET state = %s WHERE id = %s", [state, kept.id])


def alerts_of(change: int) -> list[Alert]:
    """The alerts of a change, locked."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, organisation, team, state, owner, owner_name, raised_at, due_at, level FROM coordination_alert "
            "WHERE change_id = %s ORDER BY id FOR UPDATE",
            [change],
        )
        return [_alert(row) for row in cursor.fetchall()]


def _alert(row: tuple[Any, ...]) -> Alert:
    values = list(row)
    values[3] = AlertState(row[3])
    return Alert(*values)


def move(alert: Alert, step: AlertStep, now: datetime, words: str = "") -> None:
    """Take a step that messages cause, with its row in the alert's history."""
    state = step_after(alert.state, step, owned=bool(alert.owner))
    ended = now if state in (AlertState.SUPERSEDED, AlertState.WITHDRAWN, AlertState.CLOSED) else None
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE coordination_alert SET state = %s, ended_at = %s WHERE id = %s", [state, ended, alert.id]
        )
        if step is AlertStep.WITHDRAW:  # news for who saw it, and nothing to see for who did not
            cursor.execute(
                "UPDATE coordination_recipient SET seen_at = CASE WHEN seen_at IS NULL THEN %s END WHERE alert_id = %s",
                [now, alert.id],
            )
        elif step in (AlertStep.RESTORE, AlertStep.CORRECT):
            cursor.execute("UPDATE coordination_recipient SET seen_at = NULL WHERE alert_id = %s", [alert.id])
    alert.state = state
    history([alert.id], step, now, words)


def history(alerts: Iterable[int], step: str, now: datetime, words: str = "") -> None:
    """Write a step of the service's into the history of alerts."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO coordination_step (alert_id, at, actor, step, words) VALUES (%s, %s, %s, %s, %s)",
            [[alert, now, SERVICE, step, words] for alert in alerts],
        )


def add_alert(
    kept: Kept,
    organisation: str,
    team: str,
    accounts: Mapping[str, Why],
    now: datetime,
    due: datetime | None,
    level: int,
    narrow: bool,
) -> int:
    """Raise an alert and tell it to accounts, in one statement."""
    with prepared() as cursor:
        cursor.execute(
            _RAISE,
            [
                kept.id, kept.compartment, kept.kind.value, organisation, team, now, due, level, narrow,
                list(accounts), [why.value for why in accounts.values()], SERVICE, AlertStep.RAISE.value,
            ],
        )  # fmt: skip
        ident: int = cursor.fetchone()[0]
    return ident


def tell(alert: int, accounts: Iterable[str], now: datetime, level: int) -> int:
    """Add accounts an alert is told to; how many were not told before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO coordination_recipient (alert_id, account, level, told_at, why) "
            "SELECT %s, account, %s, %s, 'escalated' FROM unnest(%s::text[]) AS account ON CONFLICT DO NOTHING",
            [alert, level, now, sorted(set(accounts))],
        )
        return int(cursor.rowcount)


def told_of(alert: int) -> dict[str, Why]:
    """The accounts an alert was told to, and why."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT account, why FROM coordination_recipient WHERE alert_id = %s ORDER BY account", [alert])
        return {account: Why(why) for account, why in cursor.fetchall()}


def suspend(stay: str, referrals: Iterable[tuple[int, str, str, str, str]], now: datetime) -> None:
    """Suspend referrals (compartment, category, organisation, type, id) beside a stay, unless they were before."""
    rows: list[list[Any]] = [[stay, *referral, now] for referral in referrals]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO coordination_suspension (stay, compartment_id, category, organisation, resource_type, "
            "resource_id, since) VALUES (%s, %s, %s, %s, %s, %s, %s) "
            "ON CONFLICT (stay, resource_type, resource_id) DO NOTHING",
            rows,
        )


def move_suspensions(stay: str, step: SuspensionStep) -> None:
    """Take a step that messages cause with every referral beside a stay."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, state FROM coordination_suspension WHERE stay = %s FOR UPDATE", [stay])
        for ident, state in cursor.fetchall():
            reached = suspended_after(SuspensionState(state), step)
            if reached != state:
                cursor.execute("UPDATE coordination_suspension SET state = %s WHERE id = %s", [reached, ident])


def count_untold(day: datetime, source: str, reason: str, changes: int) -> None:
    """Count changes that nobody was told of, and why."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO coordination_untold AS held (day, source, reason, changes) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (day, source, reason) DO UPDATE SET changes = held.changes + excluded.changes",
            [day.date(), source, reason, changes],
        )


def announce(organisations: Iterable[str]) -> None:
    """Wake whoever waits for news, once this transaction is committed."""
    values: list[Any] = sorted(set(organisations))
    with connection.cursor() as cursor:
        for organisation in values:
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, organisation])


def open_alerts() -> int:
    """How many alerts are open, whoever's they are; as the batch role."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM coordination_alert WHERE state = 'open'")
        return int(cursor.fetchone()[0])
