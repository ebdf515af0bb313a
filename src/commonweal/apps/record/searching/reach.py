"""How far a search may look: one person's open compartments, one source's own, or what is about nobody.

Every part of a search, chains and includes as well, is held to it in the query itself; row security holds it again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import connection

from commonweal.apps.access.api import Scope, SourceScope, prepared
from commonweal.apps.record.searching.terms import NOTHING, Sql, both, same
from commonweal.domain.errors import CommonwealError
from commonweal.fhir.compartment import personal

_NOBODY = Sql("r.compartment_id IS NULL")


Asked = tuple[tuple[str, ...], tuple[int, ...]]  # ids of Patients, numbers of elements that refer to them
Told = tuple[tuple[int, ...], bool]  # their compartments, and whether such references are rows
_ONE_SOURCE = " = (SELECT sources[1] FROM reach)"


class NotForeseen(CommonwealError):
    """Something has to be asked of references to Patients that was not foreseen."""


@dataclass(frozen=True, slots=True)
class Reach:
    """``compartments`` and ``categories`` of the open person (None: not held to one); ``sources``: record_source ids.

    ``source`` is the ODS code of a source's own search, else ''. ``known``: what was asked of references to Patients
    already. A reach of nobody's is a search about nobody.

    ``foretold``: the source has one feed, and no reference that was asked about is a row, for all that is known yet;
    the statement of the search asks it of ``reach``, and whoever runs it goes by the answer.
    """

    sources: tuple[int, ...] = ()
    compartments: tuple[int, ...] | None = None
    categories: tuple[str, ...] | None = None
    source: str = ""
    foretold: bool = False
    known: dict[Asked, Told] = field(default_factory=dict, compare=False)

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
        held = [self._of_sources("r.source_id")] if self.source else []
        if self.compartments is not None:
            held.append(same("r.compartment_id", self.compartments))
        if self.categories is not None:
            held.append(Sql("r.category = ANY (%s)", (list(self.categories),)))
        return both(*held)

    def rows(self, kind: str, alone: bool = False) -> Sql:
        """What holds search rows ``t`` of type ``kind``; ``alone``: no row of record_resource is joined to them."""
        if not personal(kind):
            return Sql("t.compartment_id IS NULL")
        held = [self._of_sources("t.source_id")] if self.sources or self.foretold else []
        if self.compartments is not None:
            held.append(same("t.compartment_id", self.compartments))
        if alone and self.categories is not None:
            held.append(Sql("t.category = ANY (%s)", (list(self.categories),)))
        return both(*held) if held else NOTHING

    def _of_sources(self, column: str) -> Sql:
        return Sql(column + _ONE_SOURCE) if self.foretold else same(column, self.sources)


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


def of_source(scope: SourceScope, foreseen: Asked = ((), ())) -> Reach:
    """What a partner's system may search: its own organisation's resources, from any of its feeds.

    ``foreseen``: what the search will ask of references to Patients, so that it is asked in the same statement. A
    search that names them looks into the rows of few people, for which one plan is as good as another: PostgreSQL
    then takes the one it has, instead of working out each time how it would find these. Any other is planned for what
    it asks: the plan that is right for a rare code reads everything there is for a common one.
    """
    sources, told = _ask(scope.source, foreseen, "force_generic_plan" if foreseen[0] else "force_custom_plan")
    return Reach(sources or (0,), source=scope.source, known={foreseen: told})


_ASK = """
SELECT sources, whose, elsewhere, set_config('plan_cache_mode', %s::text, true)
FROM record_reach(%s::text, %s::text[], %s::smallint[])
"""


def _ask(source: str, asked: Asked, plans: str) -> tuple[tuple[int, ...], Told]:
    patients, numbers = asked
    with prepared() as cursor:
        cursor.execute(_ASK, [plans, source, list(patients), list(numbers)])
        sources, whose, elsewhere, _ = cursor.fetchall()[0]
    return tuple(sources), (tuple(sorted(whose or ())), bool(elsewhere))


def _told(reach: Reach, asked: Asked) -> Told:
    told = reach.known.get(asked)
    if told is None and reach.foretold:
        raise NotForeseen(asked)
    if told is None:
        told = reach.known[asked] = _ask(reach.source, asked, "auto")[1]
    return told


def named(reach: Reach, patients: Iterable[str], numbers: Iterable[int]) -> Told:
    """The compartments of Patients of the source, by id, and whether references to them by these elements are rows.

    A reference to the Patient of the resource's own compartment is none: the compartment says it.
    """
    return _told(reach, (tuple(patients), tuple(numbers)))


def refers_elsewhere(reach: Reach, numbers: Iterable[int]) -> bool:
    """Whether any reference by these elements is to a Patient of another compartment, so that it is a row."""
    return _told(reach, ((), tuple(numbers)))[1]


def compartments_of(reach: Reach, patients: Iterable[str]) -> tuple[int, ...]:
    """The compartments of the open person that have one of these Patients."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT compartment_id FROM record_resource WHERE type = 'Patient' AND id = ANY (%s) "
            "AND compartment_id = ANY (%s)",
            [list(patients), list(reach.compartments or ())],
        )
        return tuple(sorted({row[0] for row in cursor.fetchall()}))
