"""How far a search may look: one person's open compartments, one source's own, or what is about nobody.

Every part of a search, chains and includes as well, is held to it in the query itself; row security holds it again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from commonweal.apps.access.api import Scope, SourceScope, prepared
from commonweal.apps.record.searching.terms import NOTHING, Sql, both, same
from commonweal.fhir.compartment import personal

_NOBODY = Sql("r.compartment_id IS NULL")


@dataclass(frozen=True, slots=True)
class Reach:
    """``compartments`` and ``categories`` of the open person (None: not held to one); ``sources``: record_source ids.

    ``source`` is the ODS code of a source's own search, else ''. ``shared`` is a search about nobody.
    """

    sources: tuple[int, ...] = ()
    compartments: tuple[int, ...] | None = None
    categories: tuple[str, ...] | None = None
    source: str = ""

    @property
    def of_person(self) -> bool:
        """Whether one person is open."""
        return self.categories is not None

    def resource(self, kind: str) -> Sql:
        """What holds a row ``r`` of ``record_resource`` of type ``kind`` to the reach."""
        if not personal(kind):
            return _NOBODY
        if not self.of_person and not self.source:
            return Sql("false")
        held = [same("r.source_id", self.sources)] if self.source else []
        if self.compartments is not None:
            held.append(same("r.compartment_id", self.compartments))
        if self.categories is not None:
            held.append(Sql("r.category = ANY (%s)", (list(self.categories),)))
        return both(*held)

    def rows(self, kind: str, alone: bool = False) -> Sql:
        """What holds search rows ``t`` of type ``kind``; ``alone``: no row of record_resource is joined to them."""
        if not personal(kind):
            return Sql("t.compartment_id IS NULL")
        held = [same("t.source_id", self.sources)] if self.sources else []
        if self.compartments is not None:
            held.append(same("t.compartment_id", self.compartments))
        if alone and self.categories is not None:
            held.append(Sql("t.category = ANY (%s)", (list(self.categories),)))
        return both(*held) if held else NOTHING


_SOURCES = """
SELECT DISTINCT s.id FROM record_compartment c JOIN record_source s ON s.source = c.source
WHERE c.id = ANY (%s) ORDER BY 1
"""


def of_person(scope: Scope) -> Reach:
    """What an opened person's scope lets a search see."""
    compartments = tuple(sorted(scope.compartments))
    with prepared() as cursor:
        cursor.execute(_SOURCES, [list(compartments)])
        sources = tuple(row[0] for row in cursor.fetchall())
    return Reach(sources or (0,), compartments, tuple(sorted(scope.categories)))


def of_source(scope: SourceScope) -> Reach:
    """What a partner's system may search: its own organisation's resources, from any of its feeds."""
    with prepared() as cursor:
        cursor.execute("SELECT id FROM record_source WHERE source = %s ORDER BY id", [scope.source])
        return Reach(tuple(row[0] for row in cursor.fetchall()) or (0,), source=scope.source)


_NAMED = """
SELECT ARRAY(SELECT id FROM record_compartment WHERE source = %(source)s AND local_id = ANY (%(ids)s)
    UNION SELECT compartment_id FROM record_resource
    WHERE type = 'Patient' AND id = ANY (%(ids)s) AND source_id = ANY (%(sources)s) AND compartment_id IS NOT NULL),
    EXISTS (SELECT FROM record_reference t WHERE t.parameter = ANY (%(numbers)s) AND t.target = ANY (%(ids)s)
        AND t.source_id = ANY (%(sources)s))
"""
_FOREIGN = """
SELECT EXISTS (SELECT FROM record_reference t
    WHERE t.parameter = ANY (%s) AND t.kind = 'Patient' AND t.source_id = ANY (%s))
"""


def named(reach: Reach, patients: Iterable[str], numbers: Iterable[int]) -> tuple[tuple[int, ...], bool]:
    """The compartments of Patients of the source, by id, and whether references to them by these elements are rows.

    A reference to the Patient of the resource's own compartment is none: the compartment says it.
    """
    bound: dict[str, Any] = {
        "source": reach.source,
        "ids": list(patients),
        "sources": list(reach.sources),
        "numbers": list(numbers),
    }
    with prepared() as cursor:
        cursor.execute(_NAMED, bound)
        compartments, rows = cursor.fetchall()[0]
    return tuple(sorted(compartments)), rows


def refers_elsewhere(reach: Reach, numbers: Iterable[int]) -> bool:
    """Whether any reference by these elements is to a Patient of another compartment, so that it is a row."""
    with prepared() as cursor:
        cursor.execute(_FOREIGN, [list(numbers), list(reach.sources)])
        return bool(cursor.fetchall()[0][0])


def compartments_of(reach: Reach, patients: Iterable[str]) -> tuple[int, ...]:
    """The compartments of the open person that have one of these Patients."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT compartment_id FROM record_resource WHERE type = 'Patient' AND id = ANY (%s) "
            "AND compartment_id = ANY (%s)",
            [list(patients), list(reach.compartments or ())],
        )
        return tuple(sorted({row[0] for row in cursor.fetchall()}))
