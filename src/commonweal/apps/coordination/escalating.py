"""What nobody has acknowledged in time is told to more people, by the dated rules.

Done by the process that raises alerts, and not by the worker: an import that takes the worker an hour must not hold up
an escalation.
"""

from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from commonweal.apps.coordination import recipients, storing
from commonweal.apps.coordination.recipients import Person
from commonweal.apps.coordination.rules import day, rules
from commonweal.apps.identity import api as identity
from commonweal.domain.coordination.alerts import AlertStep, Kind

MOST = 500
_WORDS = {"team": "the team", "duty": "the duty desk", "organisation": "everybody it may be told to"}


def escalate(now: datetime | None = None) -> int:
    """Escalate every open alert whose time has come, as the batch role; how many were."""
    moment = now or settings.COMMONWEAL_NOW()
    done = 0
    recipients.fresh()
    with transaction.atomic():
        for row in _due(moment):
            _one(moment, *row)
            done += 1
    return done


def _due(now: datetime) -> list[tuple[int, int, str, str, str, str, datetime, int, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.id, a.compartment_id, c.category, a.kind, a.organisation, a.team, a.raised_at, a.level, a.narrow "
            "FROM coordination_alert a JOIN coordination_change c ON c.id = a.change_id "
            "WHERE a.state = 'open' AND a.due_at <= %s ORDER BY a.due_at LIMIT %s FOR UPDATE OF a SKIP LOCKED",
            [now, MOST],
        )
        return list(cursor.fetchall())


def _one(
    now: datetime,
    alert: int,
    compartment: int,
    category: str,
    kind: str,
    organisation: str,
    team: str,
    raised: datetime,
    level: int,
    narrow: bool,
) -> None:
    """The next step of its kind's rule; past the last, an alert stays where it is and is due no more."""
    known = rules(raised.date())
    rule = known.kinds[Kind(kind)]
    steps = rule.steps(narrow)[level : level + 1]
    due = rule.due(raised, level + 1, narrow=narrow)  # counted from the alert, not from an escalation that came late
    person_id = identity.person_of(compartment)
    added = 0
    if steps and person_id is not None:
        person = Person(person_id, identity.compartments_of(person_id))
        to = recipients.reached(
            person, compartment, category, Kind(kind), organisation, known, steps[0].to, on=day(now), team=team
        )
        added = storing.tell(alert, to, now, level + 1)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE coordination_alert SET level = %s, due_at = %s WHERE id = %s", [level + len(steps), due, alert]
        )
    if steps:
        words = f"to {_WORDS[steps[0].to]}: {added} more"
        storing.history([alert], AlertStep.ESCALATE, now, words)
        storing.announce([organisation])
