"""Adding new resources about people a source has: as one statement, confirmed, fenced, stored, searchable, audited.

Everything runs with the rights of who calls it, so row security holds each row to the source that is opened here.
What the caller took for granted (what is loaded to validate against, the source's feeds, that each person has a
Patient of the source's own) is looked at again: where it is otherwise nothing is done, and the answer says what is.
"""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION access_told_of(opening jsonb, outcome text, people uuid[], compartments bigint[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    entry bigint := nextval('access_audit_id_seq');
BEGIN
    INSERT INTO access_audit (id, actor, role, organisation, purpose, action, target, outcome, reason, request_id)
    VALUES (
        entry, opening ->> 'actor', opening ->> 'role', opening ->> 'organisation', opening ->> 'purpose',
        opening ->> 'action', opening ->> 'target', outcome, '', (opening ->> 'request_id')::uuid
    );
    INSERT INTO access_audit_subject (audit_id, person_id, compartments, outcome)
    SELECT entry, k.person, array_agg(DISTINCT k.compartment ORDER BY k.compartment), 'allowed'
    FROM unnest(people, compartments) AS k (person, compartment) GROUP BY k.person;
END
$$;

CREATE FUNCTION record_add_own(
    opening jsonb, presumed jsonb, people text[], resources json, found_by json,
    OUT done boolean, OUT stamp bigint, OUT feeds text[], OUT at timestamptz
) LANGUAGE plpgsql AS $$
DECLARE
    ids integer[];
    own integer;
    heard timestamptz;
    moment timestamptz := (presumed ->> 'moment')::timestamptz;
    compartments bigint[];
    whose uuid[];
    rids bigint[];
    placed bigint[];
    kinds text[];
    instant text;
BEGIN
    done := false;
    at := now();
    PERFORM access_confirm(opening);
    PERFORM set_config('commonweal.source', opening ->> 'organisation', true);
    stamp := (SELECT s.stamp FROM record_definitions_state s);
    SELECT array_agg(s.id), array_agg(s.feed ORDER BY s.feed), max(s.id) FILTER (WHERE s.feed = 'api'),
        max(s.last_received_at) FILTER (WHERE s.feed = 'api')
    INTO ids, feeds, own, heard FROM record_source s WHERE s.source = opening ->> 'organisation';
    IF own IS NULL OR to_jsonb(feeds) IS DISTINCT FROM presumed -> 'feeds'
        OR stamp IS DISTINCT FROM (presumed ->> 'stamp')::bigint THEN
        RETURN;
    END IF;

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
        RETURN;
    END IF;

    IF heard IS NULL OR heard < moment - interval '1 minute' THEN
        UPDATE record_source s SET last_received_at = moment WHERE s.id = own
            AND (s.last_received_at IS NULL OR s.last_received_at < moment - interval '1 minute');
    END IF;
    instant := to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
    SELECT array_agg(nextval('record_resource_rid')) INTO rids FROM generate_series(1, json_array_length(resources));
    WITH e AS MATERIALIZED (
        SELECT * FROM json_to_recordset(resources) AS e (
            n integer, person integer, type text, id text, category text, happened timestamptz, digest text,
            before text, after text
        )
    ), kept AS (
        INSERT INTO record_resource
            (rid, compartment_id, source_id, type, id, category, updated, happened_at, digest, body)
        SELECT rids[e.n], compartments[e.person], own, e.type, e.id, e.category, at, e.happened,
            decode(e.digest, 'hex'), e.before || '"versionId":"1","lastUpdated":"' || instant || '"' || e.after
        FROM e
    )
    SELECT array_agg(compartments[e.person] ORDER BY e.n), array_agg(e.category ORDER BY e.n) INTO placed, kinds FROM e;

    IF found_by -> 'systems' IS NOT NULL THEN
        INSERT INTO record_system (id, system)
        SELECT k.id, k.system FROM json_to_recordset(found_by -> 'systems') AS k (id bigint, system text)
        WHERE NOT EXISTS (SELECT FROM record_system s WHERE s.id = k.id) ORDER BY k.id ON CONFLICT DO NOTHING;
    END IF;
    IF found_by -> 'tokens' IS NOT NULL THEN
        INSERT INTO record_token (compartment_id, rid, system, source_id, parameter, item, category, code)
        SELECT placed[k.n], rids[k.n], k.system, own, k.parameter, k.item, kinds[k.n], k.code
        FROM json_to_recordset(found_by -> 'tokens')
            AS k (n integer, parameter smallint, item smallint, system bigint, code text);
    END IF;
    IF found_by -> 'dates' IS NOT NULL THEN
        INSERT INTO record_date (compartment_id, rid, low, high, source_id, parameter, item, category)
        SELECT placed[k.n], rids[k.n], k.low, k.high, own, k.parameter, k.item, kinds[k.n]
        FROM json_to_recordset(found_by -> 'dates')
            AS k (n integer, parameter smallint, item smallint, low timestamptz, high timestamptz);
    END IF;
    IF found_by -> 'strings' IS NOT NULL THEN
        INSERT INTO record_string (compartment_id, rid, source_id, parameter, item, category, value, exact)
        SELECT placed[k.n], rids[k.n], own, k.parameter, k.item, kinds[k.n], k.value, k.exact
        FROM json_to_recordset(found_by -> 'strings')
            AS k (n integer, parameter smallint, item smallint, value text, exact text);
    END IF;
    IF found_by -> 'references' IS NOT NULL THEN
        INSERT INTO record_reference (compartment_id, rid, source_id, parameter, item, category, kind, target)
        SELECT placed[k.n], rids[k.n], own, k.parameter, k.item, kinds[k.n], k.kind, k.target
        FROM json_to_recordset(found_by -> 'references')
            AS k (n integer, parameter smallint, item smallint, kind text, target text);
    END IF;
    IF found_by -> 'numbers' IS NOT NULL THEN
        INSERT INTO record_number
            (compartment_id, rid, low, high, system, source_id, parameter, item, category, code)
        SELECT placed[k.n], rids[k.n], k.low, k.high, k.system, own, k.parameter, k.item, kinds[k.n], k.code
        FROM json_to_recordset(found_by -> 'numbers') AS k (
            n integer, parameter smallint, item smallint, low double precision, high double precision, system bigint,
            code text
        );
    END IF;
    PERFORM access_told_of(opening, 'allowed', whose, compartments);
    done := true;
END
$$;
REVOKE ALL ON FUNCTION access_told_of, record_add_own FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access_told_of, record_add_own TO commonweal_app;
"""
GONE = "DROP FUNCTION record_add_own; DROP FUNCTION access_told_of"


class Migration(migrations.Migration):
    dependencies = [("record", "0014_deferred_indexing"), ("access", "0010_at_once")]
    operations = [migrations.RunSQL(FUNCTIONS, GONE)]
