"""``record_whose``, which runs as the owner, finds its table in the schema, never among temporary ones."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("record", "0002_whose")]
    operations = [
        migrations.RunSQL(
            "ALTER FUNCTION record_whose SET search_path = pg_catalog, public, pg_temp", migrations.RunSQL.noop
        )
    ]
