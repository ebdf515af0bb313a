"""What was lawfully removed, by keyed digest: a landing asks, and only the tables' owner adds."""

from django.db import migrations

SCHEMA = """
CREATE TABLE record_removed (key bytea PRIMARY KEY);
REVOKE ALL ON record_removed FROM commonweal_batch, commonweal_app;
GRANT SELECT ON record_removed TO commonweal_batch;
"""


class Migration(migrations.Migration):
    dependencies = [("record", "0008_own_sources")]
    operations = [migrations.RunSQL(SCHEMA, "DROP TABLE record_removed")]
