"""What belongs beside the matches: https://hl7.org/fhir/R4/search.html#include

Included resources are held to the same reach as matches: a reference to what the asker may not see includes nothing.
``:iterate`` goes on from what was included, three rounds deep, and what is included is bounded; a cut is told.
"""

from collections.abc import Iterable, Sequence

from django.db import connection

from commonweal.apps.record.searching.reach import Reach
from commonweal.apps.record.searching.requests import Include
from commonweal.apps.record.searching.terms import Sql, both, same, select
from commonweal.apps.record.stored import Stored, stored
from commonweal.fhir.search_parameters import Read, own, parameters

MOST_INCLUDED = 1_000
ROUNDS = 3
Item = tuple[int, int | None, Stored]  # number, compartment, resource

_SELECT = Sql(
    "SELECT r.type, r.id, r.version, r.updated, r.body, s.source, s.feed, r.category, r.happened_at, r.deleted, "
    "r.rid, r.compartment_id FROM record_resource r JOIN record_source s ON s.id = r.source_id WHERE NOT r.deleted AND "
)


def included(reach: Reach, asked: Sequence[Include], matches: Sequence[Item]) -> tuple[list[Item], str]:
    """What ``matches`` include, without themselves, and what to say of anything cut ('' for nothing)."""
    seen = {item[0] for item in matches}
    beside: list[Item] = []
    begun: Sequence[Item] = matches
    cut = ""
    for depth in range(ROUNDS + 1):
        fresh: list[Item] = []
        for include in asked:
            if depth and not include.iterate:
                continue
            room = MOST_INCLUDED - len(beside) - len(fresh)
            for item in (_referring if include.reverse else _referred)(reach, include, begun, room + 1):
                if item[0] in seen:
                    continue
                if len(beside) + len(fresh) == MOST_INCLUDED:
                    return [*beside, *fresh], f"Only the first {MOST_INCLUDED} included resources are here"
                seen.add(item[0])
                fresh.append(item)
        beside += fresh
        begun = fresh
        if not fresh:
            break
        if depth == ROUNDS and any(include.iterate for include in asked):
            cut = f"Resources included by :iterate were followed {ROUNDS} times and no further"
    return beside, cut


def _reads(kind: str, include: Include) -> list[Read]:
    known = parameters(kind)
    names = [include.name] if include.name != "*" else [name for name, p in known.items() if p.kind == "reference"]
    found = [read for name in names for read in known[name].reads if name in known]
    return list(dict.fromkeys(found))


def _referred(reach: Reach, include: Include, items: Sequence[Item], most: int) -> Iterable[Item]:
    """What ``items`` of the include's type refer to."""
    of_type = [item for item in items if item[2].type == include.source]
    reads = _reads(include.source, include)
    if not of_type or not reads:
        return []
    wanted: dict[str, set[str]] = {}
    rids = [item[0] for item in of_type]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.parameter, t.kind, t.target FROM record_reference t WHERE t.rid = ANY (%s) "
            "AND t.parameter = ANY (%s) AND t.kind <> ''",
            [rids, [read.number for read in reads]],
        )
        allowed = {(read.number, read.restriction) for read in reads}
        for number, kind, target in cursor.fetchall():
            fits = (number, "") in allowed or (number, kind) in allowed
            if fits and include.target in ("", kind):
                wanted.setdefault(kind, set()).add(target)
    found: list[Item] = []
    for kind, ids in sorted(wanted.items()):
        found += _fetched(
            both(Sql("r.type = %s", (kind,)), same("r.id", sorted(ids)), reach.resource(kind)), most - len(found)
        )
    mine = own(include.source)
    if include.target in ("", "Patient") and any(r.number in mine and r.restriction in ("", "Patient") for r in reads):
        whose = sorted({item[1] for item in of_type if item[1] is not None})
        if whose:
            held = both(Sql("r.type = 'Patient'"), same("r.compartment_id", whose), reach.resource("Patient"))
            found += _fetched(held, most - len(found))
    return found


def _referring(reach: Reach, include: Include, items: Sequence[Item], most: int) -> Iterable[Item]:
    """What of the include's type refers to ``items``."""
    reads = _reads(include.source, include)
    found: list[Item] = []
    by_kind: dict[str, list[Item]] = {}
    for item in items:
        if include.target in ("", item[2].type):
            by_kind.setdefault(item[2].type, []).append(item)
    for kind, listed in sorted(by_kind.items()):
        numbers = [read.number for read in reads if read.restriction in ("", kind)]
        if not numbers:
            continue
        rows = both(
            same("t.parameter", numbers),
            same("t.target", [item[2].id for item in listed]),
            Sql("t.kind = %s", (kind,)),
            reach.rows(include.source),
        )
        of_type = both(Sql("r.type = %s", (include.source,)), reach.resource(include.source))
        by_row = both(of_type, Sql("r.rid IN (") + select("t.rid", "record_reference t", rows) + ")")
        found += _fetched(by_row, most - len(found))
        if kind == "Patient" and any(number in own(include.source) for number in numbers):
            whose = sorted({item[1] for item in listed if item[1] is not None})
            if whose:
                found += _fetched(both(of_type, same("r.compartment_id", whose)), most - len(found))
    return found


def _fetched(held: Sql, most: int) -> list[Item]:
    query = _SELECT + held + Sql(" ORDER BY r.rid LIMIT %s", (max(most, 0),))
    with connection.cursor() as cursor:
        cursor.execute(query.text, list(query.values))
        return [(row[10], row[11], stored(row[:10])) for row in cursor.fetchall()]
