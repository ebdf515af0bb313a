"""Who looked: a person's own looks never push others' off the end of the list."""

from django.db import migrations

LOOKED = """
CREATE OR REPLACE FUNCTION access_looked(about bigint[], most integer)
RETURNS TABLE (at timestamptz, organisation text, role text, purpose text, action text, outcome text, reason text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT l.at, l.organisation, l.role, l.purpose, l.action, l.disclosed, l.reason
    FROM (
        SELECT a.*, s.outcome AS disclosed,
            row_number() OVER (PARTITION BY a.role = 'citizen' ORDER BY a.at DESC) AS place
        FROM access_audit_subject s JOIN access_audit a ON a.id = s.audit_id
        WHERE s.compartments && about
          AND about <@ string_to_array(current_setting('commonweal.compartments', true), ',')::bigint[]
    ) l
    WHERE l.place <= most ORDER BY l.at DESC
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("access", "0003_temporary_tables_last")]
    operations = [migrations.RunSQL(LOOKED, migrations.RunSQL.noop)]
