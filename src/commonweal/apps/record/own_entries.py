"""Reading what one organisation wrote, of whomever: for its own system, inside a session that has its source open.

Row security (``commonweal.source``) holds each query to that source once more.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from commonweal.apps.access.api import SingleLook, SourceScope, Straight, prepared
from commonweal.apps.identity import api as identity
from commonweal.apps.record.stored import Stored

Own = tuple[Stored, int | None]
"""A resource and its compartment, None for what is about nobody."""

_COLUMNS = """
SELECT r.type, r.id, r.version, r.updated, r.body, s.source, s.feed, r.category, r.happened_at, r.deleted,
    r.compartment_id, r.rid
FROM record_resource r JOIN record_source s ON s.id = r.source_id
"""
_READ = _COLUMNS + " WHERE r.type = %s AND r.id = %s AND s.source = %s"
_TOLD = (
    _COLUMNS.replace("r.rid", "m.person_id, c.local_id")
    + """
LEFT JOIN record_compartment c ON c.id = r.compartment_id
LEFT JOIN {membership} m ON m.compartment_id = r.compartment_id
WHERE r.type = %s AND r.id = %s AND s.source = %s
""".replace("{membership}", identity.MEMBERSHIP)
)
_PEOPLE = """
SELECT k.id, m.person_id, c.source, c.local_id FROM unnest(%s::bigint[]) AS k (id)
LEFT JOIN record_compartment c ON c.id = k.id LEFT JOIN {membership} m ON m.compartment_id = k.id
""".replace("{membership}", identity.MEMBERSHIP)
_VERSIONS = """
WITH mine AS MATERIALIZED (SELECT id, source, feed FROM record_source WHERE source = %(source)s)
SELECT v.type, v.id, v.version, v.updated, v.body, s.source, s.feed, v.category, NULL::timestamptz, v.deleted,
    v.compartment_id, v.rid
FROM (
    SELECT r.type, r.id, r.version, r.updated, r.body, r.category, r.deleted, r.source_id, r.compartment_id, r.rid
    FROM record_resource r
    WHERE r.source_id IN (SELECT id FROM mine)
        AND (%(type)s::text IS NULL OR r.type = %(type)s) AND (%(id)s::text IS NULL OR r.id = %(id)s)
    UNION ALL
    SELECT r.type, r.id, h.version, h.updated, h.body, h.category, h.deleted, h.source_id, h.compartment_id, h.rid
    FROM record_resource r JOIN record_history h ON h.rid = r.rid
    WHERE r.source_id IN (SELECT id FROM mine) AND h.source_id IN (SELECT id FROM mine)
        AND (%(type)s::text IS NULL OR r.type = %(type)s) AND (%(id)s::text IS NULL OR r.id = %(id)s)
) v JOIN mine s ON s.id = v.source_id
WHERE (%(since)s::timestamptz IS NULL OR v.updated >= %(since)s::timestamptz)
    AND (%(before)s::timestamptz IS NULL
        OR (v.updated, v.rid, v.version) < (%(before)s::timestamptz, %(rid)s::bigint, %(version)s::int))
ORDER BY v.updated DESC, v.rid DESC, v.version DESC LIMIT %(most)s
"""


def read_own(scope: SourceScope, kind: str, ident: str) -> Own | None:
    """The current version of one of the source's resources (which may be deleted), or None."""
    with prepared() as cursor:
        cursor.execute(_READ, [kind, ident, scope.source])
        row = cursor.fetchone()
    return None if row is None else (_stored(row), row[10])


def read_told(scope: SourceScope, kind: str, ident: str) -> tuple[list[Stored], dict[UUID, set[int]]]:
    """As :func:`read_own`, in a list, with whose it is for the audit: both of one statement."""
    with prepared() as cursor:
        cursor.execute(_TOLD, [kind, ident, scope.source])
        row = cursor.fetchone()
    if row is None:
        return [], {}
    compartment, person, local_id = row[10:13]
    if compartment is None:
        return [_stored(row)], {}
    return [_stored(row)], {person or identity.identifier(scope.source, local_id): {compartment}}


_AT_ONCE = Straight(
    "SELECT audited, version, updated, body, source, feed, category, happened_at, deleted "
    "FROM record_read_own($1::jsonb, $2::text, $3::text)"
)


def read_at_once(look: SingleLook, kind: str, ident: str) -> list[Stored] | None:
    """As :func:`read_told`, read and audited by one statement; None where that must be done in a session.

    That is for what was landed in bulk and belongs to somebody whom nobody has been linked to yet.
    """
    audited, version, updated, body, source, feed, category, happened, deleted = look(
        _AT_ONCE, [kind.encode(), ident.encode()]
    )
    if audited != b"t":
        return None
    if version is None or updated is None or body is None:
        return []
    of, by, under = ((value or b"").decode() for value in (source, feed, category))
    when = datetime.fromisoformat(happened.decode()) if happened is not None and happened[:4].isdigit() else None
    at = datetime.fromisoformat(updated.decode())
    return [Stored(kind, ident, int(version), at, body, of, by, under, when, deleted == b"t")]


def versions_own(
    scope: SourceScope,
    kind: str | None = None,
    ident: str | None = None,
    *,
    since: datetime | None = None,
    after: tuple[datetime, int, int] | None = None,
    most: int = 1000,
) -> tuple[list[Own], tuple[datetime, int, int] | None]:
    """Versions of the source's resources, the latest first, and where to go on, if there are more than ``most``.

    Of all types, of one ``kind``, or of one resource; ``since``: made at or after; ``after``: where to go on from.
    """
    moment, rid, version = after or (None, None, None)
    bound: dict[str, Any] = {"source": scope.source, "type": kind, "id": ident, "since": since, "most": most + 1}
    with prepared() as cursor:
        cursor.execute(_VERSIONS, bound | {"before": moment, "rid": rid, "version": version})
        rows = cursor.fetchall()
    shown = rows[:most]
    last = shown[-1] if len(rows) > most and shown else None
    return [(_stored(row), row[10]) for row in shown], (last[3], last[11], last[2]) if last else None


def _stored(row: tuple[Any, ...]) -> Stored:
    kind, ident, version, updated, body, source, feed, category, happened, deleted = row[:10]
    return Stored(kind, ident, version, updated, body.encode(), source, feed, category, happened, deleted)


def people_in(compartments: Iterable[int | None]) -> dict[UUID, set[int]]:
    """The people of these compartments of the open source, for the audit.

    One that nobody has been linked to yet counts as the person it would be on its own.
    """
    wanted = {compartment for compartment in compartments if compartment is not None}
    if not wanted:
        return {}
    found: dict[UUID, set[int]] = {}
    with prepared() as cursor:
        cursor.execute(_PEOPLE, [sorted(wanted)])
        for compartment, person, source, local_id in cursor.fetchall():
            found.setdefault(person or identity.identifier(source, local_id), set()).add(compartment)
    return found
