"""Rows of an identify run over the changes alone: what changed, what it may link to, and all that this touches."""

from collections.abc import Iterable
from pathlib import Path
from typing import LiteralString

import duckdb
from django.db import connection

from commonweal.apps.identity.storage import copy_in
from commonweal.domain.identity import birth_date

# Every record that shares a blocking key of ``lake.linkage`` with a changed one (and some that do not: the engine
# blocks again). A birth date that identifies nobody is no key.
_WANTED = """
CREATE TEMP TABLE identity_wanted (compartment_id bigint PRIMARY KEY) ON COMMIT DROP;
CREATE TEMP TABLE identity_fresh ON COMMIT DROP AS
    SELECT d.*, CASE WHEN d.birth_date >= %(earliest)s AND d.birth_date <> ALL (%(fillers)s)
                     THEN d.birth_date END AS born
    FROM identity_demographics d JOIN identity_changed c USING (compartment_id) WHERE c.change <= %(until)s;
ANALYZE identity_fresh;
WITH numbers AS MATERIALIZED (
    SELECT DISTINCT n.number FROM identity_fresh f
    CROSS JOIN LATERAL (SELECT number FROM identity_number n WHERE n.compartment_id = f.compartment_id) n
), several AS (SELECT compartment_id, unnest(candidates) AS number FROM identity_trace WHERE outcome = 'several')
INSERT INTO identity_wanted
    SELECT compartment_id FROM identity_fresh
    UNION SELECT o.compartment_id FROM numbers n JOIN identity_demographics o ON o.nhs_usable = n.number
    UNION SELECT o.compartment_id FROM numbers n JOIN identity_trace o ON o.nhs_number = n.number
    UNION SELECT o.compartment_id FROM numbers n JOIN several o ON o.number = n.number
    UNION SELECT d.compartment_id FROM identity_fresh f JOIN identity_demographics d ON d.birth_date = f.born
        AND (d.family_sound = f.family_sound OR d.given_sound = f.given_sound OR d.practice = f.practice
             OR d.family_key = f.given_key
             OR left(replace(d.postcode, ' ', ''), -3) = left(replace(f.postcode, ' ', ''), -3))
    UNION SELECT d.compartment_id FROM identity_fresh f JOIN identity_demographics d ON d.birth_date =
        CASE WHEN extract(day FROM f.born) <= 12 THEN make_date(extract(year FROM f.born)::int,
             extract(day FROM f.born)::int, extract(month FROM f.born)::int) END AND d.family_sound = f.family_sound
    UNION SELECT d.compartment_id FROM identity_fresh f JOIN identity_demographics d ON d.family_key = f.family_key
        AND d.given_key = f.given_key AND extract(year FROM d.birth_date) = extract(year FROM f.born)
        AND f.family_key <> ''
    UNION SELECT d.compartment_id FROM identity_fresh f JOIN identity_demographics d ON d.postcode = f.postcode
        AND (d.family_sound = f.family_sound OR d.given_sound = f.given_sound) AND f.postcode <> ''
"""
_TOUCHED = """
CREATE TEMP TABLE identity_touched (compartment_id bigint PRIMARY KEY) ON COMMIT DROP;
INSERT INTO identity_touched
    SELECT compartment_id FROM identity_changed WHERE change <= %(until)s
    UNION SELECT p.second FROM identity_pair p JOIN identity_changed c ON c.compartment_id = p.first
    UNION SELECT p.first FROM identity_pair p JOIN identity_changed c ON c.compartment_id = p.second
"""
# Numbers are looked up arm by arm: the view of them joined with itself would be read whole for one record.
# One step outwards: whatever a decision about a touched record could depend on.
_SPREAD = """
WITH numbers AS MATERIALIZED (
    SELECT DISTINCT n.number FROM identity_touched t
    CROSS JOIN LATERAL (SELECT number FROM identity_number n WHERE n.compartment_id = t.compartment_id) n
), several AS (SELECT compartment_id, unnest(candidates) AS number FROM identity_trace WHERE outcome = 'several')
INSERT INTO identity_touched
SELECT found.compartment_id FROM (
    SELECT p.second AS compartment_id FROM identity_touched t JOIN identity_pair p ON p.first = t.compartment_id
    UNION SELECT p.first FROM identity_touched t JOIN identity_pair p ON p.second = t.compartment_id
    UNION SELECT o.compartment_id FROM identity_touched t JOIN identity_membership m USING (compartment_id)
        JOIN identity_membership o ON o.person_id = m.person_id
    UNION SELECT o.compartment_id FROM identity_touched t JOIN identity_probable m USING (compartment_id)
        JOIN identity_probable o ON o.analysis_person_id = m.analysis_person_id
    UNION SELECT o.compartment_id FROM numbers n JOIN identity_demographics o ON o.nhs_usable = n.number
    UNION SELECT o.compartment_id FROM numbers n JOIN identity_trace o ON o.nhs_number = n.number
    UNION SELECT o.compartment_id FROM numbers n JOIN several o ON o.number = n.number
    UNION SELECT o.compartment_id FROM identity_touched t JOIN identity_demographics d USING (compartment_id)
        JOIN identity_local_merge m ON m.source = d.source AND d.local_id IN (m.surviving, m.retired)
        JOIN identity_demographics o ON o.source = m.source AND o.local_id IN (m.surviving, m.retired)
    UNION SELECT CASE WHEN n.first = t.compartment_id THEN n.second ELSE n.first END FROM identity_touched t
        JOIN identity_decision n ON t.compartment_id IN (n.first, n.second)
) found
ON CONFLICT DO NOTHING
"""


