"""The SQL of single writes, in the order it runs. Values are bound as arrays: an item a resource or a search row.

The staged path (``statements``) moves thousands of rows for one price; here the price of a staging table would be
paid by each write. COPY is refused under row security, so rows arrive as arrays, several tables in one statement.
"""

from functools import lru_cache

BEGIN = """
SELECT now(), array_agg(s.id), array_agg(s.feed), max(s.last_received_at) FILTER (WHERE s.feed = %(feed)s),
    ARRAY(SELECT nextval('record_resource_rid') FROM generate_series(1, %(new)s::int))
FROM record_source s WHERE s.source = %(source)s
"""
SOURCE = """
INSERT INTO record_source (source, feed) VALUES (%(source)s, %(feed)s) ON CONFLICT DO NOTHING
"""
HEARD = """
UPDATE record_source SET last_received_at = %(at)s WHERE source = %(source)s AND feed = %(feed)s
    AND (last_received_at IS NULL OR last_received_at < %(at)s::timestamptz - interval '1 minute')
"""

# Locked in the order of the keys, so that two writers of the same resources wait for, and never upon, each other.
HELD = """
SELECT k.n, r.rid, r.version, r.updated, r.compartment_id, r.source_id, r.deleted, r.digest, r.body
FROM unnest(%s::int[], %s::text[], %s::text[]) AS k (n, type, id)
JOIN record_resource r ON r.type = k.type AND r.id = k.id AND r.source_id = ANY (%s)
ORDER BY r.type, r.id FOR UPDATE OF r
"""

# Whose: the compartment of the source's own Patient of that id; else one of that name, and whether it has a Patient.
PEOPLE = """
SELECT k.local_id, p.compartment_id, c.id,
    EXISTS (SELECT FROM record_resource o WHERE o.compartment_id = c.id AND o.type = 'Patient')
FROM unnest(%(people)s::text[]) AS k (local_id)
LEFT JOIN record_resource p ON p.type = 'Patient' AND p.id = k.local_id AND p.source_id = ANY (%(own)s)
LEFT JOIN record_compartment c ON c.source = %(source)s AND c.local_id = k.local_id
"""
COMPARTMENTS = """
INSERT INTO record_compartment (source, local_id, alone)
SELECT %(source)s, k.local_id, k.alone FROM unnest(%(people)s::text[], %(alone)s::uuid[]) AS k (local_id, alone)
ORDER BY k.local_id ON CONFLICT DO NOTHING
"""
MADE = "SELECT local_id, id FROM record_compartment WHERE source = %(source)s AND local_id = ANY (%(people)s::text[])"

KEEP_FORMER = """
INSERT INTO record_history (rid, version, compartment_id, source_id, category, deleted, updated, receipt_id, line,
    digest, body)
SELECT r.rid, r.version, r.compartment_id, r.source_id, r.category, r.deleted, r.updated, r.receipt_id, r.line,
    r.digest, r.body
FROM record_resource r WHERE r.rid = ANY (%s)
"""
FORGET = """
WITH t AS (DELETE FROM record_token WHERE rid = ANY (%(rids)s)),
    d AS (DELETE FROM record_date WHERE rid = ANY (%(rids)s)),
    s AS (DELETE FROM record_string WHERE rid = ANY (%(rids)s)),
    r AS (DELETE FROM record_reference WHERE rid = ANY (%(rids)s))
DELETE FROM record_number WHERE rid = ANY (%(rids)s)
"""
REPLACE = """
UPDATE record_resource r SET source_id = %(source_id)s, category = k.category, version = k.version, deleted = false,
    updated = k.updated, happened_at = k.happened_at, xid = pg_current_xact_id(), receipt_id = NULL, line = NULL,
    digest = k.digest, body = k.body
FROM unnest(%(rids)s::bigint[], %(categories)s::text[], %(versions)s::int[], %(updated)s::timestamptz[],
    %(happened)s::timestamptz[], %(digests)s::bytea[], %(bodies)s::text[])
    AS k (rid, category, version, updated, happened_at, digest, body)
WHERE r.rid = k.rid AND r.rid = ANY (%(rids)s)
"""
TOMBSTONE = """
UPDATE record_resource r SET version = k.version, deleted = true, updated = k.updated, xid = pg_current_xact_id(),
    receipt_id = NULL
FROM unnest(%(rids)s::bigint[], %(versions)s::int[], %(updated)s::timestamptz[]) AS k (rid, version, updated)
WHERE r.rid = k.rid AND r.rid = ANY (%(rids)s)
"""
NEW = """
INSERT INTO record_resource (rid, compartment_id, source_id, type, id, category, updated, happened_at, digest, body)
SELECT k.rid, k.compartment_id, %(source_id)s, k.type, k.id, k.category, k.updated, k.happened_at, k.digest, k.body
FROM unnest(%(rids)s::bigint[], %(compartments)s::bigint[], %(types)s::text[], %(ids)s::text[], %(categories)s::text[],
    %(updated)s::timestamptz[], %(happened)s::timestamptz[], %(digests)s::bytea[], %(bodies)s::text[])
    AS k (rid, compartment_id, type, id, category, updated, happened_at, digest, body)
ON CONFLICT (type, id) DO NOTHING RETURNING rid
"""

