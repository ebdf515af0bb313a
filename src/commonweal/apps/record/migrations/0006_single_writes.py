"""What holds the web role's writes to its own organisation's people, whatever a program forgets.

An entry goes into a compartment of the source that writes, and never leaves it: what makes an entry somebody's
(compartment, type, id, number) has no UPDATE at all.
"""

from django.db import migrations

OWN_PEOPLE = """
CREATE POLICY own_people ON record_resource AS RESTRICTIVE FOR INSERT TO commonweal_app WITH CHECK (
    compartment_id IS NULL OR EXISTS (
        SELECT FROM record_compartment c
        WHERE c.id = compartment_id AND c.source = current_setting('commonweal.source', true)
    )
);
CREATE POLICY own_people ON access_relationship AS RESTRICTIVE FOR INSERT TO commonweal_app WITH CHECK (
    kind = 'emergency' OR EXISTS (
        SELECT FROM record_compartment c
        WHERE c.id = compartment_id AND c.source = current_setting('commonweal.source', true)
    )
);
REVOKE UPDATE ON record_resource FROM commonweal_app;
GRANT UPDATE (source_id, category, version, deleted, updated, happened_at, xid, receipt_id, line, digest, body)
    ON record_resource TO commonweal_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("record", "0005_search_rows"),
        ("access", "0005_relationships_of_own_entries"),
        ("identity", "0003_attachments"),
    ]
    operations = [migrations.RunSQL(OWN_PEOPLE, migrations.RunSQL.noop)]
