"""Putting a release into the tables, in place of the release before: by COPY, in one transaction."""

from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction

from commonweal.fhir.terminology.release import Release, ancestors

_LOCK = 7_302_014  # of pg_advisory_xact_lock: one load at a time, since numbers are handed out in a row
_OLD = """
UPDATE record_code_system SET removed_at = clock_timestamp() WHERE url = %s AND removed_at IS NULL RETURNING id
"""
_FORGET = (
    "DELETE FROM record_concept_below b USING record_concept c WHERE c.system_id = %s AND b.above = c.id",
    "DELETE FROM record_concept_term t USING record_concept c WHERE c.system_id = %s AND t.concept_id = c.id",
    "DELETE FROM record_concept_property p USING record_concept c WHERE c.system_id = %s AND p.concept_id = c.id",
    "DELETE FROM record_concept WHERE system_id = %s",
)
_NEW = """
INSERT INTO record_code_system (url, version, name, complete, concepts, definition)
VALUES (%s, %s, %s, %s, %s, %s) RETURNING id
"""
_NUMBERS = "SELECT min(n) FROM (SELECT nextval('record_concept_number') AS n FROM generate_series(1, %s)) one"
_TABLES = "record_concept, record_concept_below, record_concept_term, record_concept_property"
_MANY = 10_000  # concepts; after fewer the planner's own statistics will do


def load(release: Release, definition: int | None = None) -> dict[str, Any]:
    """Store ``release`` in place of the same system's release before; as the batch role.

    ``definition``: the CodeSystem resource it came from. → {system, version, concepts, pairs, terms, replaced}.
    Raises ``ReleaseFault`` when a concept is above itself; then nothing has changed.
    """
    concepts = list({concept.code: concept for concept in release.concepts}.values())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        replaced = forget(cursor, release.url)
        values: list[Any] = [release.url, release.version, release.name, release.complete, len(concepts), definition]
        cursor.execute(_NEW, values)
        system = cursor.fetchone()[0]
        cursor.execute(_NUMBERS, [max(len(concepts), 1)])
        first = cursor.fetchone()[0]
        number = {concept.code: first + place for place, concept in enumerate(concepts)}
        _copy(
            cursor,
            "COPY record_concept (id, system_id, code, display, active) FROM STDIN",
            ((number[c.code], system, _text(c.code), _text(c.display or c.code), c.active) for c in concepts),
        )
        direct = set(release.broader)
        pairs = _copy(
            cursor,
            "COPY record_concept_below (above, below, direct) FROM STDIN",
            (
                (number[above], number[code], (code, above) in direct)
                for code, upper in ancestors(number, release.broader)
                for above in upper
            ),
        )
        terms = _copy(
            cursor,
            "COPY record_concept_term (concept_id, term, use) FROM STDIN",
            (
                (number[c.code], _text(term), use)
                for c in concepts
                for term, use in {(c.display or c.code, "display"): None, **dict.fromkeys(c.terms)}
            ),
        )
        _copy(
            cursor,
            "COPY record_concept_property (concept_id, property, value) FROM STDIN",
            ((number[c.code], _text(name), _text(value)) for c in concepts for name, value in c.properties),
        )
        changed(cursor)
        if len(concepts) >= _MANY:
            cursor.execute("ANALYZE " + _TABLES)
    return {
        "system": release.url,
        "version": release.version,
        "concepts": len(concepts),
        "pairs": pairs,
        "terms": terms,
        "replaced": replaced,
    }


def forget(cursor: Any, url: str) -> bool:
    """Take the current release of a system out, keeping the note that it was there; whether there was one."""
    cursor.execute(_OLD, [url])
    row = cursor.fetchone()
    if row is None:
        return False
    for statement in _FORGET:
        cursor.execute(statement, [row[0]])
    return True


def changed(cursor: Any) -> None:
    """Let every server process know that what it has compiled is out of date."""
    cursor.execute("UPDATE record_definitions_state SET stamp = stamp + 1")


def _copy(cursor: Any, statement: str, rows: Iterable[tuple[Any, ...]]) -> int:
    count = 0
    with cursor.cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def _text(value: str) -> str:
    """PostgreSQL text cannot hold U+0000."""
    return value.replace("\x00", "") if "\x00" in value else value
