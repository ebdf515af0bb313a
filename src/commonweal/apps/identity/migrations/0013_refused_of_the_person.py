"""A refusal is of the person: the organisation gains nothing by sending them under another number, or by a merge.

What it, or who spoke for it, says of the person in another record is refused with it, unless that record was decided by
itself; the newest decision counts. Whoever looks after the person may still vouch for it. A refusal never lapses. What
lapsed stays as it was: what waits anew does so by the policy of that day.

And of a trace: the number of whom PDS said that they died, which a later answer that finds nobody does not undo.
"""

from django.db import migrations

# As 0010's, but for what is said above. Planned anew each time, as there.
HOLD = """
CREATE INDEX identity_person_merged ON identity_person (merged_into) WHERE merged_into IS NOT NULL;

CREATE FUNCTION identity_refuse(considered bigint[], moment timestamptz) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_custom_plan SET jit = off AS $$
DECLARE
    noted bigint[];
BEGIN
    IF NOT EXISTS (SELECT FROM access_waiting WHERE state = 'refused') THEN
        RETURN noted;
    END IF;
    WITH kept AS (
        INSERT INTO access_waiting AS former
            (organisation, compartment_id, person_id, source, feeds, kinds, since, rule, ways, state, how,
            decided_by, decided_at, words)
        SELECT g.organisation, g.compartment_id, g.person_id, g.sources[1], g.feeds, g.kinds, moment, w.rule, w.ways,
            w.state, w.how, w.decided_by, w.decided_at, w.words
        FROM (
            SELECT r.organisation, r.compartment_id, m.person_id, array_agg(DISTINCT r.source::text) AS sources,
                array_agg(DISTINCT r.feed) AS feeds, array_agg(DISTINCT r.kind) AS kinds
            FROM access_relationship r JOIN identity_membership m ON m.compartment_id = r.compartment_id
            WHERE r.id = ANY (considered) AND r.kind <> 'emergency'
            GROUP BY r.organisation, r.compartment_id, m.person_id
        ) g CROSS JOIN LATERAL (
            SELECT s.* FROM access_waiting s
            WHERE s.organisation = g.organisation AND s.state IN ('confirmed', 'refused')
              AND s.person_id IN (
                SELECT g.person_id UNION ALL SELECT p.person_id FROM identity_person p WHERE p.merged_into = g.person_id
              ) AND ARRAY[s.organisation, s.source] && g.sources
            ORDER BY s.decided_at DESC, s.id DESC LIMIT 1
        ) w
        WHERE w.state = 'refused'
        ON CONFLICT (compartment_id, organisation, person_id) WHERE state <> 'lapsed' DO UPDATE SET
            state = excluded.state, how = excluded.how, decided_by = excluded.decided_by,
            decided_at = excluded.decided_at, words = excluded.words
        WHERE former.state = 'waiting'
        RETURNING former.id, former.xmax = 0 AS fresh
    )
    SELECT array_agg(k.id) INTO noted FROM kept k WHERE k.fresh;
    UPDATE access_relationship r SET waits_until = 'infinity'
    FROM access_waiting w JOIN identity_membership m ON m.compartment_id = w.compartment_id
    WHERE r.id = ANY (considered) AND w.compartment_id = r.compartment_id AND w.organisation = r.organisation
      AND w.state = 'refused' AND m.person_id = w.person_id AND r.kind <> 'emergency';
    RETURN noted;
END
$$;
CREATE FUNCTION identity_note_waiting(noted bigint[]) RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
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
    SELECT t.entry, t.person_id, '{}', 'refused' FROM told t
$$;
REVOKE ALL ON FUNCTION identity_refuse, identity_note_waiting FROM PUBLIC;

CREATE OR REPLACE FUNCTION identity_hold(considered bigint[], moved bigint[], moment timestamptz) RETURNS void
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
          AND w.state NOT IN ('lapsed', 'refused');
        UPDATE access_relationship SET waits_until = '-infinity'
        WHERE id = ANY (considered) AND waits_until > '-infinity';
    END IF;
    SELECT * INTO policy FROM access_confirmation c
    WHERE c.from_on <= (moment AT TIME ZONE 'Europe/London')::date ORDER BY c.from_on DESC LIMIT 1;
    IF FOUND THEN
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
    END IF;
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
            ON CONFLICT (compartment_id, organisation, person_id) WHERE state <> 'lapsed' DO UPDATE SET
                kinds = ARRAY(SELECT DISTINCT unnest(former.kinds || excluded.kinds) ORDER BY 1),
                feeds = ARRAY(SELECT DISTINCT unnest(former.feeds || excluded.feeds) ORDER BY 1)
            RETURNING former.id, former.xmax = 0 AS fresh
        )
        SELECT array_agg(k.id) INTO noted FROM kept k WHERE k.fresh;
        UPDATE access_relationship r
        SET waits_until = CASE w.state
            WHEN 'confirmed' THEN '-infinity' WHEN 'refused' THEN 'infinity' ELSE coalesce(w.opens_at, 'infinity') END
        FROM access_waiting w JOIN identity_membership m ON m.compartment_id = w.compartment_id
        WHERE r.id = ANY (waiting) AND w.compartment_id = r.compartment_id AND w.organisation = r.organisation
          AND m.person_id = w.person_id AND w.state <> 'lapsed';
    END IF;
    PERFORM identity_note_waiting(noted || identity_refuse(considered, moment));
END
$$;

CREATE OR REPLACE FUNCTION identity_asserted() RETURNS trigger
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
            WHERE w.person_id = m.person_id AND w.organisation = a.organisation AND w.state = 'refused')
    );
    IF considered IS NOT NULL THEN
        PERFORM identity_hold(considered, '{}', moment);
    END IF;
    RETURN NULL;
END
$$;
"""
# What was said under another number after a refusal, or linked after it, is refused too.
HELD = """
DO $$
BEGIN
    PERFORM identity_note_waiting(identity_refuse(array_agg(DISTINCT r.id), now()))
    FROM access_waiting w
    LEFT JOIN identity_person p ON p.person_id = w.person_id
    JOIN identity_membership m ON m.person_id IN (w.person_id, p.merged_into)
    JOIN access_relationship r ON r.compartment_id = m.compartment_id AND r.organisation = w.organisation
    WHERE w.state = 'refused' AND r.kind <> 'emergency'
      AND (m.compartment_id = w.compartment_id OR greatest(r.asserted_at, m.since) > w.decided_at);
END
$$;
"""
# Each row's own key goes in the moment nothing infers it any more.
KEY = """
ALTER TABLE access_waiting DROP CONSTRAINT access_waiting_compartment_id_organisation_person_id_key;
"""
# Only an answer that found somebody has told of a death so far.
DIED = """
ALTER TABLE identity_trace ADD COLUMN died_number text;
UPDATE identity_trace SET died_number = nhs_number WHERE died IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0012_agreed"), ("access", "0027_refused_of_the_person")]
    operations = [migrations.RunSQL(part) for part in (HOLD, HELD, KEY, DIED)]
