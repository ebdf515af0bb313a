"""Of a trace: the day of a formally registered death, and whether that has been passed on to be told."""

from django.db import migrations

DEATHS = """
ALTER TABLE identity_trace ADD COLUMN died date, ADD COLUMN death_told boolean NOT NULL DEFAULT true;
CREATE INDEX identity_trace_died ON identity_trace (compartment_id) WHERE died IS NOT NULL;
CREATE INDEX identity_trace_untold ON identity_trace (compartment_id) WHERE NOT death_told;
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0010_waiting")]
    operations = [migrations.RunSQL(DEATHS, migrations.RunSQL.noop)]
