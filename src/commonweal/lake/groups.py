"""Which records are one person's for care, for all records at once; only what is doubtful goes to the rule one by one.

The rule is ``domain.identity.verified``. Records of one number and birth date that all give the same names cannot
contradict each other by it, so the engine groups them; groups whose names differ, and whatever people or sources have
spoken of, are the rule's own business (a property test holds the two together).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb

from commonweal.domain.identity.verified import People, Traits
from commonweal.lake.linkage import load

_NUMBERED = """
CREATE OR REPLACE TABLE numbered AS
SELECT nhs_number, born, min(unique_id) AS home,
       count(a.record) > 0 OR min(coalesce(given, '')) <> max(coalesce(given, ''))
       OR min(coalesce(family, '')) <> max(coalesce(family, ''))
       OR (count(given) = 0 AND count(family) = 0) AS doubtful
FROM linkage LEFT JOIN (SELECT DISTINCT record::BIGINT AS record FROM spoken_of) a ON a.record = unique_id
WHERE nhs_number IS NOT NULL AND born IS NOT NULL
GROUP BY nhs_number, born HAVING count(*) > 1
"""
_DOUBTFUL = """
SELECT l.unique_id, l.nhs_number, l.born, coalesce(l.family, ''), coalesce(l.given, ''), coalesce(l.sex, '')
FROM linkage l LEFT JOIN numbered n ON n.nhs_number = l.nhs_number AND n.born = l.born
LEFT JOIN (SELECT DISTINCT record::BIGINT AS record FROM spoken_of) a ON a.record = l.unique_id
WHERE n.doubtful OR a.record IS NOT NULL ORDER BY 1
"""
_HOMES = """
CREATE OR REPLACE TABLE homes AS
SELECT l.unique_id AS record, coalesce(d.home::BIGINT, n.home, l.unique_id) AS home,
       coalesce(d.basis, CASE WHEN n.home IS NULL THEN 'alone' ELSE 'verified' END) AS basis
FROM linkage l LEFT JOIN numbered n ON n.nhs_number = l.nhs_number AND n.born = l.born
LEFT JOIN settled d ON d.record::BIGINT = l.unique_id
"""
_REGISTERED_TWICE = """
WITH registered AS (
    SELECT h.home, h.record, r.practice FROM homes h JOIN records r ON r.record_id = h.record
    WHERE r.practice = r.source
)
SELECT home, record, practice FROM registered
WHERE home IN (SELECT home FROM registered GROUP BY home HAVING min(practice) <> max(practice)) ORDER BY 1, 2
"""

Registered = tuple[int, int, str]


def find(
    connection: duckdb.DuckDBPyConnection,
    scratch: Path,
    spoken_of: Iterable[int],
    rule: Callable[[Mapping[int, Traits]], People],
) -> People:
    """Make table ``homes`` (record, home, basis) of the records in ``linkage``; return what ``rule`` said.

    ``home`` is the lowest record of a group that is one person's for care, ``basis`` alone, verified, merged or
    confirmed. ``spoken_of`` are the records of merges and decisions. ``rule`` is asked once, about those and all
    records of groups whose names differ; the People it gives holds those only.
    """
    load(connection, scratch, "spoken_of", [("record",), *((record,) for record in spoken_of)])
    connection.execute(_NUMBERED)
    doubtful: dict[int, Traits] = {}
    rows: Sequence[tuple[int, str | None, date | None, str, str, str]] = connection.execute(_DOUBTFUL).fetchall()
    for record, number, born, family, given, sex in rows:
        doubtful[record] = Traits(number, born, family, given, sex)
    people = rule(doubtful)
    basis = dict.fromkeys(doubtful, "alone")
    for name, records in (("confirmed", people.confirmed), ("merged", people.merged), ("verified", people.verified)):
        basis.update(dict.fromkeys(records, name))
    settled = ((record, group[0], basis[record]) for group in people.groups for record in group)
    load(connection, scratch, "settled", [("record", "home", "basis"), *settled])
    connection.execute(_HOMES)
    connection.execute("DROP TABLE numbered")
    return people


def registered_twice(connection: duckdb.DuckDBPyConnection) -> list[Registered]:
    """(home, record, practice) of the registrations of people whom two practices say are registered with them."""
    return connection.execute(_REGISTERED_TWICE).fetchall()
