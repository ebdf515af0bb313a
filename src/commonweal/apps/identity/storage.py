"""Identity rows in bulk: out by COPY into a run's engine, and back in as differences only."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import duckdb
from django.db import IntegrityError, connection, transaction

from commonweal.apps.identity.conclusions import Analysis, Care
from commonweal.domain.identity import clusters

_BLOCK = 1 << 18
_RECORDS: LiteralString = (
    "SELECT d.compartment_id AS record_id, d.source, d.local_id, coalesce(t.nhs_number, d.nhs_usable) AS nhs_usable,"
    " t.nhs_number IS NOT NULL AND t.nhs_number IS DISTINCT FROM d.nhs_usable AS traced, d.family_key, d.given_key,"
    " d.family_sound, d.given_sound, d.birth_date, d.gender, d.postcode, d.practice, d.ethnicity"
    " FROM identity_demographics d LEFT JOIN identity_traced t USING (compartment_id)"
)
_BEFORE: LiteralString = "SELECT compartment_id AS record, person_id AS person, basis FROM identity_membership"
_KNOWN: LiteralString = "SELECT person_id AS person, founder, merged_into FROM identity_person p"
_KNOWN_OF_TOUCHED: LiteralString = (
    "SELECT person_id AS person, founder, merged_into FROM identity_person p"
    " WHERE p.person_id IN (SELECT m.person_id FROM identity_membership m JOIN identity_touched USING (compartment_id))"
    " OR p.founder IN (SELECT compartment_id FROM identity_touched)"
)
# What to read of each: everything, or that of the records in a temporary table of ``changes``.
_READ: dict[str, dict[str, LiteralString]] = {
    "": {"records": _RECORDS, "before": _BEFORE, "known": _KNOWN},
    "wanted": {"records": _RECORDS + " JOIN identity_wanted USING (compartment_id)"},
    "touched": {
        "records": _RECORDS + " JOIN identity_touched USING (compartment_id)",
        "before": _BEFORE + " JOIN identity_touched USING (compartment_id)",
        "known": _KNOWN_OF_TOUCHED,
    },
}
_TYPED: dict[str, str] = {
    "records": "* REPLACE (record_id::BIGINT AS record_id, birth_date::DATE AS birth_date,"
    " coalesce(local_id, '') AS local_id)",
    "before": "record::BIGINT AS record, person::UUID AS person, basis",
    "known": "person::UUID AS person, founder::BIGINT AS founder, merged_into::UUID AS merged_into",
}


def read(engine: duckdb.DuckDBPyConnection, folder: Path, which: str = "") -> None:
    """Make the engine's tables of what a run reads: all, or those of a table of ``changes`` ("wanted", "touched").

    ``records`` (what ``lake.linkage`` asks for, and source, local id, ethnicity, and ``traced``: whether PDS gave the
    number), ``before`` (record, person, basis) and ``known`` (person, founder, merged_into): who was who, and everybody
    there has been. Of the wanted only ``records``. By way of files in ``folder``, removed at once.
    """
    for table, query in _READ[which].items():
        path = folder / "read.csv"
        statement = "COPY (" + query + ") TO STDOUT (FORMAT csv, HEADER)"
        with path.open("wb") as out, connection.cursor() as cursor, cursor.cursor.copy(statement) as rows:
            for row in rows:
                out.write(row)
        received = engine.read_csv(str(path), header=True, all_varchar=True, sep=",", quotechar='"', escapechar='"')
        received.project(_TYPED[table]).create(table)
        path.unlink()


def local_merges() -> Iterator[tuple[str, str, str]]:
    """(source, surviving, retired) of every merge a source reported, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT source, surviving, retired FROM identity_local_merge ORDER BY at, reference, id")
        yield from cursor.fetchall()


def crosswalk() -> list[tuple[str, str, UUID, UUID]]:
    """(source, local id, person, person for analysis) of every linked compartment, in a fixed order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.source, d.local_id, m.person_id, coalesce(p.analysis_person_id, m.person_id)"
            " FROM identity_demographics d JOIN identity_membership m USING (compartment_id)"
            " LEFT JOIN identity_probable p USING (compartment_id) ORDER BY d.source, d.local_id"
        )
        return list(cursor.fetchall())


def probable_people() -> dict[int, UUID]:
    """The person each compartment belongs to for analysis. Batch role only; never for direct care."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT compartment_id, analysis_person_id FROM identity_analysis")
        return dict(cursor.fetchall())


