"""One identify run: read demographics out, link, and write the links back in one transaction.

Names leave the database only into a private temporary folder, which is removed at the end of the run; what
a killed run left there is removed by the next.
"""

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
from django.conf import settings
from django.db import connection, transaction

from commonweal.apps.access import api as access
from commonweal.apps.identity import bias, changes, reviewing, storage, tracing
from commonweal.domain.errors import CommonwealError
from commonweal.domain.identity import clusters, probable, verified
from commonweal.domain.identity.review import DIFFERENT, SAME
from commonweal.lake import linkage

SAMPLED = 200  # probable links shown to reviewers, so that their precision can be measured
_LOCK = 62064  # one run at a time: pg_advisory_lock key
Progress = Callable[[str], None]


class IdentifyBusy(CommonwealError):
    """Another identify run is under way; wait for it to end and try again."""


@dataclass(slots=True)
class Found:
    """What a run concluded, before it is written."""

    assignment: clusters.Assignment
    basis: dict[int, str]
    analysis: dict[int, UUID]
    weights: dict[int, float]
    review: list[tuple[verified.Doubt, float | None]]
    samples: list[tuple[int, int, float]] = field(default_factory=list)
    fields: dict[tuple[int, int], dict[str, float]] = field(default_factory=dict)


def identify(
    progress: Progress | None = None, *, changed: bool = False, keep_frequencies: bool = False
) -> dict[str, Any]:
    """Link every compartment to a person; return counts and seconds.

    ``records`` compartments read, ``people`` they make for direct care, ``verified`` compartments linked by NHS
    number and birth date or by their source, ``probable`` compartments joined to a person for analysis only,
    ``review`` pairs for a person to look at, ``uneven`` groups whose link rate lies beyond the 99.8% limits of their
    kind (``bias_report`` names them). Run again on the same demographics it changes nothing.

    ``changed``: read only what has changed since the last run and what that touches. It ends where a run over
    everything with ``keep_frequencies`` would: names and postcodes weigh as they did at the last run over everything,
    which a run without it counts anew. It leaves out ``uneven``, which takes a look at everybody. The first run of all
    reads everything.

    Raises IdentifyBusy when another run holds the lock.
    """
    say = progress or (lambda _stage: None)
    began = time.perf_counter()
    with _alone(), access.service_run("identify"), _private_folder() as folder, _engine(folder) as engine:
        kept = changes.last_records()
        if changed and kept is not None:
            run = _changed(engine, folder, kept, say)
        else:
            run = _everything(engine, folder, kept if keep_frequencies else None, say)
            judged = bias.report(settings.COMMONWEAL_NOW().date())
            run["uneven"] = sum(abs(one.place) == 2 for one in judged)
    return run | {"seconds": round(time.perf_counter() - began, 2)}


def _everything(engine: duckdb.DuckDBPyConnection, folder: Path, kept: int | None, say: Progress) -> dict[str, Any]:
    """A run over every record; with the frequencies of the last one, which read ``kept`` records, if told."""
    say("reading demographics")
    newest = changes.until()
    local = _read_records(engine, folder)
    if kept is not None:
        linkage.keep_frequencies(engine, folder, changes.all_frequencies(), [])
    known = storage.people_before()
    say("verified links")
    decided = reviewing.settled()
    found, groups, particulars = _verified(engine, local, known, decided)
    say("probable links")
    table, weighed = _weigh(engine, kept) if len(local) > 1 else ("", [])
    _probable(found, groups, particulars, known, decided, weighed)
    found.samples = _sample(weighed, found, decided)
    _explain(engine, folder, table, found)
    say("writing links")
    rates = linkage.frequencies(engine) if kept is None else None
    with transaction.atomic():
        storage.write(found, settings.COMMONWEAL_NOW())
        changes.begin_anew(len(local), weighed, rates)
        changes.done(newest)
    return _counts(local, found)


