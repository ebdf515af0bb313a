"""What one statement adds arrives by columns; whom a row is about is asked in few words.

``record_add_own`` of 0015 took rows of JSON, which PostgreSQL reads over for each table and takes apart field by field:
a fifth of what a transaction of twenty resources took there. It now takes an array a column. What it checks, and that
it has the rights of who calls it, is as it was.

The list of types that may be about nobody was written out in the table's constraint, which PostgreSQL keeps as text and
reads for each statement that adds a row: a tenth of what adding one resource took. It is a function now, asked only of
rows about nobody.
"""

from importlib import import_module

from django.db import migrations

ADD = """
CREATE FUNCTION record_add_own(
    opening jsonb, moment timestamptz, presumed_stamp bigint, presumed_feeds text[],
    people text[], persons integer[], types text[], named text[], categories text[], happened timestamptz[],
    digests bytea[], befores text[], afters text[],
    tokens_n integer[], tokens_parameter smallint[], tokens_item smallint[], tokens_system bigint[],
    tokens_code text[],
    dates_n integer[], dates_parameter smallint[], dates_item smallint[], dates_low timestamptz[],
    dates_high timestamptz[],
    strings_n integer[], strings_parameter smallint[], strings_item smallint[], strings_value text[],
    strings_exact text[],
    references_n integer[], references_parameter smallint[], references_item smallint[], references_kind text[],
    references_target text[],
    numbers_n integer[], numbers_parameter smallint[], numbers_item smallint[], numbers_low double precision[],
    numbers_high double precision[], numbers_system bigint[], numbers_code text[],
    systems_id bigint[], systems_system text[]
) RETURNS json LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    at timestamptz := now();
    instant text := to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
    stamp bigint;
    feeds text[];
    ids integer[];
    own integer;
    heard timestamptz;
    compartments bigint[];
    whose uuid[];
    rids bigint[];
BEGIN
    PERFORM access_confirm(opening);
    PERFORM set_config('commonweal.source', opening ->> 'organisation', true);
    SELECT array_agg(s.id), array_agg(s.feed ORDER BY s.feed), max(s.id) FILTER (WHERE s.feed = 'api'),
        max(s.last_received_at) FILTER (WHERE s.feed = 'api'), (SELECT d.stamp FROM record_definitions_state d)
    INTO ids, feeds, own, heard, stamp FROM record_source s WHERE s.source = opening ->> 'organisation';
    IF own IS NULL OR feeds IS DISTINCT FROM presumed_feeds OR stamp IS DISTINCT FROM presumed_stamp THEN
        RETURN json_build_object('stamp', stamp, 'feeds', feeds);
    END IF;
    PERFORM set_config('commonweal.own', (opening ->> 'organisation') || '/' || array_to_string(ids, ','), true);

    SELECT array_agg(p.compartment_id ORDER BY k.n),
        array_agg(
            coalesce((SELECT m.person_id FROM identity_membership m WHERE m.compartment_id = c.id), c.alone)
            ORDER BY k.n
        )
    INTO compartments, whose
    FROM unnest(people) WITH ORDINALITY AS k (local_id, n)
    LEFT JOIN record_resource p ON p.type = 'Patient' AND p.id = k.local_id AND p.source_id = ANY (ids)
    LEFT JOIN record_compartment c ON c.id = p.compartment_id;
    IF array_position(whose, NULL) IS NOT NULL THEN
        RETURN json_build_object('stamp', stamp, 'feeds', feeds);
    END IF;

    IF heard IS NULL OR heard < moment - interval '1 minute' THEN
        UPDATE record_source s SET last_received_at = moment WHERE s.id = own
            AND (s.last_received_at IS NULL OR s.last_received_at < moment - interval '1 minute');
    END IF;
    rids[1] := nextval('record_resource_rid');
    FOR n IN 2..cardinality(types) LOOP
        rids[n] := nextval('record_resource_rid');
    END LOOP;
    INSERT INTO record_resource
        (rid, compartment_id, source_id, type, id, category, updated, happened_at, digest, body)
    SELECT rids[e.n], compartments[e.person], own, e.type, e.id, e.category, at, e.happened, e.digest,
        e.before || '"versionId":"1","lastUpdated":"' || instant || '"' || e.after
    FROM unnest(persons, types, named, categories, happened, digests, befores, afters) WITH ORDINALITY
        AS e (person, type, id, category, happened, digest, before, after, n);

    IF (SELECT count(*) FROM record_system s WHERE s.id = ANY (systems_id)) < cardinality(systems_id) THEN
        INSERT INTO record_system (id, system)
        SELECT k.id, k.system FROM unnest(systems_id, systems_system) AS k (id, system)
        WHERE NOT EXISTS (SELECT FROM record_system s WHERE s.id = k.id) ORDER BY k.id ON CONFLICT DO NOTHING;
    END IF;
    IF tokens_n IS NOT NULL THEN
        INSERT INTO record_token (compartment_id, rid, system, source_id, parameter, item, category, code)
        SELECT compartments[persons[k.n]], rids[k.n], k.system, own, k.parameter, k.item, categories[k.n], k.code
        FROM unnest(tokens_n, tokens_parameter, tokens_item, tokens_system, tokens_code)
            AS k (n, parameter, item, system, code);
    END IF;
    IF dates_n IS NOT NULL THEN
        INSERT INTO record_date (compartment_id, rid, low, high, source_id, parameter, item, category)
        SELECT compartments[persons[k.n]], rids[k.n], k.low, k.high, own, k.parameter, k.item, categories[k.n]
        FROM unnest(dates_n, dates_parameter, dates_item, dates_low, dates_high)
            AS k (n, parameter, item, low, high);
    END IF;
    IF strings_n IS NOT NULL THEN
        INSERT INTO record_string (compartment_id, rid, source_id, parameter, item, category, value, exact)
        SELECT compartments[persons[k.n]], rids[k.n], own, k.parameter, k.item, categories[k.n], k.value, k.exact
        FROM unnest(strings_n, strings_parameter, strings_item, strings_value, strings_exact)
            AS k (n, parameter, item, value, exact);
    END IF;
    IF references_n IS NOT NULL THEN
        INSERT INTO record_reference (compartment_id, rid, source_id, parameter, item, category, kind, target)
        SELECT compartments[persons[k.n]], rids[k.n], own, k.parameter, k.item, categories[k.n], k.kind, k.target
        FROM unnest(references_n, references_parameter, references_item, references_kind, references_target)
            AS k (n, parameter, item, kind, target);
    END IF;
    IF numbers_n IS NOT NULL THEN
        INSERT INTO record_number
            (compartment_id, rid, low, high, system, source_id, parameter, item, category, code)
        SELECT compartments[persons[k.n]], rids[k.n], k.low, k.high, k.system, own, k.parameter, k.item,
            categories[k.n], k.code
        FROM unnest(numbers_n, numbers_parameter, numbers_item, numbers_low, numbers_high, numbers_system,
                numbers_code)
            AS k (n, parameter, item, low, high, system, code);
    END IF;
    IF cardinality(whose) = 1 THEN
        PERFORM access_told(opening, 'allowed', whose[1], compartments[1]);
    ELSE
        PERFORM access_told_of(opening, 'allowed', whose, compartments);
    END IF;
    RETURN json_build_object('at', at);
END
$$;
REVOKE ALL ON FUNCTION record_add_own FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_add_own TO commonweal_app;
"""
# Asked for each table of a statement, so that working it out anew took a tenth of an addition. What works it out once,
# in the transaction, says it with whose it is: said of another source, or by nobody, it is worked out here.
OWN = """
CREATE OR REPLACE FUNCTION record_own_sources() RETURNS integer[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    asking text := coalesce(current_setting('commonweal.source', true), '');
    said text := current_setting('commonweal.own', true);
BEGIN
    IF asking = '' THEN
        RETURN NULL;
    END IF;
    IF starts_with(said, asking || '/') THEN
        RETURN string_to_array(substr(said, length(asking) + 2), ',')::integer[];
    END IF;
    RETURN (SELECT array_agg(id) FROM record_source WHERE source = asking);
END
$$;
"""
_ROWS = "DROP FUNCTION record_add_own(jsonb, jsonb, text[], json, json);"

_TYPES = import_module("commonweal.apps.record.migrations.0010_more_about_nobody").LIST
NOBODY = (
    """
CREATE FUNCTION record_may_be_about_nobody(kind text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN kind IN ("""
    + _TYPES
    + """);
END
$$;
REVOKE ALL ON FUNCTION record_may_be_about_nobody FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_may_be_about_nobody TO commonweal_app, commonweal_batch, commonweal_loader;
ALTER TABLE record_resource DROP CONSTRAINT about_nobody,
    ADD CONSTRAINT about_nobody CHECK (compartment_id IS NOT NULL OR record_may_be_about_nobody(type));
"""
)


class Migration(migrations.Migration):
    dependencies = [("record", "0019_waiting")]
    operations = [
        migrations.RunSQL(_ROWS + ADD + OWN, migrations.RunSQL.noop),
        migrations.RunSQL(NOBODY, migrations.RunSQL.noop),
    ]
