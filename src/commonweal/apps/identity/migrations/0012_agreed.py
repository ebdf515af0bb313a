"""What a source says of a person stays shut where its demographics are, though the compartment and the category open.

As in the record (0016 there): a restriction or an agreement may keep one source's particulars from an organisation that
sees its own, and no list or search may show them either.
"""

from django.db import migrations

AGREED = """
CREATE POLICY agreed ON identity_demographics AS RESTRICTIVE FOR SELECT TO commonweal_app USING (
    (SELECT coalesce(current_setting('commonweal.shut', true), '') = '')
    OR NOT (compartment_id::text || ':demographics')
        = ANY ((SELECT string_to_array(coalesce(current_setting('commonweal.shut', true), ''), ','))::text[])
);
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0011_registered_deaths")]
    operations = [migrations.RunSQL(AGREED, "DROP POLICY agreed ON identity_demographics")]
