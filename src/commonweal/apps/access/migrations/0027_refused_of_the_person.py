"""A refusal is of a person: it is found by them, outlasts a record's being somebody else's, and opens nobody else.

What lapsed stays beside what waits anew (the key of all rows goes with identity's 0013, which uses it until then).
"""

from django.db import migrations

STANDING = """
CREATE UNIQUE INDEX access_waiting_standing ON access_waiting (compartment_id, organisation, person_id)
    WHERE state <> 'lapsed';
DROP INDEX access_waiting_refused;
CREATE INDEX access_waiting_refused ON access_waiting (person_id, organisation) WHERE state = 'refused';
"""
# A decision opens or shuts what the organisation's relationships with that record open, while it is that person's.
# Whoever calls has audited it.
SETTLE = """
CREATE OR REPLACE FUNCTION access_settle(
    which bigint, verdict text, way text, who text, said text, moment timestamptz
)
RETURNS boolean LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    one access_waiting%ROWTYPE;
BEGIN
    UPDATE access_waiting SET state = verdict, how = way, decided_by = who, decided_at = moment, words = said
    WHERE id = which AND state IN ('waiting', 'confirmed', 'refused') AND state <> verdict
    RETURNING * INTO one;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE access_relationship r
    SET waits_until = CASE verdict WHEN 'confirmed' THEN least(r.waits_until, moment) ELSE 'infinity' END
    WHERE r.compartment_id = one.compartment_id AND r.organisation = one.organisation AND r.kind <> 'emergency'
      AND EXISTS (
        SELECT FROM identity_membership m WHERE m.compartment_id = one.compartment_id AND m.person_id = one.person_id
      );
    RETURN true;
END
$$;
"""
# What was refused and lapsed since is refused again, as the audit says of the last decision; what waits anew is
# undecided, whatever was decided before.
RESTORED = """
UPDATE access_waiting w SET state = 'refused', decided_at = least(w.decided_at, d.at)
FROM access_waiting o CROSS JOIN LATERAL (
    SELECT a.at, a.target LIKE 'refused %' OR a.action = 'refuse relationship' AS refused FROM access_audit a
    WHERE a.outcome = 'allowed' AND a.actor = o.decided_by AND (
        a.action = 'confirm relationships'
            AND a.target IN ('refused relationship ' || o.id, 'confirmed relationship ' || o.id)
        OR a.action IN ('refuse relationship', 'confirm relationship') AND a.target = 'relationship ' || o.id
    ) ORDER BY a.id DESC LIMIT 1
) d
WHERE w.id = o.id AND o.state IN ('lapsed', 'waiting') AND o.how IN ('officer', 'practice') AND d.refused;
UPDATE access_waiting SET how = '', decided_by = '', decided_at = NULL, words = ''
WHERE state = 'waiting' AND decided_at IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("access", "0026_referral_clerk")]
    operations = [migrations.RunSQL(part) for part in (RESTORED, STANDING, SETTLE)]
