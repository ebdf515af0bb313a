"""A feed that has stopped is an alert to its owner: raised from the exchange's notices, escalated, ended by itself.

Owners are dated rows of the exchange (``exchange.owner_of``). A feed that is nobody's, or whose owner has no open
account that the gate lets read feeds, is every administrator's. Nothing in here is about a person.
"""

import logging
from collections.abc import Mapping
from datetime import date, datetime

from django.conf import settings
from django.db import connection, transaction

from commonweal.apps.access import api as access
from commonweal.apps.coordination import caseload
from commonweal.apps.coordination.rules import FeedRule, day, rules
from commonweal.apps.coordination.storing import SERVICE, announce
from commonweal.apps.exchange import api as exchange
from commonweal.domain.coordination.alerts import AlertState, AlertStep, after
from commonweal.domain.coordination.caseload import away, stand_in

log = logging.getLogger(__name__)
_WORDS = {"team": "the team", "organisation": "the organisation", "administrators": "the administrators"}
_HEARD = "The feed is heard again"


def bring(now: datetime | None = None) -> int:
    """Raise, escalate and end alerts about feeds, as the batch role; how many were raised, escalated or ended.

    An alert ends when its notice is closed and not before: one of a trouble that the rule of the day names no more
    was told, and is still so.
    """
    moment = now or settings.COMMONWEAL_NOW()
    rule = rules(day(moment)).feeds
    standing = {one.id: one for one in exchange.notices(standing=True, limit=None)}
    with transaction.atomic():
        held = _held(list(standing))
        over = [alert for notice, (alert, _, _) in held.items() if notice not in standing]
        done = sum(_end(alert, moment) for alert in over)
        for ident, notice in standing.items():
            if ident not in held and notice.trouble in rule.troubles:
                done += _raise(notice, rule, moment)
            elif ident in held and held[ident][2] != notice.message:
                _say(held[ident][0], notice.message)
        return done + _escalate(rule, moment)


def _held(standing: list[int]) -> dict[int, tuple[int, AlertState, str]]:
    """Alerts that are not over, or of which the notice stands, by notice, locked: (id, state, message)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT notice_id, id, state, message FROM coordination_feed_alert "
            "WHERE state IN ('open', 'acknowledged') OR notice_id = ANY (%s) ORDER BY id FOR UPDATE",
            [standing],
        )
        return {row[0]: (row[1], AlertState(row[2]), row[3]) for row in cursor.fetchall()}


def _raise(notice: exchange.NoticeView, rule: FeedRule, now: datetime) -> int:
    owner = _owner(notice.feed, notice.source, day(now))
    told, organisations = _owners(owner, day(now))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO coordination_feed_alert (notice_id, source, feed, message, owned_by, raised_at, due_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (notice_id) DO NOTHING RETURNING id",
            [
                notice.id, notice.source, notice.feed, notice.message, owner.words if owner else "", now,
                rule.due(now, 0),
            ],
        )  # fmt: skip
        row = cursor.fetchone()
    if row is None:
        return 0
    _tell(row[0], told, 0, now)
    _note(row[0], AlertStep.RAISE, now)
    announce(organisations)
    return 1


def _owners(owner: exchange.Owner | None, on: date) -> tuple[dict[str, str], set[str]]:
    """The accounts an owner is today, with why each is told, and their organisations; else the administrators'."""
    if owner is not None:
        staff = access.workers(owner.organisation, access.roles_allowed(access.Action.READ_FEEDS, on))
        gone = away(caseload.absences(owner.organisation, on), on)
        able = {one.key for one in staff}
        if owner.account:
            there = stand_in(f"user:{owner.account}", gone, able)
            told = {there: "owner" if there == f"user:{owner.account}" else "cover"} if there else {}
        else:
            told = {one.key: "owner" for one in staff if one.key not in gone and owner.team in ("", one.team)}
        if told:
            return told, {owner.organisation}
    return _administrators()


def _administrators() -> tuple[dict[str, str], set[str]]:
    everybody = access.administrators()
    return {one.key: "administrators" for _, one in everybody}, {organisation for organisation, _ in everybody}


def _escalate(rule: FeedRule, now: datetime) -> int:
    """Tell more people of what nobody has taken on in time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, feed, source, raised_at, level FROM coordination_feed_alert "
            "WHERE state = 'open' AND due_at <= %s ORDER BY id FOR UPDATE",
            [now],
        )
        rows = cursor.fetchall()
    done = 0
    for ident, feed, source, raised, before in rows:
        owner, level, added = _owner(feed, source, day(now)), before, 0
        while not added and level < len(rule.escalate):  # a step that reaches nobody new is no step
            to = rule.escalate[level].to
            told, organisations = _step(owner, to, day(now))
            level += 1
            added = _tell(ident, told, level, now)
            if added:
                _note(ident, AlertStep.ESCALATE, now, f"to {_WORDS[to]}: {added} more")
                announce(organisations)
                done += 1
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE coordination_feed_alert SET level = %s, due_at = %s WHERE id = %s",
                [level if added else before, rule.due(raised, level), ident],
            )
    return done


def _step(owner: exchange.Owner | None, to: str, on: date) -> tuple[dict[str, str], set[str]]:
    if to == "administrators" or owner is None:
        return _administrators()
    staff = access.workers(owner.organisation, access.roles_allowed(access.Action.READ_FEEDS, on))
    if to == "team":
        named = {one.key: one.team for one in staff}
        team = owner.team or named.get(f"user:{owner.account}", "")
        staff = [one for one in staff if team and one.team == team]
    return {one.key: to for one in staff}, {owner.organisation}


def _tell(alert: int, told: Mapping[str, str], level: int, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO coordination_feed_recipient (alert_id, account, why, level, told_at) "
            "SELECT %s, account, why, %s, %s FROM unnest(%s::text[], %s::text[]) AS t (account, why) "
            "ON CONFLICT DO NOTHING",
            [alert, level, now, list(told), list(told.values())],
        )
        return int(cursor.rowcount)


def _end(alert: int, now: datetime) -> int:
    """The feed is heard again: there is nothing left to do, whoever had taken it on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT state, feed, source FROM coordination_feed_alert WHERE id = %s", [alert])
        before, feed, source = cursor.fetchone()
        state = after(AlertState(before), AlertStep.WITHDRAW)
        cursor.execute(
            "UPDATE coordination_feed_alert SET state = %s, ended_at = %s, due_at = NULL WHERE id = %s",
            [state, now, alert],
        )
    _note(alert, AlertStep.WITHDRAW, now, _HEARD)
    owner = _owner(feed, source, day(now))
    announce(_administrators()[1] | ({owner.organisation} if owner else set()))
    return 1


def _owner(feed: str, source: str, on: date) -> exchange.Owner | None:
    """Whose the feed is; nobody's where the list cannot be read: then the administrators are told, who can mend it."""
    try:
        return exchange.owner_of(feed, source, on)
    except exchange.BadOwners as bad:
        log.warning("owners of feeds cannot be read, so administrators are told: %s", bad)
        return None


def _say(alert: int, message: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE coordination_feed_alert SET message = %s WHERE id = %s", [message, alert])


def _note(alert: int, step: AlertStep, now: datetime, words: str = "") -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO coordination_feed_step (alert_id, at, actor, step, words) VALUES (%s, %s, %s, %s, %s)",
            [alert, now, SERVICE, step, words],
        )
