"""What a worker does with an alert: take it on, hand it back, close it; and decide about a referral it suspended.

Each is one access session: the alert was told to the worker, and the gate opens the person to them now.
"""

from django.db import connection

from commonweal.apps.access import api as access
from commonweal.apps.coordination import selectors
from commonweal.apps.coordination.storing import announce
from commonweal.domain.coordination.alerts import (
    BY_PEOPLE,
    AlertError,
    AlertState,
    AlertStep,
    SuspensionState,
    SuspensionStep,
    after,
    suspended_after,
)

_LEAST = 5  # characters of why an alert is closed or handed back


def take_step(actor: access.Actor, alert_id: int, step: AlertStep, words: str = "") -> None:
    """Acknowledge (and own), release, close, or note the withdrawal of an alert told to the actor.

    Raises:
        Refused: the person is not open to the actor now, or they are no care staff.
        AlertError: no such alert, somebody else owns it, it does not allow the step, or a reason is missing.
    """
    said = " ".join(words.split())[:1000]
    with selectors.as_worker(actor, f"alert {step}", f"alert {alert_id}") as session:
        row = selectors.one(alert_id)
        if row is None or step not in BY_PEOPLE:
            raise AlertError("There is no such alert.")
        selectors.opened(session, row)
        if step is AlertStep.ACKNOWLEDGE and row.state is AlertState.ACKNOWLEDGED:
            who = "you" if row.owner == actor.key else row.owner_name
            raise AlertError(f"{who.capitalize() if who == 'you' else who} already took this alert on.")
        if step in (AlertStep.RELEASE, AlertStep.CLOSE) and row.owner != actor.key:
            raise AlertError("Only the one who took this alert on can do that.")
        if step in (AlertStep.RELEASE, AlertStep.CLOSE) and len(said) < _LEAST:
            raise AlertError("Say what you did, or why you hand it back, in a few words.")
        state = after(row.state, step)
        now = session.now
        with connection.cursor() as cursor:
            if step is AlertStep.ACKNOWLEDGE:
                cursor.execute(
                    "UPDATE coordination_alert SET state = %s, owner = %s, owner_name = %s, "
                    "acknowledged_at = coalesce(acknowledged_at, %s), due_at = NULL WHERE id = %s",
                    [state, actor.key, actor.name, now, alert_id],
                )
            elif step is AlertStep.RELEASE:  # nobody's again: it is due at once, so that somebody else is told
                cursor.execute(
                    "UPDATE coordination_alert SET state = %s, owner = '', owner_name = '', due_at = %s WHERE id = %s",
                    [state, now, alert_id],
                )
            else:
                cursor.execute(
                    "UPDATE coordination_alert SET state = %s, ended_at = %s WHERE id = %s", [state, now, alert_id]
                )
            cursor.execute(
                "INSERT INTO coordination_step (alert_id, at, actor, name, step, words) "
                "VALUES (%s, %s, %s, %s, %s, %s)",
                [alert_id, now, actor.key, actor.name, step, said],
            )
        announce([row.organisation])


def decide(actor: access.Actor, alert_id: int, referral_id: int, step: SuspensionStep) -> None:
    """Confirm the withdrawal of a referral of the actor's own organisation, or resume it. The source is not changed.

    Raises:
        Refused: the person is not open to the actor now, or their role may not write about them.
        AlertError: no such alert or referral, another organisation holds it, or it has been decided.
    """
    with selectors.as_worker(actor, f"referral {step}", f"alert {alert_id}") as session:
        row = selectors.one(alert_id)
        if row is None or step not in (SuspensionStep.CONFIRM, SuspensionStep.RESUME):
            raise AlertError("There is no such alert.")
        scope, _ = selectors.opened(session, row)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT s.organisation, s.category, s.state FROM coordination_suspension s "
                "JOIN coordination_change c ON c.stay = s.stay WHERE s.id = %s AND c.id = %s FOR UPDATE OF s",
                [referral_id, row.change],
            )
            held = cursor.fetchone()
            if held is None:
                raise AlertError("There is no such referral beside this alert.")
            if held[0] != actor.organisation:
                raise AlertError("Only the organisation that holds this referral can decide about it.")
            if held[1] not in scope.may_write:
                raise access.Refused(access.RefusedKind.NOT_PERMITTED, "Your role does not allow this for this person.")
            state = suspended_after(SuspensionState(held[2]), step)
            cursor.execute(
                "UPDATE coordination_suspension SET state = %s, decided_by = %s, decided_at = %s WHERE id = %s",
                [state, actor.name, session.now, referral_id],
            )
            cursor.execute(
                "INSERT INTO coordination_step (alert_id, at, actor, name, step) VALUES (%s, %s, %s, %s, %s)",
                [alert_id, session.now, actor.key, actor.name, f"referral_{step}"],
            )
