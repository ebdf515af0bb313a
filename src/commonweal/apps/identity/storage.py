"""Identity rows in bulk: out by COPY for a run, and back in as differences only."""

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TextIO
from uuid import UUID

from django.db import connection, transaction

from commonweal.domain.identity import clusters, verified


class Concluded(Protocol):
    """The conclusions ``write`` stores."""

    assignment: clusters.Assignment
    basis: dict[int, str]
    analysis: dict[int, UUID]
    weights: dict[int, float]
    review: list[tuple[verified.Doubt, float | None]]
    samples: list[tuple[int, int, float]]
    fields: dict[tuple[int, int], dict[str, float]]


@dataclass(frozen=True, slots=True)
class Before:
    """Who was who when a run began: each compartment's person, and the founding compartment of every person."""

    person: dict[int, UUID]
    founder: dict[UUID, int]


COLUMNS = (
    "record_id",
    "source",
    "local_id",
    "nhs_usable",
    "family_key",
    "given_key",
    "family_sound",
    "given_sound",
    "birth_date",
    "gender",
    "postcode",
    "practice",
)


_READ = (
    "SELECT d.compartment_id, d.source, d.local_id, coalesce(t.nhs_number, d.nhs_usable), d.family_key,"
    " d.given_key, d.family_sound, d.given_sound, d.birth_date::text, d.gender, d.postcode, d.practice"
    " FROM identity_demographics d LEFT JOIN identity_traced t USING (compartment_id)"
)
_WHICH = {
    "": _READ + " ORDER BY compartment_id",
    "wanted": _READ + " JOIN identity_wanted w USING (compartment_id) ORDER BY compartment_id",
    "touched": _READ + " JOIN identity_touched w USING (compartment_id) ORDER BY compartment_id",
}


def write_records(out: TextIO, which: str = "") -> None:
    """Write compartments' linkage columns to ``out`` as CSV with a header: all, or those of a table of ``changes``.

    Through a server-side cursor: psycopg hands COPY out one row at a time, which costs a wait each.
    """
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    with transaction.atomic(), connection.cursor(), connection.connection.cursor(name="identify_records") as rows:
        rows.itersize = 20_000
        rows.execute(_WHICH[which])
        writer.writerows(rows)


def people_before(touched: bool = False) -> Before:
    """Memberships and people as they stand; only those of the ``touched`` records if told."""
    with connection.cursor() as cursor:
        if touched:
            cursor.execute(
                "SELECT compartment_id, person_id FROM identity_membership JOIN identity_touched USING (compartment_id)"
            )
            person = dict(cursor.fetchall())
            cursor.execute(
                "SELECT person_id, founder FROM identity_person p WHERE p.person_id = ANY(%s)"
                " OR EXISTS (SELECT FROM identity_touched t WHERE t.compartment_id = p.founder)",
                [list(set(person.values()))],
            )
            return Before(person, dict(cursor.fetchall()))
        cursor.execute("SELECT compartment_id, person_id FROM identity_membership")
        person = dict(cursor.fetchall())
        cursor.execute("SELECT person_id, founder FROM identity_person")
        return Before(person, dict(cursor.fetchall()))


def numbers_of(records: Iterable[int]) -> dict[int, str | None]:
    """The usable NHS number each record itself gives."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT compartment_id, nhs_usable FROM identity_demographics WHERE compartment_id = ANY (%s)",
            [list(records)],
        )
        return dict(cursor.fetchall())


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
        cursor.execute("SELECT compartment_id, analysis_person_id FROM identity_probable")
        return dict(cursor.fetchall())


_STAGE = """
CREATE TEMP TABLE new_membership (compartment_id bigint, person_id uuid, basis text) ON COMMIT DROP;
CREATE TEMP TABLE new_person (person_id uuid, founder bigint) ON COMMIT DROP;
CREATE TEMP TABLE new_merged (person_id uuid, merged_into uuid) ON COMMIT DROP;
CREATE TEMP TABLE new_event (kind text, compartment_id bigint, before uuid, after uuid, reason text) ON COMMIT DROP;
CREATE TEMP TABLE new_probable (compartment_id bigint, analysis_person_id uuid, weight float8) ON COMMIT DROP;
CREATE TEMP TABLE new_review (first bigint, second bigint, weight float8, reason text, kind text, fields jsonb)
    ON COMMIT DROP;
