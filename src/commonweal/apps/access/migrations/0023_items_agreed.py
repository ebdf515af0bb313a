"""An item of a draft stays closed where a sharing agreement keeps its entry closed, though compartment and category open."""

from django.db import migrations

AGREED = """
CREATE POLICY agreed ON access_copy_item AS RESTRICTIVE TO commonweal_app USING (
    (SELECT coalesce(current_setting('commonweal.shut', true), '') = '')
    OR NOT (compartment_id::text || ':' || category)
        = ANY ((SELECT string_to_array(coalesce(current_setting('commonweal.shut', true), ''), ','))::text[])
);
"""


class Migration(migrations.Migration):
    dependencies = [("access", "0022_enrolment")]
    operations = [migrations.RunSQL(AGREED)]
