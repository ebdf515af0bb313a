"""A page of a source's own resources by one code as one statement, confirmed, fenced and audited; and plans that stay.

``record_page_own`` walks the rows of one code, of each feed of the source, in the order of pages, and gives back the
entries of a searchset as text. Like the functions before it, it has the rights of who calls it. It does nothing, and
says so, where search rows are being made, where somebody on the page has not been linked to anybody, and where a
resource has the code twice: a session asks then.

All that these functions look for they find by a key. On tables that were never analysed PostgreSQL would read whole
ones instead, and keep that plan, so each says that it shall not.
"""

from django.db import migrations

SCHEMA = """
CREATE FUNCTION record_page_own(
    opening jsonb, edition text, kind text, address text, element smallint, wanted text, of_system bigint,
    after_compartment bigint, after_rid bigint, most integer,
    OUT done boolean, OUT entries text, OUT fetched integer, OUT last_compartment bigint, OUT last_rid bigint
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    rids bigint[];
    placed bigint[];
    shown bigint[];
    whose uuid[];
BEGIN
    done := false;
    PERFORM access_confirm(opening);
    PERFORM set_config('commonweal.source', opening ->> 'organisation', true);
    IF NOT EXISTS (SELECT FROM record_indexing i WHERE i.definitions = edition AND i.done >= i.upto) THEN
        RETURN;
    END IF;
    SELECT array_agg(p.rid ORDER BY p.compartment_id, p.rid), array_agg(p.compartment_id ORDER BY p.compartment_id, p.rid),
        string_agg(
            '{"fullUrl":' || to_json(address || p.id)::text || ',"resource":' || btrim(p.body, E' \\t\\n\\r')
            || ',"search":{"mode":"match"}}',
            ',' ORDER BY p.compartment_id, p.rid
        ) FILTER (WHERE p.n <= most)
    INTO rids, placed, entries
    FROM (
        SELECT x.compartment_id, x.rid, x.id, x.body, row_number() OVER (ORDER BY x.compartment_id, x.rid) AS n
        FROM record_source s CROSS JOIN LATERAL (
            SELECT t.compartment_id, t.rid, r.id, r.body
            FROM record_token t JOIN record_resource r ON r.rid = t.rid
            WHERE t.parameter = element AND t.code = wanted AND t.source_id = s.id
                AND (of_system IS NULL OR t.system = of_system)
                AND (t.compartment_id, t.rid) > (after_compartment, after_rid)
                AND r.type = kind AND NOT r.deleted AND r.source_id + 0 = s.id
            ORDER BY t.compartment_id, t.rid LIMIT most + 1
        ) x
        WHERE s.source = opening ->> 'organisation'
        ORDER BY x.compartment_id, x.rid LIMIT most + 1
    ) p;
    fetched := coalesce(cardinality(rids), 0);
    IF fetched > 1 AND EXISTS (SELECT FROM generate_series(2, fetched) AS k (n) WHERE rids[k.n] = rids[k.n - 1]) THEN
        entries := NULL;
        RETURN;
    END IF;
    shown := placed[:most];
    last_compartment := placed[most];
    last_rid := rids[most];
    SELECT array_agg(k.id),
        array_agg(coalesce((SELECT m.person_id FROM identity_membership m WHERE m.compartment_id = k.id), c.alone))
    INTO placed, whose
    FROM (SELECT DISTINCT id FROM unnest(shown) AS u (id)) k LEFT JOIN record_compartment c ON c.id = k.id;
    IF array_position(whose, NULL) IS NOT NULL THEN
        entries := NULL;
        RETURN;
    END IF;
    PERFORM access_told_of(opening, 'allowed', whose, placed);
    done := true;
END
$$;
REVOKE ALL ON FUNCTION record_page_own FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_page_own TO commonweal_app;

ALTER FUNCTION record_read_own SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION record_read_own SET enable_seqscan = off;
ALTER FUNCTION record_read_own SET enable_hashjoin = off;
ALTER FUNCTION record_read_own SET enable_mergejoin = off;
ALTER FUNCTION record_add_own SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION record_add_own SET enable_seqscan = off;
ALTER FUNCTION record_add_own SET enable_hashjoin = off;
ALTER FUNCTION record_add_own SET enable_mergejoin = off;
"""
# Whom a compartment that nobody is linked to yet is on its own, for whoever must ask the gate about them before any row
# of theirs opens: numbers and an organisation's code, and nothing of anybody.
ALONE = """
CREATE FUNCTION record_alone(wanted bigint) RETURNS TABLE (person_id uuid, source text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT c.alone, c.source FROM record_compartment c WHERE c.id = wanted AND c.alone IS NOT NULL
$$;
REVOKE ALL ON FUNCTION record_alone FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_alone TO commonweal_app, commonweal_batch;
"""
GONE = """
DROP FUNCTION record_page_own;
ALTER FUNCTION record_read_own RESET ALL;
ALTER FUNCTION record_add_own RESET ALL;
"""


class Migration(migrations.Migration):
    dependencies = [("record", "0016_agreed")]
    operations = [migrations.RunSQL(SCHEMA, GONE), migrations.RunSQL(ALONE, "DROP FUNCTION record_alone")]
