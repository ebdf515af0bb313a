"""What foreign keys would have guarded, counted instead: the bulk tables have none, for speed.

Each function returns one sentence a fault; an empty list means that there is none. For the batch role.
"""

from collections.abc import Collection
from typing import LiteralString

from django.db import connection

from commonweal.apps.identity import api as identity
from commonweal.apps.record import deferring

_ASTRAY: LiteralString = (
    "SELECT count(*) FROM {table} t WHERE NOT EXISTS (SELECT FROM record_resource r WHERE r.rid = t.rid AND NOT "
    "r.deleted AND r.compartment_id IS NOT DISTINCT FROM t.compartment_id AND r.source_id = t.source_id "
    "AND r.category = t.category)"
)
_ORPHANS: tuple[tuple[str, LiteralString], ...] = (
    (
        "resources in a compartment that does not exist",
        "SELECT count(*) FROM record_resource r WHERE r.compartment_id IS NOT NULL "
        "AND NOT EXISTS (SELECT FROM record_compartment c WHERE c.id = r.compartment_id)",
    ),
    (
        "resources of a source that does not exist",
        "SELECT count(*) FROM record_resource r "
        "WHERE NOT EXISTS (SELECT FROM record_source s WHERE s.id = r.source_id)",
    ),
    (
        "former versions of a resource that does not exist",
        "SELECT count(*) FROM record_history h WHERE NOT EXISTS (SELECT FROM record_resource r WHERE r.rid = h.rid)",
    ),
    *(
        (
            kind + " search rows whose resource is missing, deleted, or of another compartment, source or category",
            _ASTRAY.replace("{table}", table),
        )
        for kind, table in (
            ("token", "record_token"),
            ("date", "record_date"),
            ("string", "record_string"),
            ("reference", "record_reference"),
            ("number", "record_number"),
        )
    ),
)


def orphans() -> list[str]:
    """Rows of the store that point at nothing, and links of people to compartments that do not exist."""
    faults = []
    with connection.cursor() as cursor:
        for what, query in _ORPHANS:
            cursor.execute(query)
            if count := cursor.fetchone()[0]:
                faults.append(f"{count} {what}")
        cursor.execute("SELECT source, local_id FROM record_compartment")
        held = set(cursor.fetchall())
        waiting = deferring.aside(cursor)
    if waiting:
        faults.append(f"{waiting} indexes of search rows set aside by a load that did not end: run commonweal reindex")
    missing = sum((source, local_id) not in held for source, local_id, _, _ in identity.crosswalk())
    if missing:
        faults.append(f"{missing} links of a person to a compartment that does not exist")
    return faults


def live(kind: str, below_xid: int, without: Collection[int] = ()) -> tuple[int, int]:
    """(resources of ``kind`` that are not deleted, how many of that type changed at or after ``below_xid``).

    ``without``: compartments whose resources are not counted among the first.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE NOT deleted AND (compartment_id = ANY (%s::bigint[])) IS NOT TRUE), "
            "count(*) FILTER (WHERE xid >= %s::text::xid8) FROM record_resource WHERE type = %s",
            [sorted(without), str(below_xid), kind],
        )
        alive, since = cursor.fetchone()
    return alive, since
