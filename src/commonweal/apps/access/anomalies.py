"""Audit review: looks that the rules raise, put before the privacy officer once, and closed with a reason."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from commonweal.apps.access.actions import service_run
from commonweal.apps.access.anomaly_rules import rules
from commonweal.apps.access.models import User
from commonweal.apps.access.session import session
from commonweal.domain.access.anomalies import Known, Raised, Rule, Seen, Staff, Subject, busiest, raised
from commonweal.domain.access.cases import CaseError
from commonweal.domain.access.scope import Actor
from commonweal.domain.access.vocabulary import CARE_ROLES, Purpose, Role
from commonweal.fhir.normalise import name_key

MOST = 200
FINDINGS = ("explained", "followed_up")


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One thing raised. ``person_id`` is None for a volume; ``finding`` and what follows are empty until closed."""

    id: int
    rule: Rule
    actor: str
    role: str
    organisation: str
    looked_on: date
    person_id: UUID | None
    why: str
    raised_at: datetime
    finding: str
    words: str
    closed_by: str
    closed_at: datetime | None
    name: str


@dataclass(frozen=True, slots=True)
class Watched:
    """A person whose record the officer watches; ``account``: the member of staff they are, if they are one."""

    person_id: UUID
    account: str
    why: str
    added_by: str
    added_at: datetime


def review_audit(known: Known, until: date, days: int = 14) -> dict[str, int]:
    """Judge the looks of the ``days`` before ``until``, and the whole weeks in them. How many were raised, by rule.

    Run as often as you like: what has been raised is not raised again. ``known`` tells surname and address keys of
    compartments. As the batch role; audited as a run.
    """
    since = until - timedelta(days=days)
    with service_run("audit-review", f"{since} to {until}"), transaction.atomic():
        seen = _seen(since, until)
        staff, subjects = _parties(seen, known)
        found: list[Raised] = []
        for day in sorted({look.at.date() for look in seen}):
            found += raised([one for one in seen if one.at.date() == day], staff, subjects, rules(day))
        monday = since + timedelta(days=-since.weekday() % 7)
        while monday + timedelta(days=7) <= until:
            week = [one for one in seen if monday <= one.at.date() < monday + timedelta(days=7)]
            found += busiest(week, monday, rules(monday))
            monday += timedelta(days=7)
        return _keep(found)


# Emergencies are cases already, and come to the officer at once.
_LOOKS = """
SELECT DISTINCT ON (a.actor, s.person_id, date_trunc('minute', a.at))
    a.actor, a.role, a.organisation, s.person_id, s.compartments, a.at
FROM access_audit a JOIN access_audit_subject s ON s.audit_id = a.id
WHERE a.at >= %s AND a.at < %s AND a.role = ANY (%s) AND a.purpose <> 'emergency' AND s.outcome = 'allowed'
ORDER BY a.actor, s.person_id, date_trunc('minute', a.at), a.id
"""


def _seen(since: date, until: date) -> list[Seen]:
    begins, ends = (datetime.combine(day, time(), UTC) for day in (since, until))
    with connection.cursor() as cursor:
        cursor.execute(_LOOKS, [begins, ends, [role.value for role in CARE_ROLES]])
        return [
            Seen(actor, Role(role), organisation, person, tuple(compartments), at.astimezone(UTC))
            for actor, role, organisation, person, compartments, at in cursor.fetchall()
        ]


def _parties(seen: Collection[Seen], known: Known) -> tuple[dict[str, Staff], dict[UUID, Subject]]:
    """What is known of the accounts that looked and of the people they looked at."""
    compartments: dict[UUID, set[int]] = {}
    for look in seen:
        compartments.setdefault(look.person_id, set()).update(look.compartments)
    with connection.cursor() as cursor:
        cursor.execute("SELECT person_id, account FROM access_watched")
        watched: dict[UUID, str] = dict(cursor.fetchall())
        cursor.execute(
            "SELECT s.person_id, array_agg(DISTINCT c) FROM access_audit_subject s, unnest(s.compartments) c "
            "WHERE s.person_id = ANY (%s) GROUP BY 1",
            [[person for person, account in watched.items() if account]],
        )
        for person, theirs in cursor.fetchall():
            compartments.setdefault(person, set()).update(theirs)
    said = known(sorted({one for some in compartments.values() for one in some}))
    keys = {
        person: (
            frozenset(said[one][0] for one in some if one in said and said[one][0]),
            frozenset(said[one][1] for one in some if one in said and said[one][1]),
        )
        for person, some in compartments.items()
    }
    own = {account: person for person, account in watched.items() if account}
    staff = {
        f"user:{username}": Staff(
            name=name_key(name),
            organisation=organisation,
            person_id=own.get(username),
            addresses=keys.get(own[username], (frozenset(), frozenset()))[1] if username in own else frozenset(),
        )
        for username, name, organisation in User.objects.exclude(role=Role.CITIZEN).values_list(
            "username", "name", "organisation"
        )
    }
    subjects = {
        person: Subject(
            *keys[person],
            staff_account=f"user:{watched[person]}" if watched.get(person) else "",
            watched=person in watched and not watched[person],
        )
        for person in keys
    }
    return staff, subjects


