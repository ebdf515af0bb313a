"""Storing what the record does not hold yet, straight into its tables: what a large file mostly is.

A batch is tried as if all of it were new. Its numbers are drawn and its people looked up first, so that every row is
known before it is sent, and COPY takes it without staging, joining or sorting. Whether it really was new is for the
unique index on (type, id) to say: where it refuses one resource nothing of the batch is done, and the batch is staged.

COPY needs a role that row security does not bind. ``commonweal_loader`` may add rows to six tables and read none, and
only the batch role may take it on, for these statements. Where a server's administrator could not make it, or a
batch is small, ``actions`` stages.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

from django.db import IntegrityError, connection, transaction

from commonweal.apps.identity import api as identity
from commonweal.apps.record import statements
from commonweal.apps.record.staging import NULL, Wave
from commonweal.apps.record.writing_statements import MADE

SAMPLE = 100  # keys of a batch that are looked up before all of it is taken to be new
WORTH = 500  # resources: fewer are staged in less time than it takes to look whether they are new

_MAY = """
SELECT EXISTS (SELECT FROM pg_roles
WHERE rolname = 'commonweal_loader' AND rolbypassrls AND pg_has_role(current_user, oid, 'SET'))
"""
_SOME_HELD = """
SELECT EXISTS (SELECT FROM unnest(%s::text[], %s::text[]) AS k (type, id)
CROSS JOIN LATERAL (SELECT FROM record_resource WHERE type = k.type AND id = k.id OFFSET 0) r)
"""
_PEOPLE = """
INSERT INTO record_compartment (source, local_id, alone) SELECT %(source)s, k.local_id, k.alone
FROM unnest(%(people)s::text[], %(alone)s::uuid[]) AS k (local_id, alone)
WHERE NOT EXISTS (SELECT FROM record_compartment c WHERE c.source = %(source)s AND c.local_id = k.local_id)
ORDER BY k.local_id ON CONFLICT DO NOTHING
"""
_NUMBERS = "SELECT nextval('record_resource_rid') FROM generate_series(1, %s)"
_FROM_TO = "SELECT min(n), max(n) FROM (SELECT nextval('record_resource_rid') AS n FROM generate_series(1, %s)) AS s"
_RESOURCES = """
COPY record_resource (compartment_id, rid, source_id, category, receipt_id, type, id, happened_at, line, digest, body)
FROM STDIN
"""


def stored_as_new(cursor: Any, wave: Wave, bound: Mapping[str, Any]) -> list[int | None] | None:
    """Store ``wave`` as if the record held none of it; ``bound`` as ``actions.write`` binds it.

    Returns the compartment of each of its resources, or None where it was not tried or one was held: then nothing
    is stored. One statement says who of its people are new, and a hundred keys whether the rest is worth trying.
    """
    if bound["removals"] or len(wave.keys) < WORTH or not _worth_trying(cursor, wave):
        return None
    try:
        with transaction.atomic():
            people = {**bound, **people_of(wave, bound["source"])}
            cursor.execute(_PEOPLE, people)
            cursor.execute(MADE, people)
            known: dict[str | None, int | None] = {None: None, **dict(cursor.fetchall())}
            compartments = [known[one] for one in wave.whose]
            numbers = _numbers(cursor, len(compartments))
            heads = [*map(row_head, compartments, numbers, repeat(bound["source_id"]), wave.categories)]
            _copied(cursor, wave, heads, bound["receipt"])
    except IntegrityError:
        return None
    describe_systems(cursor, wave)
    return compartments


def people_of(wave: Wave, source: str) -> dict[str, Any]:
    """The people a wave tells of, each once, and the person each is on its own, by which a look at them is audited."""
    people = sorted({one for one in wave.whose if one is not None})
    return {"people": people, "alone": [identity.identifier(source, one) for one in people]}


def _worth_trying(cursor: Any, wave: Wave) -> bool:
    cursor.execute(_MAY)
    if not cursor.fetchone()[0]:
        return False
    some = wave.keys[:: len(wave.keys) // SAMPLE + 1]
    cursor.execute(_SOME_HELD, [[key[0] for key in some], [key[1] for key in some]])
    return not cursor.fetchone()[0]


def _numbers(cursor: Any, count: int) -> Sequence[int]:
    """New numbers for so many resources, ascending: told by the first and last where nobody drew any between them."""
    cursor.execute(_FROM_TO, [count])
    first, last = cursor.fetchone()
    if last - first + 1 == count:
        return range(first, last + 1)
    cursor.execute(_NUMBERS, [count])
    return [row[0] for row in cursor.fetchall()]


def _copied(cursor: Any, wave: Wave, heads: Sequence[bytes], receipt: int | None) -> None:
    """The role is set within the caller's savepoint: where that is rolled back, so is the role."""
    of_receipt = b"\t%b\t" % (NULL if receipt is None else str(receipt)).encode()
    cursor.execute("SET LOCAL ROLE commonweal_loader")
    copy(
        cursor,
        _RESOURCES,
        b"".join([part for pair in zip(heads, wave.items, strict=True) for part in (pair[0], of_receipt, pair[1])]),
    )
    for statement, rows in zip(statements.COPY_SEARCH_ROWS, wave.rows, strict=True):
        if rows:
            copy(cursor, statement, search_rows(rows, heads))
    cursor.execute("RESET ROLE")


def row_head(compartment: int | None, rid: int, source: int, category: str) -> bytes:
    """How the rows of a resource begin, as COPY text: what they are of."""
    return f"{NULL if compartment is None else compartment}\t{rid}\t{source}\t{category}".encode()


def search_rows(rows: Iterable[tuple[bytes, Sequence[int]]], heads: Sequence[bytes]) -> bytes:
    """COPY text of search rows; ``heads``: of each ordinal ``row_head``, or b'' to leave its rows out."""
    parts: list[bytes] = []
    for tail, ordinals in rows:
        of = [head for n in ordinals if (head := heads[n])]
        if of:
            parts += (tail.join(of), tail)
    return b"".join(parts)


def describe_systems(cursor: Any, wave: Wave) -> None:
    """Say which code systems the numbers in ``wave`` stand for."""
    if wave.systems:
        cursor.execute(statements.SYSTEMS, [list(wave.systems), list(wave.systems.values())])


def copy(cursor: Any, statement: str, data: bytes) -> None:
    """COPY ``data`` in. What PostgreSQL says against it is raised as Django's errors, as from any statement."""
    with connection.wrap_database_errors, cursor.cursor.copy(statement) as into:
        into.write(data)