_STAGE = """
CREATE TEMP TABLE new_membership (compartment_id bigint, person_id uuid, basis text) ON COMMIT DROP;
CREATE TEMP TABLE first_membership (compartment_id bigint, person_id uuid, basis text) ON COMMIT DROP;
CREATE TEMP TABLE new_person (person_id uuid, founder bigint) ON COMMIT DROP;
CREATE TEMP TABLE new_merged (person_id uuid, merged_into uuid) ON COMMIT DROP;
CREATE TEMP TABLE new_event (kind text, compartment_id bigint, before uuid, after uuid, reason text) ON COMMIT DROP;
CREATE TEMP TABLE new_probable (compartment_id bigint PRIMARY KEY, analysis_person_id uuid, weight float8)
    ON COMMIT DROP;
CREATE TEMP TABLE new_review (first bigint, second bigint, weight float8, reason text, kind text, fields jsonb)
    ON COMMIT DROP;
CREATE TEMP TABLE gone_record (compartment_id bigint) ON COMMIT DROP;
CREATE TEMP TABLE risen_person (person_id uuid) ON COMMIT DROP;
"""
# What differs, by the engine: it has read who was who. In the order of an index on people, which costs less to fill.
_DIFFERENT: dict[str, LiteralString] = {
    "new_membership": "SELECT h.record, p.person, h.basis FROM homes h JOIN persons p ON p.home = h.home"
    " JOIN before b ON b.record = h.record"
    " WHERE b.person IS DISTINCT FROM p.person OR b.basis IS DISTINCT FROM h.basis ORDER BY 2",
    "first_membership": "SELECT h.record, p.person, h.basis FROM homes h JOIN persons p ON p.home = h.home"
    " WHERE h.record NOT IN (SELECT record FROM before) ORDER BY 2",
    "new_person": "SELECT person, home FROM persons WHERE created ORDER BY 1",
    "gone_record": "SELECT record FROM before WHERE record NOT IN (SELECT record FROM homes)",
    "risen_person": "SELECT k.person FROM known k JOIN persons p ON p.person = k.person"
    " WHERE k.merged_into IS NOT NULL",
}
# A record that had no link gets its first without a look whether it has one, which costs half; unless somebody linked
# one of them in the meantime: then they go with the others.
_LINK_FIRST: LiteralString = (
    "INSERT INTO identity_membership (compartment_id, person_id, basis, since)"
    " SELECT compartment_id, person_id, basis, %(now)s FROM first_membership"
)
_WITH_THE_OTHERS: LiteralString = "INSERT INTO new_membership SELECT * FROM first_membership"
_APPLY = (
    "INSERT INTO identity_person (person_id, founder, created) SELECT person_id, founder, %(now)s FROM new_person",
    "UPDATE identity_person p SET merged_into = n.merged_into FROM new_merged n WHERE p.person_id = n.person_id",
    "UPDATE identity_person p SET merged_into = NULL FROM risen_person n WHERE p.person_id = n.person_id",
    "INSERT INTO identity_event (at, kind, compartment_id, before, after, reason)"
    " SELECT %(now)s, kind, compartment_id, before, after, reason FROM new_event",
    "INSERT INTO identity_membership (compartment_id, person_id, basis, since)"
    " SELECT compartment_id, person_id, basis, %(now)s FROM new_membership"
    " ON CONFLICT (compartment_id) DO UPDATE SET person_id = excluded.person_id, basis = excluded.basis,"
    " since = excluded.since",
    "DELETE FROM identity_membership m USING gone_record g WHERE g.compartment_id = m.compartment_id"
    " AND NOT EXISTS (SELECT 1 FROM identity_demographics d WHERE d.compartment_id = m.compartment_id)"
    " AND NOT EXISTS (SELECT 1 FROM identity_attachment a WHERE a.compartment_id = m.compartment_id)",
    # What was written about a person goes where the record goes that was open when it was written.
    "UPDATE identity_membership m SET person_id = n.person_id, since = %(now)s"
    " FROM identity_attachment a JOIN identity_membership n ON n.compartment_id = a.anchor"
    " WHERE m.compartment_id = a.compartment_id AND m.basis = 'added' AND m.person_id <> n.person_id",
    "INSERT INTO identity_probable AS old SELECT compartment_id, analysis_person_id, weight FROM new_probable"
    " ON CONFLICT (compartment_id) DO UPDATE SET analysis_person_id = excluded.analysis_person_id,"
    " weight = excluded.weight WHERE (old.analysis_person_id, old.weight)"
    " IS DISTINCT FROM (excluded.analysis_person_id, excluded.weight)",
)
_REVIEW = (
    "INSERT INTO identity_review AS old (first, second, weight, reason, since, kind, fields)"
    " SELECT DISTINCT ON (first, second) first, second, weight, reason, %(now)s, kind, fields FROM new_review"
    " ON CONFLICT (first, second) DO UPDATE SET weight = excluded.weight, reason = excluded.reason,"
    " kind = excluded.kind, fields = coalesce(excluded.fields, old.fields)"
    " WHERE (old.weight, old.reason, old.kind, old.fields)"
    " IS DISTINCT FROM (excluded.weight, excluded.reason, excluded.kind, coalesce(excluded.fields, old.fields))"
)
# What a run over everything does not speak of is gone; one over the touched records speaks of those.
_FORGET_ALL = (
    "DELETE FROM identity_probable p WHERE NOT EXISTS"
    " (SELECT 1 FROM new_probable n WHERE n.compartment_id = p.compartment_id)",
    "DELETE FROM identity_review r WHERE NOT EXISTS"
    " (SELECT 1 FROM new_review n WHERE n.first = r.first AND n.second = r.second)",
)
_FORGET_TOUCHED = (
    "DELETE FROM identity_probable p USING identity_touched t WHERE t.compartment_id = p.compartment_id AND NOT EXISTS"
    " (SELECT 1 FROM new_probable n WHERE n.compartment_id = p.compartment_id)",
    "DELETE FROM identity_review r WHERE r.kind = 'doubt' AND EXISTS (SELECT FROM identity_touched t"
    " WHERE t.compartment_id IN (r.first, r.second))"
    " AND NOT EXISTS (SELECT 1 FROM new_review n WHERE n.first = r.first AND n.second = r.second)",
)