def _keep(found: Collection[Raised]) -> dict[str, int]:
    counts = {rule.value: 0 for rule in Rule}
    with connection.cursor() as cursor:
        for one in found:
            cursor.execute(
                "INSERT INTO access_anomaly (rule, actor, role, organisation, looked_on, person_id, compartments, why) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [
                    one.rule,
                    one.actor,
                    one.role,
                    one.organisation,
                    one.on,
                    one.person_id,
                    list(one.compartments),
                    one.why,
                ],
            )
            counts[one.rule] += cursor.rowcount
    return counts


def anomalies(actor: Actor) -> tuple[list[Anomaly], list[Anomaly]]:
    """The open, oldest first, and the newest closed. Raises ``Refused`` for anybody but the officer."""
    with session(actor, Purpose.INFORMATION_GOVERNANCE, "review audit") as opened:
        opened.review()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT n.id, n.rule, n.actor, n.role, n.organisation, n.looked_on, n.person_id, n.why, n.raised_at, "
                "coalesce(n.finding, ''), n.words, n.closed_by, n.closed_at, coalesce(u.name, '') "
                "FROM access_anomaly n LEFT JOIN access_user u ON 'user:' || u.username = n.actor "
                "ORDER BY n.finding IS NOT NULL, CASE WHEN n.finding IS NULL THEN n.id ELSE -n.id END LIMIT %s",
                [MOST],
            )
            found = [Anomaly(ident, Rule(rule), *rest) for ident, rule, *rest in cursor.fetchall()]
    return [one for one in found if not one.finding], [one for one in found if one.finding]


def close(actor: Actor, ident: int, finding: str, words: str) -> None:
    """Close one with what was found and why: *explained*, or *followed_up* with the one who looked.

    Raises:
        Refused: the actor reviews no access.
        CaseError: no such open one, no finding, or fewer than ten characters of reason.
    """
    said = " ".join(words.split())[:1000]
    if finding not in FINDINGS:
        raise CaseError("Choose what you found.")
    if len(said) < 10:
        raise CaseError("Say why, in ten characters or more.")
    with session(actor, Purpose.INFORMATION_GOVERNANCE, "review audit", f"anomaly {ident} {finding}") as opened:
        opened.review()
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE access_anomaly SET finding = %s, words = %s, closed_by = %s, closed_at = %s "
                "WHERE id = %s AND finding IS NULL",
                [finding, said, actor.key, timezone.now(), ident],
            )
            if not cursor.rowcount:
                raise CaseError("This one is closed already, or there is none. Open the list again.")


def watched(actor: Actor) -> list[Watched]:
    """The officer's list of records to watch, newest first. Raises ``Refused``."""
    with session(actor, Purpose.INFORMATION_GOVERNANCE, "review audit", "watched") as opened:
        opened.review()
        with connection.cursor() as cursor:
            cursor.execute("SELECT person_id, account, why, added_by, added_at FROM access_watched ORDER BY 5 DESC")
            return [Watched(*row) for row in cursor.fetchall()]


def watch(actor: Actor, person: str, account: str, why: str) -> None:
    """Add somebody to the list, or say anew why; with ``account``, as the member of staff who signs in by it.

    Raises:
        Refused: the actor reviews no access.
        CaseError: no person's identifier, no such account, or fewer than ten characters of reason.
    """
    said, username = " ".join(why.split())[:1000], account.strip()
    try:
        person_id = UUID(person.strip())
    except ValueError:
        raise CaseError("Give the person’s identifier, as a case shows it.", "person") from None
    if username and not User.objects.filter(username=username).exclude(role=Role.CITIZEN).exists():
        raise CaseError("No member of staff signs in by that name.", "account")
    if len(said) < 10:
        raise CaseError("Say why, in ten characters or more.", "why")
    with session(actor, Purpose.INFORMATION_GOVERNANCE, "watch a record") as opened:
        opened.review(person_id)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM access_watched WHERE person_id = %s", [person_id])
            cursor.execute(
                "INSERT INTO access_watched (person_id, account, why, added_by) VALUES (%s, %s, %s, %s)",
                [person_id, username, said, actor.key],
            )


def unwatch(actor: Actor, person: str) -> None:
    """Take somebody off the list. Raises ``Refused``; ``CaseError`` for no identifier."""
    try:
        person_id = UUID(person)
    except ValueError:
        raise CaseError("Nobody of that identifier is on the list.") from None
    with session(actor, Purpose.INFORMATION_GOVERNANCE, "watch a record no more") as opened:
        opened.review(person_id)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM access_watched WHERE person_id = %s", [person_id])
