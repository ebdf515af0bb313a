"""An emergency found not justified is over: what it opened is ended, for the officer who reviews it."""

from django.db import migrations

CHOICES = """
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
