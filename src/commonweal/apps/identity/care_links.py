"""A run's links for direct care: which records are one person's, and who that person is."""

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from pathlib import Path

import duckdb

from commonweal.apps.identity import storage, tracing
from commonweal.apps.identity.conclusions import Care, Pair
from commonweal.domain.identity import verified
from commonweal.domain.identity.review import DIFFERENT, SAME
from commonweal.lake import groups, identifiers
from commonweal.lake.linkage import load

_BY_LOCAL_ID = """
SELECT m.place, r.record_id, o.record_id FROM reported m
JOIN records r ON r.source = m.source AND r.local_id = m.surviving
JOIN records o ON o.source = m.source AND o.local_id = m.retired
ORDER BY m.place::BIGINT
"""
_TRACED = """
UPDATE homes SET basis = 'pds_trace' FROM records r
WHERE r.record_id = homes.record AND homes.basis = 'verified' AND r.traced = 't'
"""
_CANDIDATES = """
SELECT h.home, h.record, l.nhs_number FROM homes h JOIN linkage l ON l.unique_id = h.record
WHERE h.record IN (SELECT record::BIGINT FROM partly) OR l.nhs_number IN (SELECT number FROM partly) ORDER BY 1, 2
"""
_BASES = "SELECT h.record, h.basis FROM homes h JOIN moved m ON m.record::BIGINT = h.record"


def find(engine: duckdb.DuckDBPyConnection, folder: Path, decided: Mapping[Pair, str]) -> Care:
    """Group the records of table ``linkage``, keeping identifiers; ``decided`` is what people who compared said."""
    merges = _merges(engine, folder)
    here = _present(engine, folder, decided)
    same, different = (sorted(pair for pair in here if decided[pair] == how) for how in (SAME, DIFFERENT))
    spoken_of = {record for pair in (*merges, *here) for record in pair}
    rule = partial(verified.people, merges=merges, confirmed=same, apart=frozenset(different))
    people = groups.find(engine, folder, spoken_of, rule)
    engine.execute(_TRACED)
    doubts = [*people.doubts, *_registered_twice(engine), *_partly_traced(engine, folder)]
    care = Care(identifiers.assign(engine, folder), [one for one in doubts if (one.first, one.second) not in decided])
    if care.assignment.moved:
        load(engine, folder, "moved", [("record",), *((move.record,) for move in care.assignment.moved)])
        care.basis = dict(engine.execute(_BASES).fetchall())
    return care


def _merges(engine: duckdb.DuckDBPyConnection, folder: Path) -> list[Pair]:
    """The records that their own source says are one person's, oldest merge first."""
    reported = [(place, *merge) for place, merge in enumerate(storage.local_merges())]
    if not reported:
        return []
    load(engine, folder, "reported", [("place", "source", "surviving", "retired"), *reported])
    return [(surviving, retired) for _, surviving, retired in engine.execute(_BY_LOCAL_ID).fetchall()]


def _present(engine: duckdb.DuckDBPyConnection, folder: Path, pairs: Collection[Pair]) -> list[Pair]:
    """Those of ``pairs`` whose records are both in table ``linkage``."""
    if not pairs:
        return []
    load(engine, folder, "decided", [("first", "second"), *pairs])
    return engine.execute(
        "SELECT d.first::BIGINT, d.second::BIGINT FROM decided d JOIN linkage l ON l.unique_id = d.first::BIGINT"
        " JOIN linkage r ON r.unique_id = d.second::BIGINT"
    ).fetchall()


def _registered_twice(engine: duckdb.DuckDBPyConnection) -> list[verified.Doubt]:
    rows = groups.registered_twice(engine)
    return verified.registered_twice(_grouped(rows), {record: practice for _, record, practice in rows})


def _partly_traced(engine: duckdb.DuckDBPyConnection, folder: Path) -> list[verified.Doubt]:
    """Records for which PDS named several people, against the first record of each."""
    candidates = tracing.candidates()
    if not candidates:
        return []
    named = [(record, number) for record, numbers in candidates.items() for number in numbers]
    load(engine, folder, "partly", [("record", "number"), *named])
    rows = engine.execute(_CANDIDATES).fetchall()
    traits = {record: verified.Traits(number, None, "", "", "") for _, record, number in rows}
    unsure = {
        record: numbers for record, numbers in candidates.items() if record in traits and not traits[record].number
    }
    return verified.partly_traced(_grouped(rows), traits, unsure)


def _grouped(rows: Iterable[tuple[int, int, str | None]]) -> list[list[int]]:
    """Records by home, of rows (home, record, …)."""
    found: dict[int, list[int]] = {}
    for home, record, _ in rows:
        found.setdefault(home, []).append(record)
    return list(found.values())
