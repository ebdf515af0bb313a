"""A row of no compartment passes row security, so only types that are about nobody may be one.

The feeds already set such resources aside (rule ``person-not-named``). This is what holds if a feed forgets.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("record", "0003_temporary_tables_last")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE record_resource ADD CONSTRAINT about_nobody CHECK (compartment_id IS NOT NULL OR type IN ("
            "'Endpoint', 'HealthcareService', 'Location', 'Medication', 'MedicationKnowledge', 'Organization', "
            "'OrganizationAffiliation', 'Practitioner', 'PractitionerRole', 'Questionnaire', 'Schedule', 'Slot', "
            "'Substance'))",
            "ALTER TABLE record_resource DROP CONSTRAINT about_nobody",
        )
    ]
