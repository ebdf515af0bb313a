"""From the exchange's outbox to alerts: what a person's record says now, held against what was told before.

One transaction takes rows of the outbox, brings the alerts of their people to what the record says, and drops the rows:
killed at any moment it is done once or not at all, and done again it changes nothing. Only one process raises at a
time, so that no stale reading is written over a fresh one.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

import orjson
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction

from commonweal.apps.coordination import caseload, recipients, storing
from commonweal.apps.coordination.milestones import PDS, Milestone, Said, milestones, traced_death
from commonweal.apps.coordination.recipients import Person
from commonweal.apps.coordination.rules import Rules, day, rules
from commonweal.apps.exchange import api as exchange
from commonweal.apps.identity import api as identity
from commonweal.apps.record import api as record
from commonweal.domain.coordination.alerts import AlertState, AlertStep, Kind, SuspensionStep, standing
from commonweal.domain.coordination.caseload import Allocation

log = logging.getLogger(__name__)
MOST = 100  # rows of the outbox in one transaction
AGAIN = timedelta(minutes=1)  # until a number that is not linked yet is looked at again
TURN = 62_065  # the advisory lock of whoever raises
LATE, UNLINKED, NOBODY, FAILED = "late", "unlinked", "nobody", "failed"
_LIVE = (AlertState.OPEN, AlertState.ACKNOWLEDGED)
_Before = dict[tuple[str, str, str], storing.Alert]


@dataclass(slots=True)
class _Run:
    """One transaction's work."""

    now: datetime
    rules: Rules
    announced: set[str]
    deaths: Mapping[int, date] = field(default_factory=dict)  # by compartment: what PDS answered a trace with

    @property
    def day(self) -> date:
        """The day it is."""
        return day(self.now)


def work_off() -> int:
    """Take what waits in the outbox, at most ``MOST`` rows, as the batch role; how many rows were taken.

    A record that cannot be read must not stop the alerts about everybody else: its row is put off, and logged.
    """
    try:
        with transaction.atomic():
            changes = exchange.changes.take(MOST) if _alone() else []
            if changes:
                _act(changes)
        return len(changes)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("alerts could not be raised together; each change is tried alone")
    return _one_by_one()


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [TURN])
        return bool(cursor.fetchone()[0])


def _one_by_one() -> int:
    taken = 0
    while taken < MOST:
        with transaction.atomic():
            changes = exchange.changes.take(1) if _alone() else []
            for change in changes:
                try:
                    with transaction.atomic():
                        _act([change])
                except (OperationalError, InterfaceError):
                    raise
                except Exception:
                    log.exception("change %s raised no alert and is put off", change.id)
                    _put_off(change)
        if not changes:
            break
        taken += len(changes)
    return taken


def _put_off(change: exchange.changes.Change) -> None:
    now = settings.COMMONWEAL_NOW()
    if now - change.noted_at > rules(now.date()).link:
        storing.count_untold(now, change.source, FAILED, 1)
        exchange.changes.done([change.id])
    else:
        exchange.changes.later([change.id], now + AGAIN)


def _act(everything: list[exchange.changes.Change]) -> None:
    now = settings.COMMONWEAL_NOW()
    recipients.fresh()
    changes = _allocated(everything, now)
    if not changes:
        return
    run = _Run(now, rules(now.date()), set())
    keys = {(change.source, number) for change in changes for number in change.people}
    compartments = record.compartments(keys)
    told = storing.changed_compartments(compartments.values())
    people = identity.people_of(compartments.values())
    longest = max(kind.late for kind in run.rules.kinds.values())
    acting: list[tuple[exchange.changes.Change, list[int]]] = []
    untold: dict[tuple[str, str], int] = defaultdict(int)
    waiting: list[int] = []
    for change in changes:
        own = [found for number in change.people if (found := compartments.get((change.source, number)))]
        if not told.intersection(own) and now - change.happened_at > longest:
            untold[change.source, LATE] += 1
        elif any(one not in people for one in own):
            if now - change.noted_at > run.rules.link:
                untold[change.source, UNLINKED] += 1
            else:
                waiting.append(change.id)
        elif own:
            acting.append((change, own))
    exchange.changes.later(waiting, now + AGAIN)
    exchange.changes.done({change.id for change in changes} - set(waiting))
    if acting:
        linked = identity.compartments_of_many({people[one] for _, own in acting for one in own})
        run.deaths = identity.registered_deaths({one for theirs in linked.values() for one in theirs})
        known: dict[int, Person] = {}
        for source in {change.source for change, _ in acting}:
            mine = [one for change, own in acting if change.source == source for one in own]
            theirs = {one: kind for person in mine for one, kind in linked.get(people[person], {}).items()}
            services, allocated = recipients.services(theirs, source), caseload.allocations(theirs, run.day)
            known |= {one: _person(people[one], linked.get(people[one], {}), services, allocated) for one in mine}
        said = _said({one for _, own in acting for one in own})
        for change, own in acting:
            late = _bring(run, change.source, own, said, known)
            if late:
                untold[change.source, LATE] += late
    for (source, reason), many in untold.items():
        storing.count_untold(now, source, reason, many)
    storing.announce(run.announced)


