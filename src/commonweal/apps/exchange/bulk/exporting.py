"""The work of a bulk export: one snapshot of an organisation's own resources, as NDJSON files.

https://hl7.org/fhir/uv/bulkdata/export.html

The gate is asked again when the work begins, in the name of who asked for it: policies may have changed since. One
audit row says who exported what, with every person among it as a subject; it commits before the export is called
complete, so that no file can be fetched that no audit row stands for. Killed in between, the work is done and audited
once more: an audit that says too much, never too little.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from commonweal.apps.access import api as access
from commonweal.apps.exchange.bulk import files, requests
from commonweal.apps.exchange.bulk.groups import members
from commonweal.apps.identity import api as identity
from commonweal.apps.record import api as record
from commonweal.fhir.subset import subset

TELL_EVERY = 5_000  # resources between looks for a cancel
_PEOPLE_AT_ONCE = 50_000


def run(asked: requests.Asked) -> None:
    """Write the files of a waiting or interrupted export and complete it. Raises ``Cancelled``."""
    requests.begin(asked.id)
    beside = requests.Beside(asked.id)
    try:
        with files.Folder(asked.id) as out:
            at, watermark, people = _written(asked, out, beside)
    finally:
        beside.close()
    manifest = {
        "people": people,
        **{
            group: [{"type": one.type, "name": one.name, "count": one.count} for one in written]
            for group, written in out.files.items()
        },
    }
    if not requests.complete(asked.id, manifest, at, watermark):
        raise requests.Cancelled


def _written(asked: requests.Asked, out: files.Folder, beside: requests.Beside) -> tuple[datetime, int, int]:
    """Write everything; the moment and the watermark of its snapshot, and how many people are in it."""
    with access.session(asked.actor, asked.purpose, "bulk.export", str(asked.id)) as opened:
        with connection.cursor() as cursor:  # before anything is read: all files are of one moment
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        scope = opened.open_source()
        at, watermark = record.snapshot()
        for text in asked.parameters.get("ignored", ()):
            out.add("error", "OperationOutcome", record.outcome([record.Issue("warning", "not-supported", text)]))
        compartments = _resources(asked, scope, opened.now, out, beside)
        people: dict[UUID, list[int]] = {}
        of = sorted(compartments)
        for start in range(0, len(of), _PEOPLE_AT_ONCE):
            for compartment, person in identity.people_of(of[start : start + _PEOPLE_AT_ONCE]).items():
                people.setdefault(person, []).append(compartment)
        opened.disclose(people)
    return at, watermark, len(compartments)


def _resources(
    asked: requests.Asked, scope: access.SourceScope, now: datetime, out: files.Folder, beside: requests.Beside
) -> set[int]:
    """Write the resources; the compartments they are of."""
    elements = frozenset(asked.parameters.get("elements") or ())
    compartments: set[int] = set()
    for count, row in enumerate(record.own_resources(scope, _wanted(asked, scope, now))):
        if count % TELL_EVERY == 0:
            beside.tell(f"{count} resources written")
        if row.compartment_id is not None:
            compartments.add(row.compartment_id)
        if row.deleted:
            out.add("deleted", "Bundle", _deletion(row))
        else:
            body = row.body.encode()
            out.add("output", row.type, subset(body, elements) if elements else body)
    return compartments


def _wanted(asked: requests.Asked, scope: access.SourceScope, now: datetime) -> record.Own:
    said: Mapping[str, Any] = asked.parameters
    since = datetime.fromisoformat(said["since"]) if said.get("since") else None
    group, patients = said.get("group"), said.get("patients")
    compartments: tuple[int, ...] | None = None
    if group:
        compartments = tuple(sorted(members(scope, group, now)))
    if patients:
        keys = record.compartments((scope.source, patient) for patient in patients)
        named = set(keys.values())
        compartments = tuple(sorted(named if compartments is None else named.intersection(compartments)))
    return record.Own(
        kinds=tuple(said["types"]) if said.get("types") else None,
        since=since,
        watermark=requests.watermark_before(scope.source, since) if since else None,
        people=said["level"] != "system",
        compartments=compartments,
    )


def _deletion(row: record.OwnRow) -> bytes:
    """A transaction that would delete the resource elsewhere too: how Bulk Data says what is gone."""
    return orjson.dumps(
        {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [{"request": {"method": "DELETE", "url": f"{row.type}/{row.id}"}}],
        }
    )