_FREQUENCIES: LiteralString = (
    "SELECT DISTINCT q.field, q.value, q.rate::text FROM {which} JOIN identity_demographics d USING (compartment_id)"
    " JOIN identity_frequency q ON (q.field, q.value) IN"
    " (('given', d.given_key), ('family', d.family_key), ('postcode', d.postcode)) ORDER BY 1, 2"
)


def until() -> int:
    """The newest change there is now: a run deals with those up to it, and leaves later ones for the next."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(change), 0) FROM identity_changed")
        return int(cursor.fetchone()[0])


def last_records() -> int | None:
    """How many records the last run over everything read; None before the first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT records FROM identity_run ORDER BY id DESC LIMIT 1")
        row = cursor.fetchone()
    return int(row[0]) if row else None


def find_candidates(newest: int) -> set[int]:
    """Make the temporary table of records to read; return the changed ones that have demographics."""
    with connection.cursor() as cursor:
        cursor.execute(
            _WANTED, {"until": newest, "earliest": birth_date.EARLIEST, "fillers": sorted(birth_date.FILLERS)}
        )
        cursor.execute("SELECT compartment_id FROM identity_fresh")
        return {row[0] for row in cursor.fetchall()}


def find_touched(newest: int, engine: duckdb.DuckDBPyConnection, folder: Path, fresh: Iterable[int]) -> None:
    """Make the temporary table of touched records: the changed ones, and all that a decision about them depends on.

    ``engine`` has weighed the ``fresh`` records' pairs anew; they take the place of the old ones.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHED, {"until": newest})
        changed = list(fresh)
        cursor.execute("DELETE FROM identity_pair WHERE first = ANY(%s) OR second = ANY(%s)", [changed, changed])
        if changed:
            store_pairs(engine, folder)
        spread = 1
        while spread > 0:
            cursor.execute("ANALYZE identity_touched")
            cursor.execute(_SPREAD)
            spread = cursor.rowcount


def store_pairs(engine: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Add the pairs the engine has weighed."""
    copy_in(
        engine,
        folder,
        "SELECT unique_id_l, unique_id_r, match_weight FROM scored_pairs",
        "COPY identity_pair FROM STDIN (FORMAT csv)",
    )


def replace_touched(engine: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Put the pairs the engine has weighed among the touched records in place of all theirs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM identity_pair p USING identity_touched t WHERE t.compartment_id IN (p.first, p.second)"
        )
    store_pairs(engine, folder)


def frequencies(which: LiteralString) -> list[tuple[str, str, str]]:
    """(field, value, rate) of the last run over everything, for the values of the records in a table of this module."""
    with connection.cursor() as cursor:
        cursor.execute(_FREQUENCIES.replace("{which}", which))
        return list(cursor.fetchall())


def all_frequencies() -> list[tuple[str, str, str]]:
    """(field, value, rate) of the last run over everything."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT field, value, rate::text FROM identity_frequency ORDER BY 1, 2")
        return list(cursor.fetchall())


def begin_anew(
    records: int, engine: duckdb.DuckDBPyConnection, folder: Path, rates: Iterable[tuple[str, str, float]] | None
) -> None:
    """Replace all pairs, and the frequencies if given, by those of a run over everything."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM identity_pair")
        store_pairs(engine, folder)
        if rates is not None:
            cursor.execute("DELETE FROM identity_frequency")
            with cursor.cursor.copy("COPY identity_frequency FROM STDIN") as copy:
                for row in rates:
                    copy.write_row(row)
            cursor.execute("INSERT INTO identity_run (records) VALUES (%s)", [records])


def done(newest: int) -> None:
    """Forget the changes up to ``newest``: they have been dealt with."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM identity_changed WHERE change <= %s", [newest])