def _allocated(changes: list[exchange.changes.Change], now: datetime) -> list[exchange.changes.Change]:
    """Act on those that only say who works with whom; the others."""
    lists = [change for change in changes if change.resource == exchange.changes.ALLOCATION]
    if lists:
        keys = {(change.source, number) for change in lists for number in change.people}
        caseload.bring(record.compartments(keys).values(), now)
        exchange.changes.done({change.id for change in lists})
    return [change for change in changes if change.resource != exchange.changes.ALLOCATION]


def _person(
    person_id: UUID,
    compartments: Mapping[int, str],
    services: Mapping[int, list[record.Stored]],
    allocated: Mapping[int, list[Allocation]],
) -> Person:
    own = {one: allocated[one] for one in compartments if one in allocated}
    return Person(person_id, compartments, services, own)


def _said(compartments: Collection[int]) -> dict[int, list[Said]]:
    return {
        compartment: [Said(compartment, one.category, orjson.loads(one.body)) for one in rows]
        for compartment, rows in record.standing(compartments, ["Encounter", "Patient"]).items()
    }


def _bring(
    run: _Run, source: str, compartments: list[int], said: Mapping[int, list[Said]], known: Mapping[int, Person]
) -> int:
    """Bring the alerts about one person's compartments to what is said of them; how many changes came too late."""
    everything = [one for compartment in compartments for one in said.get(compartment, ())]
    wanted = {one.key: one for one in milestones(source, everything, run.rules.classes, run.rules.died_ways)}
    person = known[compartments[0]]
    died = sorted(one for one in person.compartments if one in run.deaths)
    deaths = {one.key: one for one in (traced_death(record, run.deaths[record]) for record in died[:1])}
    kept = storing.changes_of(compartments, [*wanted, *deaths])
    for death in deaths.values():
        wanted |= {one.key: one for one in _as_told(death, kept.values())}
    late = 0
    fresh: list[Milestone] = []
    latest = _latest(wanted.values())
    for key, change in kept.items():
        if key not in wanted and change.state != "withdrawn":
            _withdraw(run, change)
    for key, milestone in wanted.items():
        if key in kept:
            if storing.correct_change(kept[key], milestone):
                _correct(run, kept[key])
            kept[key].happened = milestone.happened
            continue
        registered = milestone.kind is Kind.DEATH_REGISTERED
        if registered and storing.told_of_death(person.compartments, key):
            continue  # by another source: it is one death
        limit = run.rules.kinds[milestone.kind].late
        if run.now - milestone.happened > limit:
            late += 1
        else:
            fresh.append(milestone)
    for milestone in fresh:
        state = "live" if latest[milestone.stay].key == milestone.key else "superseded"
        kept[milestone.key] = storing.add_change(milestone, milestone.told_by or source, state, run.now)
    before, bare = _supersede(run, kept, wanted, latest)
    for milestone in fresh:
        if kept[milestone.key].state == "live":
            bare.append(milestone)
        if run.rules.kinds[milestone.kind].suspends:
            storing.suspend(milestone.stay, recipients.referrals(person), run.now)
    for milestone in sorted(bare, key=lambda one: one.happened):
        _raise(run, milestone.told_by or source, kept[milestone.key], milestone, person, before)
    return late


