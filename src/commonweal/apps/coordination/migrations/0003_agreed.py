"""What no sharing agreement covers is not shown of a change either: as the record's migration 0016 does."""

from django.db import migrations

SHUT = """
CREATE POLICY agreed ON {table} AS RESTRICTIVE FOR SELECT TO commonweal_app USING (
    (SELECT coalesce(current_setting('commonweal.shut', true), '') = '')
    OR NOT (compartment_id::text || ':' || category)
        = ANY ((SELECT string_to_array(coalesce(current_setting('commonweal.shut', true), ''), ','))::text[])
);
"""
TABLES = ("coordination_allocation", "coordination_change", "coordination_suspension")


class Migration(migrations.Migration):
    dependencies = [("coordination", "0002_caseloads"), ("access", "0019_agreements")]
    operations = [migrations.RunSQL("".join(SHUT.replace("{table}", one) for one in TABLES))]
