"""Who is on a list is told to the organisation that is acting: a session can name no other as the one that asks."""

from django.db import migrations

LISTED = """
CREATE OR REPLACE FUNCTION population_listed(of_list bigint, asking text, moment timestamptz)
RETURNS TABLE (person_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT DISTINCT m.person_id
    FROM population_list l
    JOIN population_list_taken_up t ON t.list_id = l.id AND t.organisation = asking
    JOIN population_list_person p ON p.list_id = l.id
    JOIN identity_membership m ON m.compartment_id = p.compartment_id
    WHERE l.id = of_list AND l.state = 'allowed' AND l.resolved_at IS NOT NULL
      AND l.ends_on >= (moment AT TIME ZONE 'Europe/London')::date AND asking <> ''
      AND asking = current_setting('commonweal.acting', true)
      AND EXISTS (
        SELECT FROM identity_membership o JOIN access_relationship r ON r.compartment_id = o.compartment_id
        WHERE o.person_id = m.person_id AND r.organisation = asking AND r.actor_key = '' AND r.waits_until <= moment
          AND r.starts_at <= moment AND (r.ends_at IS NULL OR r.ends_at > moment)
      )
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("population", "0003_believed")]
    operations = [migrations.RunSQL(LISTED, migrations.RunSQL.noop)]