# Search rows name their resource by its place among the resources written, whose columns they share. All tables are
# one statement: a statement each costs more than its rows do.
_WRITTEN = """
WITH w AS MATERIALIZED (
    SELECT rid, compartment_id, category, n
    FROM unnest(%(rids)s::bigint[], %(compartments)s::bigint[], %(categories)s::text[])
        WITH ORDINALITY AS w (rid, compartment_id, category, n)
)
"""
_SEARCH_ROWS = {
    "tokens": (
        "INSERT INTO record_token (compartment_id, rid, system, source_id, parameter, item, category, code) "
        "SELECT w.compartment_id, w.rid, k.system, %(source_id)s, k.parameter, k.item, w.category, k.code "
        "FROM unnest(%(tokens_n)s::int[], %(tokens_parameter)s::int2[], %(tokens_item)s::int2[], "
        "%(tokens_system)s::int8[], %(tokens_code)s::text[]) "
        "AS k (n, parameter, item, system, code) JOIN w ON w.n = k.n"
    ),
    "dates": (
        "INSERT INTO record_date (compartment_id, rid, low, high, source_id, parameter, item, category) "
        "SELECT w.compartment_id, w.rid, k.low, k.high, %(source_id)s, k.parameter, k.item, w.category "
        "FROM unnest(%(dates_n)s::int[], %(dates_parameter)s::int2[], %(dates_item)s::int2[], "
        "%(dates_low)s::timestamptz[], %(dates_high)s::timestamptz[]) "
        "AS k (n, parameter, item, low, high) JOIN w ON w.n = k.n"
    ),
    "strings": (
        "INSERT INTO record_string (compartment_id, rid, source_id, parameter, item, category, value, exact) "
        "SELECT w.compartment_id, w.rid, %(source_id)s, k.parameter, k.item, w.category, k.value, k.exact "
        "FROM unnest(%(strings_n)s::int[], %(strings_parameter)s::int2[], %(strings_item)s::int2[], "
        "%(strings_value)s::text[], %(strings_exact)s::text[]) "
        "AS k (n, parameter, item, value, exact) JOIN w ON w.n = k.n"
    ),
    "references": (
        "INSERT INTO record_reference (compartment_id, rid, source_id, parameter, item, category, kind, target) "
        "SELECT w.compartment_id, w.rid, %(source_id)s, k.parameter, k.item, w.category, k.kind, k.target "
        "FROM unnest(%(references_n)s::int[], %(references_parameter)s::int2[], %(references_item)s::int2[], "
        "%(references_kind)s::text[], %(references_target)s::text[]) "
        "AS k (n, parameter, item, kind, target) JOIN w ON w.n = k.n"
    ),
    "numbers": (
        "INSERT INTO record_number (compartment_id, rid, low, high, system, source_id, parameter, item, category, "
        "code) SELECT w.compartment_id, w.rid, k.low, k.high, k.system, %(source_id)s, k.parameter, k.item, "
        "w.category, k.code FROM unnest(%(numbers_n)s::int[], %(numbers_parameter)s::int2[], "
        "%(numbers_item)s::int2[], %(numbers_low)s::float8[], %(numbers_high)s::float8[], "
        "%(numbers_system)s::int8[], %(numbers_code)s::text[]) "
        "AS k (n, parameter, item, low, high, system, code) JOIN w ON w.n = k.n"
    ),
    "systems": (
        "INSERT INTO record_system (id, system) SELECT k.id, k.system "
        "FROM unnest(%(systems_id)s::int8[], %(systems_system)s::text[]) AS k (id, system) "
        "WHERE NOT EXISTS (SELECT FROM record_system s WHERE s.id = k.id) ORDER BY k.id ON CONFLICT DO NOTHING"
    ),
}


@lru_cache(maxsize=64)
def search_rows(tables: tuple[str, ...]) -> str:
    """The statement that stores search rows of these tables; each column is bound as ``table_column``."""
    return _WRITTEN + "".join(f", {name}_kept AS ({_SEARCH_ROWS[name]})" for name in tables) + " SELECT"