"""

_APPLY = (
    "INSERT INTO identity_person (person_id, founder, created) SELECT person_id, founder, %(now)s FROM new_person",
    "UPDATE identity_person p SET merged_into = n.merged_into FROM new_merged n WHERE p.person_id = n.person_id",
    "UPDATE identity_person p SET merged_into = NULL WHERE merged_into IS NOT NULL"
    " AND EXISTS (SELECT 1 FROM new_membership n WHERE n.person_id = p.person_id)",
    "INSERT INTO identity_event (at, kind, compartment_id, before, after, reason)"
    " SELECT %(now)s, kind, compartment_id, before, after, reason FROM new_event",
    "INSERT INTO identity_membership AS old (compartment_id, person_id, basis, since)"
    " SELECT compartment_id, person_id, basis, %(now)s FROM new_membership"
    " ON CONFLICT (compartment_id) DO UPDATE SET person_id = excluded.person_id, basis = excluded.basis,"
    " since = excluded.since"
    " WHERE (old.person_id, old.basis) IS DISTINCT FROM (excluded.person_id, excluded.basis)",
    "DELETE FROM identity_membership m WHERE %(whole)s AND NOT EXISTS"
    " (SELECT 1 FROM new_membership n WHERE n.compartment_id = m.compartment_id)"
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
    "DELETE FROM identity_probable p WHERE %(whole)s AND NOT EXISTS"
    " (SELECT 1 FROM new_probable n WHERE n.compartment_id = p.compartment_id)",
    "DELETE FROM identity_review r WHERE NOT EXISTS"
    " (SELECT 1 FROM new_review n WHERE n.first = r.first AND n.second = r.second)"
    " AND (%(whole)s OR r.kind = 'doubt'"
    " AND EXISTS (SELECT FROM new_probable n WHERE n.compartment_id IN (r.first, r.second)))",
    "INSERT INTO identity_review AS old (first, second, weight, reason, since, kind, fields)"
    " SELECT DISTINCT ON (first, second) first, second, weight, reason, %(now)s, kind, fields FROM new_review"
    " ON CONFLICT (first, second) DO UPDATE SET weight = excluded.weight, reason = excluded.reason,"
    " kind = excluded.kind, fields = coalesce(excluded.fields, old.fields)"
    " WHERE (old.weight, old.reason, old.kind, old.fields)"
    " IS DISTINCT FROM (excluded.weight, excluded.reason, excluded.kind, coalesce(excluded.fields, old.fields))",
)


def write(found: Concluded, now: datetime, whole: bool = True) -> None:
    """Make the tables say what the run concluded, touching only rows that differ. Runs in one transaction.

    ``whole``: the run read every record, so what it does not speak of is gone.
    """
    assignment = found.assignment
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        _copy(
            cursor,
            "COPY new_membership FROM STDIN",
            ((record, person, found.basis[record]) for record, person in assignment.person.items()),
        )
        _copy(cursor, "COPY new_person FROM STDIN", assignment.created.items())
        _copy(cursor, "COPY new_merged FROM STDIN", assignment.merged.items())
        _copy(
            cursor,
            "COPY new_event FROM STDIN",
            ((move.kind, move.record, move.before, move.after, _reason(move, found)) for move in assignment.moved),
        )
        _copy(
            cursor,
            "COPY new_probable FROM STDIN",
            ((record, person, found.weights.get(record)) for record, person in found.analysis.items()),
        )
        _copy(
            cursor,
            "COPY new_review FROM STDIN",
            _review_rows(found),
        )
        for statement in _APPLY:
            cursor.execute(statement, {"now": now, "whole": whole})


def _review_rows(found: Concluded) -> Iterator[tuple[Any, ...]]:
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


def _fields(found: Concluded, first: int, second: int) -> str | None:
    fields = found.fields.get((first, second))
    return None if fields is None else json.dumps(fields)


def _reason(move: clusters.Moved, found: Concluded) -> str:
    """Why a compartment moved, in words for the history."""
    if move.kind == "split":
        return "what held it with the others no longer does"
    return {
        "verified": "NHS number and birth date agree",
        "pds_trace": "the Personal Demographics Service gave the number",
        "merged": "merged by its source",
        "confirmed": "confirmed by people who compared the records",
    }.get(found.basis[move.record], "linked through another record")


def _copy(cursor: Any, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Send ``rows`` by COPY."""
    with cursor.cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
