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
# ``considered``: relationships. ``moved``: the compartments that were linked just now; of two of them, the one that has
# been here longer holds the person already. An organisation that is known to a person asserts nothing for the first
# time, and what it says of another is vouched for.
HOLD = """
CREATE FUNCTION identity_hold(considered bigint[], moved bigint[], moment timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    policy access_confirmation%ROWTYPE;
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
    WITH asked AS MATERIALIZED (
        SELECT r.id, r.organisation, r.compartment_id, r.kind, r.feed, r.source, m.person_id
        FROM access_relationship r JOIN identity_membership m ON m.compartment_id = r.compartment_id
        WHERE r.id = ANY (considered) AND r.actor_key = '' AND r.kind <> 'emergency'
          AND (r.kind = ANY (policy.kinds) OR '*' = ANY (policy.kinds))
    ), ruled AS MATERIALIZED (
        SELECT a.*, u.rule, u.n, u.rule ->> 'whom' AS whom
        FROM asked a CROSS JOIN LATERAL (
            SELECT e.rule, e.n FROM jsonb_array_elements(policy.rules) WITH ORDINALITY AS e (rule, n)
            WHERE e.rule -> 'kinds' ?| ARRAY['*', a.kind] AND e.rule -> 'feeds' ?| ARRAY['*', a.feed]
              AND e.rule -> 'organisations' ?| ARRAY['*', a.organisation]
            ORDER BY e.n LIMIT 1
        ) u
        WHERE jsonb_array_length(u.rule -> 'confirmed_by') > 0
    ), waiting AS MATERIALIZED (
        SELECT a.* FROM ruled a
        WHERE NOT EXISTS (
            SELECT FROM identity_membership o JOIN access_relationship k ON k.compartment_id = o.compartment_id
            WHERE o.person_id = a.person_id AND k.organisation IN (a.organisation, a.source) AND k.actor_key = ''
              AND k.kind <> 'emergency' AND k.waits_until <= moment AND (k.ends_at IS NULL OR k.ends_at > k.starts_at)
              AND k.id NOT IN (SELECT unnest(considered))
        ) AND CASE a.whom
            WHEN 'everybody' THEN true
            WHEN 'held_elsewhere' THEN EXISTS (
                SELECT FROM identity_membership o
                LEFT JOIN identity_demographics d ON d.compartment_id = o.compartment_id
                LEFT JOIN identity_attachment t ON t.compartment_id = o.compartment_id
                WHERE o.person_id = a.person_id AND coalesce(d.source, t.source) NOT IN (a.source, a.organisation)
                  AND (o.compartment_id < a.compartment_id OR o.compartment_id NOT IN (SELECT unnest(moved)))
            )
            ELSE EXISTS (
                SELECT FROM identity_membership o JOIN access_relationship k ON k.compartment_id = o.compartment_id
                WHERE o.person_id = a.person_id AND k.kind = 'registered' AND k.organisation <> a.organisation
                  AND k.waits_until <= moment AND k.starts_at <= moment AND (k.ends_at IS NULL OR k.ends_at > moment)
                  AND (k.id < a.id OR k.id NOT IN (SELECT unnest(considered)))
            )
        END
    ), kept AS (
        INSERT INTO access_waiting AS former
            (organisation, compartment_id, person_id, source, feeds, kinds, since, opens_at, rule, ways)
        SELECT w.organisation, w.compartment_id, w.person_id, min(w.source), array_agg(DISTINCT w.feed),
            array_agg(DISTINCT w.kind), moment,
            moment + ((array_agg(w.rule ORDER BY w.n))[1] ->> 'days')::integer * interval '1 day',
            (array_agg(w.rule ORDER BY w.n))[1] ->> 'name',
            ARRAY(SELECT jsonb_array_elements_text((array_agg(w.rule ORDER BY w.n))[1] -> 'confirmed_by'))
        FROM waiting w GROUP BY w.organisation, w.compartment_id, w.person_id
        ON CONFLICT (compartment_id, organisation, person_id) DO UPDATE SET
            kinds = ARRAY(SELECT DISTINCT unnest(former.kinds || excluded.kinds) ORDER BY 1),
            feeds = ARRAY(SELECT DISTINCT unnest(former.feeds || excluded.feeds) ORDER BY 1),
            since = CASE former.state WHEN 'lapsed' THEN excluded.since ELSE former.since END,
            opens_at = CASE former.state WHEN 'lapsed' THEN excluded.opens_at ELSE former.opens_at END,
            state = CASE former.state WHEN 'lapsed' THEN 'waiting' ELSE former.state END
        RETURNING former.id, former.organisation, former.compartment_id, former.person_id, former.state,
            former.opens_at, former.rule, (former.xmax = 0 OR former.since = moment) AS fresh
    ), shut AS (
        UPDATE access_relationship r
        SET waits_until = CASE k.state
            WHEN 'confirmed' THEN '-infinity' WHEN 'refused' THEN 'infinity' ELSE coalesce(k.opens_at, 'infinity') END
        FROM kept k JOIN waiting w USING (organisation, compartment_id)
        WHERE r.id = w.id
    ), noted AS (
        INSERT INTO access_audit (actor, role, organisation, purpose, action, target, outcome, reason, request_id)
        SELECT 'service:confirmation', 'service', k.organisation, 'operations', 'relationship waits',
            'relationship ' || k.id, 'refused', k.rule, gen_random_uuid()
        FROM kept k WHERE k.state = 'waiting' AND k.fresh
        RETURNING id, target
    )
    INSERT INTO access_audit_subject (audit_id, person_id, compartments, outcome)
    SELECT n.id, k.person_id, '{}', 'refused' FROM noted n JOIN kept k ON n.target = 'relationship ' || k.id;
    UPDATE access_relationship r SET waits_until = 'infinity'
    FROM access_waiting w JOIN identity_membership m ON m.compartment_id = w.compartment_id
    WHERE r.id = ANY (considered) AND w.compartment_id = r.compartment_id AND w.organisation = r.organisation
      AND w.state = 'refused' AND m.person_id = w.person_id AND r.kind <> 'emergency';
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
    WHERE a.kind <> 'emergency';
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
# know the person, and, where the rule asks for it, PDS named the organisation as their practice. By a practice: one that
# itself has the person on its list, while it has them open.
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
        SELECT a.* FROM agreed a WHERE access_settle(a.id, 'confirmed', a.how, 'service:pds_trace', '', moment)
    ), noted AS (
        INSERT INTO access_audit (id, actor, role, organisation, purpose, action, target, outcome, reason, request_id)
        SELECT nextval('access_audit_id_seq'), 'service:pds_trace', 'service', s.organisation, 'operations',
            'relationship confirmed', 'relationship ' || s.id, 'allowed', s.how, gen_random_uuid()
        FROM settled s RETURNING id, target
    ), named AS (
        INSERT INTO access_audit_subject (audit_id, person_id, compartments, outcome)
        SELECT n.id, s.person_id, '{}', 'allowed' FROM noted n JOIN settled s ON n.target = 'relationship ' || s.id
        RETURNING 1
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
    IF NOT EXISTS (SELECT FROM identity_claims(person, asking, moment) c WHERE c.id = which AND c.state = 'waiting') THEN
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
