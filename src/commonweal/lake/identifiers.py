"""Which person each group of records is, keeping identifiers, for all groups at once.

The rule is ``domain.identity.clusters.assign``. Most groups need no thought: nobody in them was anybody before, or they
all were one person who is in no other group. The engine sees to those, by the same arithmetic (UUID version 5, RFC 9562
section 5.5: https://www.rfc-editor.org/rfc/rfc9562#section-5.5); the others are the rule's own business.
"""

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import duckdb

from commonweal.domain.identity import clusters
from commonweal.lake.linkage import load

# The identifier of a person first seen as a record: ``clusters.identifier`` with nothing taken.
_NAMED = """
CREATE OR REPLACE MACRO person_named(source, local_id) AS
    as_uuid(sha1(unhex('NAMESPACE') || encode(source || chr(31) || local_id)));
"""
_AS_UUID = """
CREATE OR REPLACE MACRO as_uuid(digest) AS
    (digest[1:12] || '5' || digest[14:16] || translate(digest[17], '0123456789abcdef', '89ab89ab89ab89ab')
     || digest[18:32])::UUID;
"""
# Each group with who its records were: nobody, one person, or several.
_PLACED = """
CREATE OR REPLACE TABLE placed AS
SELECT g.home, g.was, g.was IS NULL OR (g.one AND t.together) AS plain
FROM (SELECT h.home, min(b.person) AS was, min(b.person) = max(b.person) AS one
      FROM homes h LEFT JOIN before b ON b.record = h.record GROUP BY h.home) g
LEFT JOIN (SELECT b.person, min(h.home) = max(h.home) AS together
           FROM homes h JOIN before b ON b.record = h.record GROUP BY b.person) t ON t.person = g.was
"""
_PLAIN = """
CREATE OR REPLACE TABLE persons AS
SELECT p.home, coalesce(p.was, person_named(r.source, r.local_id)) AS person, p.was IS NULL AS created
FROM placed p JOIN records r ON r.record_id = p.home WHERE p.plain
"""
# A new person's identifier that somebody has had: the rule decides whether it lies free.
_TAKEN = """
DELETE FROM persons WHERE created AND person IN (SELECT person FROM known)
"""
_OTHERS = """
SELECT h.home, h.record, r.source, r.local_id, b.person
FROM homes h JOIN records r ON r.record_id = h.record LEFT JOIN before b ON b.record = h.record
WHERE NOT EXISTS (SELECT 1 FROM persons p WHERE p.home = h.home) ORDER BY 1, 2
"""
_FOUNDERS = """
SELECT person, founder FROM known
WHERE person IN (SELECT b.person FROM before b JOIN others o ON b.record = o.record::BIGINT)
   OR founder IN (SELECT record::BIGINT FROM others)
"""
_ALL = """
CREATE OR REPLACE TABLE persons AS
SELECT home, person, created FROM persons
UNION ALL SELECT home::BIGINT, person::UUID, created = 'True' FROM thought_of
"""


def assign(connection: duckdb.DuckDBPyConnection, scratch: Path) -> clusters.Assignment:
    """Make table ``persons`` (home, person, created) of the groups in ``homes``; return what took thought.

    Tables ``before`` (record, person) says who was who, ``known`` (person, founder) every person there has been, and
    ``records`` each record's source and local id. The Assignment is of the groups that were merged or split.
    """
    connection.execute(_AS_UUID)
    connection.execute(_NAMED.replace("NAMESPACE", clusters.NAMESPACE.hex))
    for statement in (_PLACED, _PLAIN, _TAKEN):
        connection.execute(statement)
    groups: dict[int, list[int]] = {}
    before: dict[int, UUID] = {}
    local: dict[int, tuple[str, str]] = {}
    for home, record, source, local_id, person in connection.execute(_OTHERS).fetchall():
        groups.setdefault(home, []).append(record)
        local[record] = (source, local_id)
        if person is not None:
            before[record] = person
    load(connection, scratch, "others", [("record",), *((record,) for record in local)])
    founders: dict[UUID, int] = dict(connection.execute(_FOUNDERS).fetchall())
    found = clusters.assign(
        groups.values(), before, founders, lambda record, again: clusters.identifier(*local[record], again)
    )
    thought_of = ((home, found.person[home], found.person[home] in found.created) for home in groups)
    load(connection, scratch, "thought_of", [("home", "person", "created"), *thought_of])
    connection.execute(_ALL)
    return found


def of_homes(connection: duckdb.DuckDBPyConnection) -> Mapping[int, tuple[UUID, int]]:
    """The person of each group in table ``asked_homes`` (home), and the record that person was first seen as."""
    rows = connection.execute(
        "SELECT p.home, p.person, CASE WHEN p.created THEN p.home ELSE k.founder END FROM persons p"
        " JOIN asked_homes a ON a.home::BIGINT = p.home LEFT JOIN known k ON k.person = p.person"
    ).fetchall()
    return {home: (person, founder) for home, person, founder in rows}