def write(
    engine: duckdb.DuckDBPyConnection, folder: Path, care: Care, analysis: Analysis, now: datetime, whole: bool = True
) -> None:
    """Make the tables say what the run concluded, touching only rows that differ. Joins the caller's transaction.

    ``whole``: the run read every record, so what it does not speak of is gone.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        for table, query in _DIFFERENT.items():
            if whole or table != "gone_record":
                copy_in(engine, folder, query, "COPY " + table + " FROM STDIN (FORMAT csv)")
        _copy(cursor, "COPY new_merged FROM STDIN", care.assignment.merged.items())
        _copy(cursor, "COPY new_event FROM STDIN", _events(care))
        _copy(
            cursor,
            "COPY new_probable FROM STDIN",
            ((record, person, analysis.weights.get(record)) for record, person in analysis.joined.items()),
        )
        _copy(cursor, "COPY new_review FROM STDIN", _review_rows(analysis))
        try:
            with transaction.atomic():
                cursor.execute(_LINK_FIRST, {"now": now})
        except IntegrityError:
            cursor.execute(_WITH_THE_OTHERS)
        for statement in (*_APPLY, *(_FORGET_ALL if whole else _FORGET_TOUCHED), _REVIEW):
            cursor.execute(statement, {"now": now})


def copy_in(engine: duckdb.DuckDBPyConnection, folder: Path, query: str, statement: LiteralString) -> None:
    """Send the engine's rows of ``query`` by COPY, a block at a time."""
    path = folder / "write.csv"
    engine.sql(query).write_csv(str(path), header=False)
    with connection.cursor() as cursor, cursor.cursor.copy(statement) as copy, path.open("rb") as rows:
        while block := rows.read(_BLOCK):
            copy.write(block)
    path.unlink()


def _events(care: Care) -> Iterator[tuple[Any, ...]]:
    for move in care.assignment.moved:
        yield move.kind, move.record, move.before, move.after, _reason(move, care.basis.get(move.record, ""))


def _review_rows(found: Analysis) -> Iterator[tuple[Any, ...]]:
    """Doubts, and links sampled so that their quality can be measured, each with its field weights."""
    for doubt, weight in found.review:
        yield doubt.first, doubt.second, weight, doubt.reason, "doubt", _fields(found, doubt.first, doubt.second)
    for first, second, weight in found.samples:
        yield (
            first,
            second,
            weight,
            "a link for analysis, drawn to measure quality",
            "sample",
            _fields(found, first, second),
        )


def _fields(found: Analysis, first: int, second: int) -> str | None:
    fields = found.fields.get((first, second))
    return None if fields is None else json.dumps(fields)


def _reason(move: clusters.Moved, basis: str) -> str:
    """Why a compartment moved, in words for the history."""
    if move.kind == "split":
        return "what held it with the others no longer does"
    return {
        "verified": "NHS number and birth date agree",
        "pds_trace": "the Personal Demographics Service gave the number",
        "merged": "merged by its source",
        "confirmed": "confirmed by people who compared the records",
    }.get(basis, "linked through another record")


def _copy(cursor: Any, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Send ``rows`` by COPY."""
    with cursor.cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
