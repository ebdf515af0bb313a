"""What files were read with. A version is kept for good: nobody may change or delete one."""

from django.db import migrations, models
from django.db.models.functions import Now

SECURITY = (
    "GRANT SELECT ON exchange_mappingversion TO commonweal_app; "
    "REVOKE UPDATE, DELETE, TRUNCATE ON exchange_mappingversion FROM commonweal_batch"
)


class Migration(migrations.Migration):
    dependencies = [("exchange", "0005_changes")]
    operations = [
        migrations.CreateModel(
            name="MappingVersion",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("label", models.TextField()),
                ("text", models.TextField()),
                ("first_used_at", models.DateTimeField(db_default=Now())),
            ],
        ),
        migrations.AddField("receipt", "mapping", models.CharField(blank=True, default="", max_length=64)),
        migrations.RunSQL(SECURITY, migrations.RunSQL.noop),
    ]
