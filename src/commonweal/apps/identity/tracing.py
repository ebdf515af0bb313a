"""Tracing with PDS records without a usable NHS number or in doubt: at a bounded rate, going on where it stopped.

Each answer is kept as it comes, so that a run that is killed or cut off has lost none. An answer holds for as long as
the record says what was asked by. What an answer means for links is the next identify run's business.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import LiteralString

from django.conf import settings
from django.db import connection, transaction

from commonweal.apps.access import api as access
from commonweal.apps.identity import claims
from commonweal.domain.errors import CommonwealError
from commonweal.domain.identity import birth_date
from commonweal.feeds.pds import Answer, Asked, Kind, Pds, https_transport


class TraceOff(CommonwealError):
    """No PDS is configured; set COMMONWEAL_PDS_URL (and COMMONWEAL_PDS_TOKEN) to trace."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How PDS is asked: at most ``per_second`` requests, each given ``seconds``; ``least_score`` of a single match."""

    per_second: float
    seconds: float
    least_score: float


_OF_DOUBT: LiteralString = (
    " AND (claimed.compartment_id IS NOT NULL OR d.nhs_usable IS NULL"
    " OR EXISTS (SELECT FROM identity_review r WHERE r.kind = 'doubt'"
    " AND d.compartment_id IN (r.first, r.second)))"
)
# Records not asked about yet; and, when the last answer is a day old, those with a relationship that waits for one.
_WAITING: LiteralString = (
    "SELECT d.compartment_id, identity_asked(d), d.nhs_usable, d.family, d.given, d.birth_date, d.gender, d.postcode"
    " FROM identity_demographics d LEFT JOIN identity_traced t USING (compartment_id)"
    " LEFT JOIN (SELECT DISTINCT w.compartment_id FROM access_waiting w WHERE w.state = 'waiting'"
    " AND (w.opens_at IS NULL OR w.opens_at > %(now)s) AND w.ways && '{pds_number,pds_practice}') claimed"
    " USING (compartment_id)"
    " WHERE d.family <> '' AND d.birth_date IS NOT NULL"
    " AND d.birth_date >= %(earliest)s AND d.birth_date <> ALL (%(fillers)s)"
    " AND (t.compartment_id IS NULL OR (claimed.compartment_id IS NOT NULL AND t.at <= %(stale)s) OR t.at <= %(again)s)"
)
_ORDER: LiteralString = " ORDER BY claimed.compartment_id IS NULL, d.compartment_id LIMIT %(limit)s"
_STALE = timedelta(days=1)
# A death stands until PDS finds the person again and does not say so: finding nobody, or several, is no news of it, nor
# is a record's new spelling of the person of the same number.
_KEEP = """
INSERT INTO identity_trace (compartment_id, asked, at, outcome, nhs_number, restricted, candidates, practice, died,
    died_number, death_told)
VALUES (%(record)s, %(asked)s, %(at)s, %(kind)s, %(number)s, %(restricted)s, %(candidates)s, %(practice)s, %(died)s,
    %(number)s, %(died)s::date IS NULL)
ON CONFLICT (compartment_id) DO UPDATE SET asked = excluded.asked, at = excluded.at, outcome = excluded.outcome,
    nhs_number = excluded.nhs_number, candidates = excluded.candidates, practice = excluded.practice,
    (died, died_number, death_told) = (
        SELECT k.died, k.number, identity_trace.death_told AND k.died IS NOT DISTINCT FROM identity_trace.died
        FROM (VALUES (true, excluded.died, excluded.died_number),
            (false, identity_trace.died, identity_trace.died_number)) AS k (anew, died, number)
        WHERE k.anew = (excluded.outcome = 'found' OR identity_trace.asked <> excluded.asked AND NOT EXISTS (
            SELECT FROM identity_demographics d
            WHERE d.compartment_id = excluded.compartment_id AND d.nhs_usable = identity_trace.died_number))
    ),
    restricted = excluded.restricted OR (identity_trace.restricted AND excluded.outcome <> 'found')
"""


def rules(on: date) -> Rules:
    """The rules in force on a day: the latest not after it. ValueError before the first."""
    found = None
    for rule in json.loads(Path(__file__).with_name("trace_rules.json").read_text("utf-8"))["rules"]:
        if date.fromisoformat(rule["from"]) <= on:
            found = Rules(rule["per_second"], rule["seconds"], rule["least_score"])
    if found is None:
        raise ValueError("no trace rules are in force on that day")
    return found


def trace(
    limit: int,
    *,
    everybody: bool = False,
    again: timedelta | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, int]:
    """Ask PDS about at most ``limit`` records not yet asked about; counts of ``asked`` and of each outcome.

    Those with a relationship that waits to be confirmed come first, and are asked about again after a day; how many
    relationships the answers ``confirmed``.

    ``everybody``: records with a usable number too, for whether their location may be shown and whether they have died.
    ``again``: records whose answer is older than this too, for what PDS has heard since. Raises TraceOff,
    PdsUnavailable and PdsRefused; what was answered before is kept.
    """
    if not settings.COMMONWEAL_PDS_URL:
        raise TraceOff("no PDS is configured; set COMMONWEAL_PDS_URL (and COMMONWEAL_PDS_TOKEN) to trace")
    now = settings.COMMONWEAL_NOW()
    how = rules(now.date())
    pds = Pds(https_transport(settings.COMMONWEAL_PDS_URL, settings.COMMONWEAL_PDS_TOKEN, how.seconds), how.least_score)
    counts = dict.fromkeys(("asked", *(kind.value for kind in Kind)), 0)
    with access.service_run("pds_trace", f"at most {limit} records"):
        waiting = _waiting(limit, everybody, again)
        for record, asked, number, family, given, born, gender, postcode in waiting:
            began = time.monotonic()
            answer = pds.trace(Asked(number, family, given, born, gender, postcode))
            _keep(record, asked, answer)
            counts["asked"] += 1
            counts[answer.kind.value] += 1
            if progress is not None:
                progress(counts["asked"], len(waiting))
            time.sleep(max(0.0, 2 / how.per_second - (time.monotonic() - began)))  # a trace is two requests at most
    return counts | {"confirmed": claims.confirm_traced()}


def _waiting(
    limit: int, everybody: bool, again: timedelta | None
) -> list[tuple[int, str, str | None, str, str, date, str, str]]:
    """Records to ask about, with what to ask by."""
    now = settings.COMMONWEAL_NOW()
    with connection.cursor() as cursor:
        cursor.execute(
            _WAITING + ("" if everybody else _OF_DOUBT) + _ORDER,
            {
                "earliest": birth_date.EARLIEST,
                "fillers": sorted(birth_date.FILLERS),
                "limit": limit,
                "now": now,
                "stale": now - _STALE,
                "again": None if again is None else now - again,
            },
        )
        return list(cursor.fetchall())


def _keep(record: int, asked: str, answer: Answer) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _KEEP,
            {
                "record": record,
                "asked": asked,
                "at": settings.COMMONWEAL_NOW(),
                "kind": answer.kind.value,
                "number": answer.number,
                "restricted": answer.restricted,
                "candidates": list(answer.candidates),
                "practice": answer.practice,
                "died": answer.died,
            },
        )


def candidates() -> dict[int, list[str]]:
    """The NHS numbers PDS named, without being sure, for records that still say what was asked by."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT compartment_id, candidates FROM identity_traced WHERE cardinality(candidates) > 0")
        return dict(cursor.fetchall())
