"""What each file's people have filled in, and notices about feeds. Neither is about a person."""

from django.db import migrations, models

SECURITY = "GRANT SELECT ON exchange_notice TO commonweal_app; REVOKE DELETE, TRUNCATE ON exchange_notice FROM commonweal_batch"


class Migration(migrations.Migration):
    dependencies = [("exchange", "0006_mappings")]
    operations = [
        migrations.AddField("receipt", "filled", models.JSONField(default=dict)),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=20)),
                ("feed", models.CharField(max_length=20)),
                ("trouble", models.CharField(max_length=20)),
                ("message", models.TextField()),
                ("raised_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(closed_at=None),
                        fields=("source", "feed", "trouble"),
                        name="exchange_notice_once",
                    )
                ]
            },
        ),
        migrations.RunSQL(SECURITY, migrations.RunSQL.noop),
    ]