def _changed(engine: duckdb.DuckDBPyConnection, folder: Path, kept: int, say: Progress) -> dict[str, Any]:
    """A run over what has changed, and all records whose person could depend on that."""
    with transaction.atomic():
        say("reading what changed")
        newest = changes.until()
        fresh = changes.find_candidates(newest)
        near = _read_records(engine, folder, "wanted")
        linkage.keep_frequencies(engine, folder, changes.frequencies(), fresh)
        say("probable links")
        table, weighed = _weigh(engine, kept, fresh=True) if fresh and len(near) > 1 else ("", [])
        say("verified links")
        changes.find_touched(newest, weighed, fresh)
        known = storage.people_before(touched=True)
        decided = reviewing.settled()
        with _engine(folder) as other:
            local = _read_records(other, folder, "touched")
            found, groups, particulars = _verified(other, local, known, decided)
        _probable(found, groups, particulars, known, decided, changes.touched_pairs())
        _explain(engine, folder, table, found)
        say("writing links")
        storage.write(found, settings.COMMONWEAL_NOW(), whole=False)
        changes.done(newest)
    return {"changed": len(fresh), **_counts(local, found)}


def _counts(local: Mapping[int, tuple[str, str]], found: Found) -> dict[str, Any]:
    return {
        "records": len(local),
        "people": len(set(found.assignment.person.values())),
        "verified": sum(basis in {"verified", "pds_trace", "merged", "confirmed"} for basis in found.basis.values()),
        "probable": len(found.weights),
        "review": len(found.review),
    }


def _weigh(
    engine: duckdb.DuckDBPyConnection, records: int | None, fresh: bool = False
) -> tuple[str, list[tuple[int, int, float]]]:
    """The engine's table of weighed pairs, and its rows with the lower record first."""
    table = linkage.predict(engine, probable.REVIEW, records=records, fresh=fresh)
    rows = engine.table(table).project(
        "least(unique_id_l, unique_id_r), greatest(unique_id_l, unique_id_r), match_weight"
    )
    return table, rows.fetchall()


def _explain(engine: duckdb.DuckDBPyConnection, folder: Path, table: str, found: Found) -> None:
    """Give the pairs to look at what each field adds, for those weighed in this run."""
    if table:
        shown = [(doubt.first, doubt.second) for doubt, _ in found.review]
        shown += [(first, second) for first, second, _ in found.samples]
        found.fields = linkage.explain(engine, folder, table, shown)


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the run's lock, which ends with the connection if the process dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        row = cursor.fetchone()
    if not row or not row[0]:
        raise IdentifyBusy("another identify run is under way; run this again when it has ended")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


