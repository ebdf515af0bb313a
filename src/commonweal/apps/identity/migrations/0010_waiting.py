"""When an asserted relationship waits: decided in the database, whatever writes it and whatever links the record.

An assertion is looked at when it arrives and its record is somebody's already, and again whenever its record is linked
to somebody: what opens nothing while a record stands alone may open a whole person the moment it is linked. The policy
in force that day says whether it waits (``access_confirmation``); each that does is audited as refused. Here, and not
in access, because whose a record is stands here.

And of PDS: which practice a trace named, and when.
"""

from django.db import migrations

TRACED = """
ALTER TABLE identity_trace ADD COLUMN practice text NOT NULL DEFAULT '';
CREATE OR REPLACE VIEW identity_traced WITH (security_invoker = true) AS
    SELECT t.compartment_id, t.nhs_number, t.candidates, t.practice, t.at
    FROM identity_trace t JOIN identity_demographics d USING (compartment_id) WHERE t.asked = identity_asked(d);
"""
# Planned anew each time: a plan kept from when little waited would read all that waits for each row of a large load.
# ``considered``: relationships. ``moved``: the compartments that were linked just now; of two of them, the one that has
# been here longer holds the person already. An organisation that is known to a person asserts nothing for the first
# time, and what it says of another is vouched for.
HOLD = """
CREATE FUNCTION identity_ruled(considered bigint[], rules jsonb) RETURNS TABLE (
    id bigint, organisation text, compartment_id bigint, kind text, feed text, source text, person_id uuid, rule jsonb,
    n bigint
) LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT r.id, r.organisation, r.compartment_id, r.kind, r.feed, r.source, m.person_id, u.rule, u.n
    FROM access_relationship r JOIN identity_membership m ON m.compartment_id = r.compartment_id
    CROSS JOIN LATERAL (
        SELECT e.rule, e.n FROM jsonb_array_elements(rules) WITH ORDINALITY AS e (rule, n)
        WHERE e.rule -> 'kinds' ?| ARRAY['*', r.kind] AND e.rule -> 'feeds' ?| ARRAY['*', r.feed]
          AND e.rule -> 'organisations' ?| ARRAY['*', r.organisation]
        ORDER BY e.n LIMIT 1
    ) u
    WHERE r.id = ANY (considered) AND r.actor_key = '' AND r.kind <> 'emergency'
      AND jsonb_array_length(u.rule -> 'confirmed_by') > 0
$$;
REVOKE ALL ON FUNCTION identity_ruled FROM PUBLIC;

CREATE FUNCTION identity_hold(considered bigint[], moved bigint[], moment timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_custom_plan SET jit = off AS $$
DECLARE
    policy access_confirmation%ROWTYPE;
    waiting bigint[];
    noted bigint[];
BEGIN
    IF cardinality(moved) > 0 AND EXISTS (SELECT FROM access_waiting) THEN
        UPDATE access_waiting w SET state = 'lapsed', decided_at = moment
        FROM identity_membership m
        WHERE w.compartment_id = ANY (moved) AND m.compartment_id = w.compartment_id AND m.person_id <> w.person_id
          AND w.state <> 'lapsed';
        UPDATE access_relationship SET waits_until = '-infinity'
        WHERE id = ANY (considered) AND waits_until > '-infinity';
    END IF;
    SELECT * INTO policy FROM access_confirmation c
    WHERE c.from_on <= (moment AT TIME ZONE 'Europe/London')::date ORDER BY c.from_on DESC LIMIT 1;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    -- Step by step, each over what the one before it found: as one statement its parts would be joined unindexed.
    -- OFFSET 0 holds each question to the one person it is about.
    SELECT array_agg(a.id) INTO waiting
    FROM identity_ruled(considered, policy.rules) a
    WHERE NOT EXISTS (
        SELECT FROM identity_membership o WHERE o.person_id = a.person_id AND EXISTS (
            SELECT FROM access_relationship k
            WHERE k.compartment_id = o.compartment_id AND k.organisation IN (a.organisation, a.source)
              AND k.actor_key = '' AND k.kind <> 'emergency' AND k.waits_until <= moment
              AND (k.ends_at IS NULL OR k.ends_at > k.starts_at) AND k.id NOT IN (SELECT unnest(considered))
            OFFSET 0
        ) OFFSET 0
    ) AND CASE a.rule ->> 'whom'
        WHEN 'everybody' THEN true
        WHEN 'held_elsewhere' THEN EXISTS (
            SELECT FROM identity_membership o
            LEFT JOIN identity_demographics d ON d.compartment_id = o.compartment_id
            LEFT JOIN identity_attachment t ON t.compartment_id = o.compartment_id
            WHERE o.person_id = a.person_id AND coalesce(d.source, t.source) NOT IN (a.source, a.organisation)
              AND (o.compartment_id < a.compartment_id OR o.compartment_id NOT IN (SELECT unnest(moved)))
            OFFSET 0
        )
        ELSE EXISTS (
            SELECT FROM identity_membership o WHERE o.person_id = a.person_id AND EXISTS (
                SELECT FROM access_relationship k
                WHERE k.compartment_id = o.compartment_id AND k.kind = 'registered'
                  AND k.organisation <> a.organisation AND k.waits_until <= moment AND k.starts_at <= moment
                  AND (k.ends_at IS NULL OR k.ends_at > moment)
                  AND (k.id < a.id OR k.id NOT IN (SELECT unnest(considered)))
                OFFSET 0
            ) OFFSET 0
        )
    END;
    IF waiting IS NOT NULL THEN
        WITH kept AS (
            INSERT INTO access_waiting AS former
                (organisation, compartment_id, person_id, source, feeds, kinds, since, opens_at, rule, ways)
            SELECT w.organisation, w.compartment_id, w.person_id, min(w.source), array_agg(DISTINCT w.feed),
                array_agg(DISTINCT w.kind), moment,
                moment + ((array_agg(w.rule ORDER BY w.n))[1] ->> 'days')::integer * interval '1 day',
                (array_agg(w.rule ORDER BY w.n))[1] ->> 'name',
                ARRAY(SELECT jsonb_array_elements_text((array_agg(w.rule ORDER BY w.n))[1] -> 'confirmed_by'))
            FROM identity_ruled(waiting, policy.rules) w GROUP BY w.organisation, w.compartment_id, w.person_id
            ON CONFLICT (compartment_id, organisation, person_id) DO UPDATE SET
                kinds = ARRAY(SELECT DISTINCT unnest(former.kinds || excluded.kinds) ORDER BY 1),
                feeds = ARRAY(SELECT DISTINCT unnest(former.feeds || excluded.feeds) ORDER BY 1),
                since = CASE former.state WHEN 'lapsed' THEN excluded.since ELSE former.since END,
                opens_at = CASE former.state WHEN 'lapsed' THEN excluded.opens_at ELSE former.opens_at END,
                state = CASE former.state WHEN 'lapsed' THEN 'waiting' ELSE former.state END
            RETURNING former.id, former.state = 'waiting' AND (former.xmax = 0 OR former.since = moment) AS fresh
        )
        SELECT array_agg(k.id) INTO noted FROM kept k WHERE k.fresh;
        UPDATE access_relationship r
        SET waits_until = CASE w.state
            WHEN 'confirmed' THEN '-infinity' WHEN 'refused' THEN 'infinity' ELSE coalesce(w.opens_at, 'infinity') END
        FROM access_waiting w JOIN identity_membership m ON m.compartment_id = w.compartment_id
        WHERE r.id = ANY (waiting) AND w.compartment_id = r.compartment_id AND w.organisation = r.organisation
          AND m.person_id = w.person_id;
        WITH told AS MATERIALIZED (
            SELECT w.*, nextval('access_audit_id_seq') AS entry FROM access_waiting w WHERE w.id = ANY (noted)
        ), audited AS (
            INSERT INTO access_audit
                (id, actor, role, organisation, purpose, action, target, outcome, reason, request_id)
            SELECT t.entry, 'service:confirmation', 'service', t.organisation, 'operations', 'relationship waits',
                'relationship ' || t.id, 'refused', t.rule, gen_random_uuid()
            FROM told t
        )
        INSERT INTO access_audit_subject (audit_id, person_id, compartments, outcome)
        SELECT t.entry, t.person_id, '{}', 'refused' FROM told t;
    END IF;
    IF EXISTS (SELECT FROM access_waiting WHERE state = 'refused') THEN
        UPDATE access_relationship r SET waits_until = 'infinity'
        FROM access_waiting w JOIN identity_membership m ON m.compartment_id = w.compartment_id
        WHERE r.id = ANY (considered) AND w.compartment_id = r.compartment_id AND w.organisation = r.organisation
          AND w.state = 'refused' AND m.person_id = w.person_id AND r.kind <> 'emergency';
    END IF;
END
$$;
REVOKE ALL ON FUNCTION identity_hold FROM PUBLIC;

CREATE FUNCTION identity_asserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    considered bigint[];
    moment timestamptz;
BEGIN
    SELECT array_agg(a.id), max(a.asserted_at) INTO considered, moment
    FROM arrived a JOIN identity_membership m ON m.compartment_id = a.compartment_id
    WHERE a.kind <> 'emergency' AND (
        EXISTS (SELECT FROM access_confirmation c WHERE c.kinds && ARRAY['*', a.kind::text])
        OR EXISTS (SELECT FROM access_waiting w
            WHERE w.compartment_id = a.compartment_id AND w.organisation = a.organisation AND w.state = 'refused')
    );
    IF considered IS NOT NULL THEN
        PERFORM identity_hold(considered, '{}', moment);
    END IF;
    RETURN NULL;
END
$$;
CREATE FUNCTION identity_linked() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM identity_hold(
        coalesce((SELECT array_agg(r.id) FROM joined j JOIN access_relationship r ON r.compartment_id = j.compartment_id
            WHERE r.kind <> 'emergency'), '{}'),
        array_agg(j.compartment_id), max(j.since)
    ) FROM joined j HAVING count(*) > 0;
    RETURN NULL;
END
$$;
CREATE FUNCTION identity_relinked() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM identity_hold(
        coalesce((SELECT array_agg(r.id) FROM joined j JOIN former f ON f.compartment_id = j.compartment_id
            JOIN access_relationship r ON r.compartment_id = j.compartment_id
            WHERE f.person_id <> j.person_id AND r.kind <> 'emergency'), '{}'),
        array_agg(j.compartment_id), max(j.since)
    ) FROM joined j JOIN former f ON f.compartment_id = j.compartment_id
    WHERE f.person_id <> j.person_id HAVING count(*) > 0;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION identity_asserted, identity_linked, identity_relinked FROM PUBLIC;
CREATE TRIGGER asserted AFTER INSERT ON access_relationship REFERENCING NEW TABLE AS arrived
    FOR EACH STATEMENT EXECUTE FUNCTION identity_asserted();
CREATE TRIGGER linked AFTER INSERT ON identity_membership REFERENCING NEW TABLE AS joined
    FOR EACH STATEMENT EXECUTE FUNCTION identity_linked();
CREATE TRIGGER relinked AFTER UPDATE ON identity_membership REFERENCING OLD TABLE AS former NEW TABLE AS joined
    FOR EACH STATEMENT EXECUTE FUNCTION identity_relinked();
"""
# What confirms without an officer. By PDS: the organisation's own record was found to be of the number by which others
# know the person, and, where the rule asks for it, PDS named the organisation as their practice. By a practice: one
# that itself has the person on its list, while it has them open.
CONFIRM = """
CREATE FUNCTION identity_confirm_traced(moment timestamptz) RETURNS bigint
LANGUAGE sql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
    WITH agreed AS MATERIALIZED (
        SELECT w.id, w.organisation, w.person_id,
            CASE WHEN t.practice = w.organisation THEN 'pds_practice' ELSE 'pds_number' END AS how
        FROM access_waiting w JOIN identity_traced t ON t.compartment_id = w.compartment_id
        JOIN identity_membership m ON m.compartment_id = w.compartment_id AND m.person_id = w.person_id
        WHERE w.state = 'waiting' AND t.nhs_number IS NOT NULL
          AND ('pds_number' = ANY (w.ways) OR ('pds_practice' = ANY (w.ways) AND t.practice = w.organisation))
          AND NOT EXISTS (
            SELECT FROM identity_membership o JOIN identity_number n ON n.compartment_id = o.compartment_id
            WHERE o.person_id = w.person_id AND n.number <> t.nhs_number
              AND NOT EXISTS (SELECT FROM identity_number s
                WHERE s.compartment_id = o.compartment_id AND s.number = t.nhs_number)
          )
    ), settled AS MATERIALIZED (
        SELECT a.*, nextval('access_audit_id_seq') AS entry FROM agreed a
        WHERE access_settle(a.id, 'confirmed', a.how, 'service:pds_trace', '', moment)
    ), noted AS (
        INSERT INTO access_audit (id, actor, role, organisation, purpose, action, target, outcome, reason, request_id)
        SELECT s.entry, 'service:pds_trace', 'service', s.organisation, 'operations', 'relationship confirmed',
            'relationship ' || s.id, 'allowed', s.how, gen_random_uuid()
        FROM settled s
    ), named AS (
        INSERT INTO access_audit_subject (audit_id, person_id, compartments, outcome)
        SELECT s.entry, s.person_id, '{}', 'allowed' FROM settled s RETURNING 1
    )
    SELECT count(*) FROM named
$$;
CREATE FUNCTION identity_claims(person uuid, asking text, moment timestamptz)
RETURNS TABLE (id bigint, organisation text, kinds text[], since timestamptz, state text, decided_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT w.id, w.organisation, w.kinds, w.since, w.state, w.decided_at
    FROM access_waiting w
    WHERE w.person_id = person AND w.state <> 'lapsed' AND w.organisation <> asking
      AND (w.opens_at IS NULL OR w.opens_at > moment OR w.state <> 'waiting') AND 'practice' = ANY (w.ways)
      AND EXISTS (
        SELECT FROM identity_membership m
        WHERE m.person_id = person
          AND m.compartment_id = ANY (string_to_array(current_setting('commonweal.compartments', true), ',')::bigint[])
      ) AND EXISTS (
        SELECT FROM identity_membership m JOIN access_relationship r ON r.compartment_id = m.compartment_id
        WHERE m.person_id = person AND r.organisation = asking AND r.kind = 'registered' AND r.waits_until <= moment
          AND r.starts_at <= moment AND (r.ends_at IS NULL OR r.ends_at > moment)
      )
    ORDER BY w.id
$$;
CREATE FUNCTION identity_settle_claim(
    which bigint, person uuid, asking text, verdict text, who text, said text, moment timestamptz
) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM identity_claims(person, asking, moment) c WHERE c.id = which AND c.state = 'waiting'
    ) THEN
        RETURN false;
    END IF;
    RETURN access_settle(which, verdict, 'practice', who, said, moment);
END
$$;
REVOKE ALL ON FUNCTION identity_confirm_traced, identity_claims, identity_settle_claim FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity_confirm_traced TO commonweal_batch;
GRANT EXECUTE ON FUNCTION identity_claims, identity_settle_claim TO commonweal_app, commonweal_batch;
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0009_bias_shown"), ("access", "0024_waiting")]
    operations = [migrations.RunSQL(part) for part in (TRACED, HOLD, CONFIRM)]
