"""The SQL a batch is stored with, step by step, each step named. Values are bound, never pasted.

Staging tables live in the session (``pg_temp``) and empty themselves at the end of each transaction. A batch's
joins are to fit in memory, hence ``work_mem`` for its transaction.
"""

MEMORY = "SET LOCAL work_mem = '64MB'"
STAGE = """
CREATE TEMP TABLE IF NOT EXISTS stage_item (
    n integer, local_id text COLLATE "C", type text COLLATE "C", id text COLLATE "C",
    category text COLLATE "C",
    happened_at timestamptz, line integer, digest bytea, body text) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS stage_token (LIKE record_token) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS stage_date (LIKE record_date) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS stage_string (LIKE record_string) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS stage_reference (LIKE record_reference) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS stage_number (LIKE record_number) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS stage_plan (n integer, rid bigint, compartment_id bigint, category text COLLATE "C",
    former bigint, source_id integer, version integer, verdict text COLLATE "C") ON COMMIT DELETE ROWS;
"""
CLEAR = """
DELETE FROM stage_item; DELETE FROM stage_token; DELETE FROM stage_date; DELETE FROM stage_string;
DELETE FROM stage_reference; DELETE FROM stage_number; DELETE FROM stage_plan;
"""

COPY_ITEMS = "COPY stage_item (n, local_id, category, type, id, happened_at, line, digest, body) FROM STDIN"

# A compartment for each local person the source speaks of for the first time, unless all it says was lawfully removed.
COMPARTMENTS = """
INSERT INTO record_compartment (source, local_id, alone)
SELECT %(source)s, s.local_id, k.alone
FROM (
    SELECT DISTINCT i.local_id FROM stage_item i WHERE i.local_id IS NOT NULL AND NOT (%(removals)s AND EXISTS (
        SELECT FROM record_removed
        WHERE key = sha256(%(salt)s::bytea || convert_to(i.type || '/' || i.id || chr(10), 'UTF8') || i.digest)
    ))
) s
JOIN unnest(%(people)s::text[], %(alone)s::uuid[]) AS k (local_id, alone) ON k.local_id = s.local_id
WHERE NOT EXISTS (SELECT FROM record_compartment c WHERE c.source = %(source)s AND c.local_id = s.local_id)
ORDER BY s.local_id
ON CONFLICT DO NOTHING
"""

# What to do with each item. OFFSET 0 keeps each lookup an index probe: statistics lag behind a load, and a hash
# join chosen on stale ones would read the whole record for every batch.
PLAN = """
WITH people AS MATERIALIZED (
    SELECT c.local_id, c.id FROM (SELECT DISTINCT local_id FROM stage_item WHERE local_id IS NOT NULL) d
    CROSS JOIN LATERAL (
        SELECT id, local_id FROM record_compartment WHERE source = %(source)s AND local_id = d.local_id OFFSET 0
    ) c
)
INSERT INTO stage_plan (n, rid, compartment_id, category, former, source_id, version, verdict)
SELECT s.n, coalesce(r.rid, nextval('record_resource_rid')), c.id, s.category, r.compartment_id, %(source_id)s,
    coalesce(r.version, 0) + 1,
    CASE
        WHEN %(removals)s AND EXISTS (
            SELECT FROM record_removed
            WHERE key = sha256(%(salt)s::bytea || convert_to(s.type || '/' || s.id || chr(10), 'UTF8') || s.digest)
        ) THEN 'removed'
        WHEN r.rid IS NULL THEN 'new'
        WHEN r.source_id <> ALL (%(own)s) THEN 'foreign'
        WHEN r.compartment_id IS DISTINCT FROM c.id THEN 'moved'
        WHEN r.digest = s.digest AND NOT r.deleted THEN 'same'
        WHEN %(replay)s AND (r.receipt_id > %(receipt)s
            OR (r.receipt_id = %(receipt)s AND r.line > s.line)) THEN 'later'
        ELSE 'changed'
    END
FROM stage_item s
LEFT JOIN people c USING (local_id)
LEFT JOIN LATERAL (
    SELECT rr.rid, rr.compartment_id, rr.version, rr.digest, rr.deleted, rr.receipt_id, rr.line, rr.source_id
    FROM record_resource rr WHERE rr.type = s.type AND rr.id = s.id OFFSET 0
) r ON true
"""

FORMER = """
SELECT r.compartment_id, r.source_id, r.body FROM stage_plan p JOIN record_resource r ON r.rid = p.rid
WHERE p.verdict = 'changed' AND r.rid = ANY (ARRAY(SELECT rid FROM stage_plan WHERE verdict = 'changed'))
    AND r.type = ANY (%(types)s) AND r.compartment_id IS NOT NULL
"""
RELATING = """
SELECT compartment_id, source_id, body FROM record_resource
WHERE compartment_id = ANY (%(compartments)s::bigint[]) AND type = ANY (%(types)s::text[])
    AND source_id = ANY (%(own)s::int[]) AND NOT deleted
"""

