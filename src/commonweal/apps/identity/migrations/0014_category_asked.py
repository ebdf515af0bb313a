"""What a source says of a person is shown only where the gate has opened demographics, as the record's own rows are.

The policy asked for the compartment alone: where everybody's demographics were withheld from who asks, and something
else of the person was open, names, birth dates, addresses and NHS numbers stayed readable (0012 shuts pairs of a
category that is open, and a category that is withheld throughout is none of those).
"""

from django.db import migrations

OPENED = """
ALTER POLICY open_compartments ON identity_demographics USING (
    compartment_id = ANY (
        (SELECT string_to_array(nullif(current_setting('commonweal.compartments', true), ''), ','))::bigint[]
    )
    AND (SELECT 'demographics' = ANY (string_to_array(current_setting('commonweal.categories', true), ',')))
);
"""
BEFORE = """
ALTER POLICY open_compartments ON identity_demographics USING (
    compartment_id = ANY (
        (SELECT string_to_array(nullif(current_setting('commonweal.compartments', true), ''), ','))::bigint[]
    )
);
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0013_refused_of_the_person")]
    operations = [migrations.RunSQL(OPENED, BEFORE)]