@contextmanager
def _private_folder() -> Iterator[Path]:
    """A folder only this user can enter, gone at the end; what an earlier killed run left goes first."""
    parent = Path(settings.COMMONWEAL_HOME) / "private" / "identify"
    shutil.rmtree(parent, ignore_errors=True)
    parent.mkdir(parents=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(parent, ignore_errors=True)


def _engine(folder: Path) -> duckdb.DuckDBPyConnection:
    """An in-memory engine that spills into ``folder`` only."""
    return duckdb.connect(config={"temp_directory": str(folder)})


def _read_records(engine: duckdb.DuckDBPyConnection, folder: Path, which: str = "") -> dict[int, tuple[str, str]]:
    """Copy demographics into the engine's ``linkage`` table; return each compartment's (source, local id)."""
    path = folder / "records.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        storage.write_records(out, which)
    engine.read_csv(str(path), header=True, all_varchar=True).create("received")
    engine.execute(
        """
        CREATE TABLE records AS
        SELECT * REPLACE (record_id::BIGINT AS record_id, nullif(birth_date, '')::DATE AS birth_date) FROM received
        """
    )
    engine.execute("DROP TABLE received")
    path.unlink()
    linkage.standardise(engine, folder)
    rows = engine.execute("SELECT record_id, source, local_id FROM records").fetchall()
    return {record: (source, local_id or "") for record, source, local_id in rows}


def _verified(
    engine: duckdb.DuckDBPyConnection,
    local: Mapping[int, tuple[str, str]],
    known: storage.Before,
    decided: Mapping[tuple[int, int], str],
) -> tuple[Found, list[list[int]], dict[int, probable.Particulars]]:
    """People for direct care, with identifiers kept from earlier runs."""
    traits: dict[int, verified.Traits] = {}
    particulars: dict[int, probable.Particulars] = {}
    rows = engine.execute(
        "SELECT l.unique_id, l.nhs_number, l.born, coalesce(l.family, ''), coalesce(l.given, ''),"
        " coalesce(l.sex, ''), coalesce(l.postcode, ''), coalesce(r.practice = r.source, false)"
        " FROM linkage l JOIN records r ON r.record_id = l.unique_id"
    ).fetchall()
    for record, number, born, family, given, sex, postcode, registration in rows:
        traits[record] = verified.Traits(number, born, family, given, sex)
        particulars[record] = probable.Particulars(number, born, family, given, sex, postcode, registration)
    at = {where: record for record, where in local.items()}
    merges = [
        (at[source, surviving], at[source, retired])
        for source, surviving, retired in storage.local_merges()
        if (source, surviving) in at and (source, retired) in at
    ]
    said = {verdict: [pair for pair, how in decided.items() if how == verdict] for verdict in (SAME, DIFFERENT)}
    here = {verdict: [pair for pair in pairs if set(pair) <= local.keys()] for verdict, pairs in said.items()}
    people = verified.people(traits, merges, sorted(here[SAME]), frozenset(here[DIFFERENT]))
    assignment = clusters.assign(
        people.groups, known.person, known.founder, lambda record, again: clusters.identifier(*local[record], again)
    )
    basis = dict.fromkeys(local, "alone")
    for name, records in (("confirmed", people.confirmed), ("merged", people.merged), ("verified", people.verified)):
        basis.update(dict.fromkeys(records, name))
    traced = {record: said for record, said in tracing.answers().items() if record in local}
    own = storage.numbers_of(record for record, (number, _) in traced.items() if number)
    basis.update(
        (record, "pds_trace")
        for record, (number, _) in traced.items()
        if number and own.get(record) != number and basis[record] == "verified"
    )
    registrations = {record: local[record][0] for record, said in particulars.items() if said.registration}
    candidates = {record: numbers for record, (_, numbers) in traced.items() if traits[record].number is None}
    doubts = [
        *people.doubts,
        *verified.registered_twice(people.groups, registrations),
        *verified.partly_traced(people.groups, traits, candidates),
    ]
    review: list[tuple[verified.Doubt, float | None]] = [
        (doubt, None) for doubt in doubts if (doubt.first, doubt.second) not in decided
    ]
    return Found(assignment, basis, {}, {}, review), people.groups, particulars


def _probable(
    found: Found,
    groups: Sequence[Sequence[int]],
    particulars: Mapping[int, probable.Particulars],
    known: storage.Before,
    decided: Mapping[tuple[int, int], str],
    weighed: Sequence[tuple[int, int, float]],
) -> None:
    """Add to ``found`` the people analysis counts, and the pairs that are neither linked nor clearly apart."""
    home = {record: group[0] for group in groups for record in group}
    pairs = [probable.Pair(*row) for row in weighed if home[row[0]] != home[row[1]]]
    denied = [pair for pair, how in decided.items() if how == DIFFERENT and set(pair) <= particulars.keys()]
    people, found.weights, doubts = probable.people(groups, particulars, pairs, denied)
    founder = {**known.founder, **found.assignment.created}
    for members in people:
        oldest = min({found.assignment.person[record] for record in members}, key=lambda p: (founder[p], str(p)))
        found.analysis.update(dict.fromkeys(members, oldest))
    already = {(doubt.first, doubt.second) for doubt, _ in found.review}
    found.review += [
        (doubt, weight)
        for doubt, weight in doubts
        if (doubt.first, doubt.second) not in already and (doubt.first, doubt.second) not in decided
    ]
    weights = {(pair.first, pair.second): pair.weight for pair in pairs}
    found.review = [
        (doubt, weight if weight is not None else weights.get((doubt.first, doubt.second)))
        for doubt, weight in found.review
    ]


def _sample(
    weighed: Sequence[tuple[int, int, float]], found: Found, decided: Mapping[tuple[int, int], str]
) -> list[tuple[int, int, float]]:
    """Probable links to show reviewers, the same each run: those whose ids hash lowest, less the decided ones."""
    linked = [
        (first, second, weight)
        for first, second, weight in weighed
        if weight >= probable.LINK
        and found.analysis[first] == found.analysis[second]
        and found.assignment.person[first] != found.assignment.person[second]
    ]
    linked.sort(key=lambda pair: hashlib.sha256(repr(pair[:2]).encode()).digest())
    return [pair for pair in linked[:SAMPLED] if pair[:2] not in decided]