NEW = """
INSERT INTO record_resource (rid, compartment_id, source_id, type, id, category, happened_at, receipt_id, line,
    digest, body)
SELECT p.rid, p.compartment_id, %(source_id)s, s.type, s.id, s.category, s.happened_at, %(receipt)s, s.line,
    s.digest, s.body
FROM stage_item s JOIN stage_plan p USING (n) WHERE p.verdict = 'new'
"""

# Former versions are kept before anything is replaced; search rows of the former version go. The arrays say
# what the joins already say, so that even without statistics the large tables are entered by their index.
KEEP_FORMER = """
INSERT INTO record_history (rid, version, compartment_id, source_id, category, deleted, updated, receipt_id, line,
    digest, body)
SELECT r.rid, r.version, r.compartment_id, r.source_id, r.category, r.deleted, r.updated,
    r.receipt_id, r.line, r.digest, r.body
FROM stage_plan p JOIN record_resource r ON r.rid = p.rid
WHERE p.verdict = 'changed' AND r.rid = ANY (ARRAY(SELECT rid FROM stage_plan WHERE verdict = 'changed'))
"""
FORGET = tuple(
    "DELETE FROM {table} WHERE rid = ANY (ARRAY(SELECT rid FROM stage_plan WHERE verdict = 'changed'))".replace(
        "{table}", table
    )
    for table in ("record_token", "record_date", "record_string", "record_reference", "record_number")
)
REPLACE = """
UPDATE record_resource r SET
    source_id = %(source_id)s, category = s.category, version = p.version, deleted = false, updated = now(),
    happened_at = s.happened_at, xid = pg_current_xact_id(), receipt_id = %(receipt)s, line = s.line,
    digest = s.digest, body = s.body
FROM stage_plan p JOIN stage_item s USING (n)
WHERE p.verdict = 'changed' AND r.rid = p.rid
    AND r.rid = ANY (ARRAY(SELECT rid FROM stage_plan WHERE verdict = 'changed'))
"""
CHANGE = (KEEP_FORMER, *FORGET, REPLACE)

# Each kind of search row, in the order of ``search_values``: copied to its table, or staged and then stored. What they
# are of is known by then, and they come in the order of the index by value: neighbours go to the same page while it
# is in the processor's cache, which makes a load a quarter faster.
_COPY = "COPY {table} (compartment_id, rid, source_id, category, parameter, item, {own}) FROM STDIN"
_STORED = (
    "INSERT INTO {table} (compartment_id, rid, source_id, category, parameter, item, {own}) "
    "SELECT compartment_id, rid, source_id, category, parameter, item, {own} FROM {stage}"
)
_KINDS = (
    ("token", "system, code"),
    ("date", "low, high"),
    ("string", "value, exact"),
    ("reference", "kind, target"),
    ("number", "low, high, system, code"),
)


def _of_kinds(statement: str, table: str) -> tuple[str, ...]:
    return tuple(
        statement.replace("{table}", table + kind).replace("{stage}", "stage_" + kind).replace("{own}", own)
        for kind, own in _KINDS
    )


COPY_SEARCH_ROWS = _of_kinds(_COPY, "record_")
STAGE_SEARCH_ROWS = _of_kinds(_COPY, "stage_")
STORE_SEARCH_ROWS = _of_kinds(_STORED, "record_")
SYSTEMS = """
INSERT INTO record_system (id, system) SELECT k.id, k.system FROM unnest(%s::bigint[], %s::text[]) AS k (id, system)
WHERE NOT EXISTS (SELECT FROM record_system s WHERE s.id = k.id) ORDER BY k.id ON CONFLICT DO NOTHING
"""

WITHDRAWN = """
INSERT INTO stage_plan (n, rid, compartment_id, category, former, version, verdict)
SELECT 0, r.rid, r.compartment_id, r.category, r.compartment_id, r.version + 1, 'changed'
FROM record_resource r JOIN record_source s ON s.id = r.source_id
JOIN unnest(%(types)s::text[], %(ids)s::text[]) AS k (type, id) ON r.type = k.type AND r.id = k.id
WHERE s.source = %(source)s AND NOT r.deleted
"""
TOMBSTONE = """
UPDATE record_resource r SET version = p.version, deleted = true, updated = now(), xid = pg_current_xact_id(),
    receipt_id = %(receipt)s
FROM stage_plan p WHERE r.rid = p.rid AND r.rid = ANY (ARRAY(SELECT rid FROM stage_plan))
"""
