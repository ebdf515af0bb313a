"""Officers record opt-outs without the person's record being open; and an emergency found not justified is over.

``access_emergency_over`` ends what an emergency opened, for the officer who reviews it.
"""

from django.db import migrations

CHOICES = """
CREATE OR REPLACE FUNCTION access_opt_out_set(
    which text, about bigint[], wanted boolean, moment timestamptz, told_by text, asker text
) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    changed bigint;
BEGIN
    IF coalesce(current_setting('commonweal.governance', true), '') <> 'on'
        AND NOT coalesce(
            about <@ string_to_array(current_setting('commonweal.compartments', true), ',')::bigint[], false
        ) THEN
        RETURN 0;
    END IF;
    IF wanted THEN
        INSERT INTO access_opt_out (kind, compartment_id, starts_at, source, set_by)
        SELECT which, one, moment, told_by, asker FROM unnest(about) one
        WHERE NOT EXISTS (
            SELECT FROM access_opt_out o WHERE o.kind = which AND o.compartment_id = one
              AND o.starts_at <= moment AND (o.ends_at IS NULL OR o.ends_at > moment)
        )
        ON CONFLICT (kind, compartment_id, starts_at) DO UPDATE SET ends_at = NULL;
    ELSE
        UPDATE access_opt_out SET ends_at = moment
        WHERE kind = which AND compartment_id = ANY (about) AND (ends_at IS NULL OR ends_at > moment);
    END IF;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END
$$;

CREATE FUNCTION access_emergency_over(which bigint, moment timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    changed bigint;
BEGIN
    IF coalesce(current_setting('commonweal.review', true), '') <> 'on' THEN
        RETURN 0;
    END IF;
    UPDATE access_relationship r SET ends_at = moment
    FROM access_case c
    WHERE c.id = which AND c.kind = 'emergency' AND r.kind = 'emergency' AND r.actor_key = c.actor
      AND r.compartment_id = ANY (c.compartments) AND (r.ends_at IS NULL OR r.ends_at > moment)
      AND r.starts_at <= moment;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END
$$;
REVOKE ALL ON FUNCTION access_emergency_over FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access_emergency_over TO commonweal_app, commonweal_batch;
"""


class Migration(migrations.Migration):
    dependencies = [("access", "0019_agreements")]
    operations = [migrations.RunSQL(CHOICES)]
