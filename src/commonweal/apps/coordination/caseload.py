"""Who works with whom, as the batch role sees it: brought up to date from the record, and read when an alert is raised.

A list of allocations that a partner sends is in the record as FHIR CareTeams, https://hl7.org/fhir/R4/careteam.html;
what they say is kept here beside what workers say themselves, so that one statement answers for both.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

import orjson
from django.db import connection

from commonweal.apps.access.api import prepared
from commonweal.apps.record import api as record
from commonweal.domain.coordination.caseload import Absence, Allocation
from commonweal.fhir import systems
from commonweal.fhir.compartment import team
from commonweal.fhir.dates import day_of

LIST, WORKER = "list", "worker"
_ROW = tuple[int, str, str, str, str, str, date, date | None, str]


def bring(compartments: Collection[int], now: datetime) -> int:
    """Bring what lists say of these compartments to what the record holds now; how many allocations they say."""
    rows: list[_ROW] = []
    for compartment, held in record.standing(compartments, ["CareTeam"]).items():
        for one in held:
            rows += _said(compartment, one.source, one.category, one.id, orjson.loads(one.body))
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM coordination_allocation WHERE origin = %s AND compartment_id = ANY (%s::bigint[])",
            [LIST, list(compartments)],
        )
        cursor.executemany(
            "INSERT INTO coordination_allocation (compartment_id, category, organisation, worker, name, team, starts, "
            "ends, resource_id, origin, set_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [[*row, LIST, now] for row in rows],
        )
    return len(rows)


def _said(compartment: int, source: str, category: str, ident: str, resource: Mapping[str, Any]) -> Iterable[_ROW]:
    """The workers one CareTeam names, each with its own period if it has one; none of one without a first day."""
    whole: Mapping[str, Any] = resource.get("period", {})
    if resource.get("status") == "entered-in-error":
        return
    for participant in resource.get("participant", ()):
        identifier = participant.get("member", {}).get("identifier", {})
        period = participant.get("period") or whole
        starts = day_of(str(period.get("start", "")))
        if identifier.get("system") != systems.WORKER or not identifier.get("value") or starts is None:
            continue
        ends = day_of(str(period.get("end", "")))
        worker = str(identifier["value"]).strip().casefold()
        yield compartment, category, source, worker, str(resource.get("name", "")), team(resource), starts, ends, ident


def allocations(compartments: Iterable[int], on: date) -> dict[int, list[Allocation]]:
    """Who works with the people of these compartments on a day, by compartment."""
    found: dict[int, list[Allocation]] = {}
    with prepared() as cursor:
        cursor.execute(
            "SELECT compartment_id, organisation, worker, team, starts, ends FROM coordination_allocation "
            "WHERE compartment_id = ANY (%s::bigint[]) AND starts <= %s AND (ends IS NULL OR ends >= %s) ORDER BY id",
            [list(compartments), on, on],
        )
        for compartment, *row in cursor.fetchall():
            found.setdefault(compartment, []).append(Allocation(*row))
    return found


def absences(organisation: str, on: date) -> list[Absence]:
    """Who of an organisation is away on a day."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT account, starts, ends, cover FROM coordination_absence "
            "WHERE organisation = %s AND cancelled_at IS NULL AND starts <= %s AND ends >= %s",
            [organisation, on, on],
        )
        return [Absence(*row) for row in cursor.fetchall()]
