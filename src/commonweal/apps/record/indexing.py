"""Making the search rows again from the bodies: after an upgrade that finds by more, or by other, elements.

A stretch of resources at a time, each in a transaction that also says how far it came, so that a run that is killed
goes on where it stopped and a run that has nothing to do does nothing. What lands meanwhile is indexed as it lands:
a resource is locked while its rows are made, and its own landing makes them from its latest body.
"""

from collections.abc import Callable
from dataclasses import dataclass

import orjson
from django.db import connection, transaction

from commonweal.apps.access.api import prepared
from commonweal.apps.record import deferring, statements
from commonweal.apps.record.actions import store_search_rows
from commonweal.apps.record.loading import row_head
from commonweal.apps.record.staging import Wave, index
from commonweal.fhir.definitions import resource_types
from commonweal.fhir.search_parameters import edition, indexed

STRETCH = 2_000  # resource numbers a transaction


@dataclass(frozen=True, slots=True)
class Indexing:
    """How far the search rows are made: resource numbers up to ``done`` of those up to ``upto``."""

    done: int
    upto: int

    @property
    def complete(self) -> bool:
        """Whether a search finds everything there is to find."""
        return self.done >= self.upto


_STATE = "SELECT definitions, done, upto FROM record_indexing"
_BEGIN = """
UPDATE record_indexing
SET definitions = %(edition)s, done = 0, upto = (SELECT coalesce(max(rid), 0) FROM record_resource)
"""
_DESCRIBE = """
INSERT INTO record_parameter (id, type, kind, element)
SELECT * FROM unnest(%s::smallint[], %s::text[], %s::text[], %s::text[])
"""
_STRETCH = """
SELECT r.rid, r.compartment_id, r.category, r.source_id, r.body, s.source, c.local_id
FROM record_resource r JOIN record_source s ON s.id = r.source_id
LEFT JOIN record_compartment c ON c.id = r.compartment_id
WHERE r.rid > %(done)s AND r.rid <= %(upto)s AND NOT r.deleted ORDER BY r.rid FOR NO KEY UPDATE OF r
"""
_PLAN = "INSERT INTO stage_plan (rid, verdict) SELECT k, 'changed' FROM unnest(%s::bigint[]) AS k"
_DONE = "UPDATE record_indexing SET done = %(done)s"


def state() -> Indexing:
    """How far the search rows are made by the definitions in use; ``done`` is -1 where a run has yet to begin."""
    return asked()()


def asked() -> Callable[[], Indexing]:
    """As :func:`state`: asked now, and read when called. In a pipelined session it then has no wait of its own."""
    cursor = prepared()
    cursor.execute(_STATE)

    def answered() -> Indexing:
        definitions, done, upto = cursor.fetchone()
        return Indexing(done, upto) if definitions == edition() else Indexing(-1, upto)

    return answered


def reindex(again: bool = False, told: Callable[[Indexing], None] | None = None) -> int:
    """Make every search row that is not made yet, as the batch role; returns how many resources were indexed.

    ``again`` starts from the beginning though all are made. ``told`` hears of each stretch that is committed.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_STATE + " FOR UPDATE")
        if again or cursor.fetchone()[0] != edition():
            cursor.execute(_BEGIN, {"edition": edition()})
            cursor.execute("DELETE FROM record_parameter")
            rows = [(item.number, kind, item.kind, item.path) for kind in resource_types() for item in indexed(kind)]
            cursor.execute(_DESCRIBE, [list(column) for column in zip(*rows, strict=True)])
    deferring.bring_back()
    made = 0
    while not (now := state()).complete:
        made += _stretch(now)
        if told is not None:
            told(state())
    return made


def _stretch(now: Indexing) -> int:
    """Index the next stretch; one transaction."""
    last = min(now.done + STRETCH, now.upto)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statements.MEMORY)
        cursor.execute(statements.STAGE)
        cursor.execute(statements.CLEAR)
        cursor.execute(_STRETCH, {"done": now.done, "upto": last})
        found = cursor.fetchall()
        wave = Wave()
        for n, (_, _, _, _, body, source, person) in enumerate(found):
            index(wave, n, orjson.loads(body), source, person)
        cursor.execute(_PLAN, [[row[0] for row in found]])
        for statement in statements.FORGET:
            cursor.execute(statement)
        heads = [row_head(compartment, rid, source, category) for rid, compartment, category, source, *_ in found]
        store_search_rows(cursor, wave, heads)
        cursor.execute(_DONE, {"done": last})
    return len(found)