def _as_told(death: Milestone, kept: Iterable[storing.Kept]) -> Iterable[Milestone]:
    """A traced death by the keys it was told under: of another of the person's records, before they were linked."""
    before = [one for one in kept if one.key.startswith(f"{PDS}|")]
    told = [one.key for one in before if one.state != "withdrawn"] or [one.key for one in before[:1]] or [death.key]
    return [replace(death, key=key, stay=key) for key in told]


def _latest(wanted: Iterable[Milestone]) -> dict[str, Milestone]:
    stays: dict[str, list[Milestone]] = defaultdict(list)
    for one in wanted:
        stays[one.stay].append(one)
    return {stay: last for stay, several in stays.items() if (last := standing(several)) is not None}


def _withdraw(run: _Run, change: storing.Kept) -> None:
    """What is not said any more: its alerts are withdrawn, and what it suspended is restored."""
    storing.set_change(change, "withdrawn")
    for alert in storing.alerts_of(change.id):
        if alert.state is not AlertState.WITHDRAWN:
            storing.move(alert, AlertStep.WITHDRAW, run.now)
            run.announced.add(alert.organisation)
    if run.rules.kinds[change.kind].suspends:
        storing.move_suspensions(change.stay, SuspensionStep.CANCELLED)


def _correct(run: _Run, change: storing.Kept) -> None:
    for alert in storing.alerts_of(change.id):
        if alert.state in _LIVE:
            storing.move(alert, AlertStep.CORRECT, run.now)
            run.announced.add(alert.organisation)


def _supersede(
    run: _Run, kept: Mapping[str, storing.Kept], wanted: Mapping[str, Milestone], latest: Mapping[str, Milestone]
) -> tuple[_Before, list[Milestone]]:
    """Let the latest change of each stay stand for it.

    Returns the open alerts it takes the place of, by (stay, organisation, team): who was told of these, and when they
    would escalate, goes over to it. And what now stands although nobody was ever told: it came together with what
    followed it, and that was cancelled.
    """
    before: _Before = {}
    bare: list[Milestone] = []
    for key, change in kept.items():
        if key not in wanted:
            continue
        state = "live" if latest[change.stay].key == key else "superseded"
        again = change.state == "withdrawn"
        if change.state == state:
            continue
        storing.set_change(change, state)
        alerts = storing.alerts_of(change.id)
        if state == "live" and not alerts:
            bare.append(wanted[key])
        for alert in alerts:
            if state == "superseded" and alert.state in _LIVE:
                if alert.state is AlertState.OPEN:
                    before[change.stay, alert.organisation, alert.team] = alert
                storing.move(alert, AlertStep.SUPERSEDE, run.now)
            elif state == "live" and alert.state in (AlertState.SUPERSEDED, AlertState.WITHDRAWN):
                storing.move(alert, AlertStep.RESTORE, run.now)
            run.announced.add(alert.organisation)
        if again and run.rules.kinds[change.kind].suspends:
            storing.move_suspensions(change.stay, SuspensionStep.AGAIN)
    return before, bare


def _raise(
    run: _Run,
    source: str,
    change: storing.Kept,
    milestone: Milestone,
    person: Person,
    before: _Before,
) -> None:
    rule = run.rules.kinds[milestone.kind]
    organisations = recipients.related(person, source, run.rules)
    told = recipients.whom(
        person, milestone.compartment, milestone.category, milestone.kind, organisations, run.rules, run.day
    )
    if organisations and not told:
        storing.count_untold(run.now, source, NOBODY, 1)
    for one in told:
        earlier = before.get((change.stay, one.organisation, one.team))
        narrow = one.narrow and (earlier is None or not earlier.level)
        due, level, accounts = rule.due(run.now, 0, narrow=narrow), 0, dict(one.accounts)
        if earlier is not None:  # nobody has taken it on yet: its time runs on, and who was told by then stays told
            due = min((at for at in (due, earlier.due_at) if at is not None), default=None)
            allowed = recipients.reached(
                person, milestone.compartment, milestone.category, milestone.kind, one.organisation, run.rules, "all",
                on=run.day,
            )  # fmt: skip
            before_told = storing.told_of(earlier.id)
            accounts = {account: why for account, why in before_told.items() if account in allowed} | accounts
        storing.add_alert(change, one.organisation, one.team, accounts, run.now, due, level, narrow)
        run.announced.add(one.organisation)
