from django.db import migrations, models
from django.db.models import F, Q

# Imports stood under their file's name before; they stand under their series and the month they report from now on.
MOVE = """
UPDATE measurement_import SET series = file,
    reported = coalesce(substring(mapping from 'reported"?:\\s*["'']?(\\d{4}-\\d{2})'), '');
UPDATE measurement_measurement SET source_key = source_key || '@' || reported
    WHERE source_key LIKE 'import:%' AND reported <> '';
UPDATE measurement_finding SET source_key = source_key || '@' || reported
    WHERE source_key LIKE 'import:%' AND reported <> '';
"""
GRANTS = """
GRANT SELECT, INSERT ON measurement_earlier TO commonweal_app;
GRANT SELECT, INSERT, UPDATE ON measurement_recalibration TO commonweal_app;
REVOKE UPDATE, DELETE, TRUNCATE ON measurement_earlier FROM commonweal_batch;
REVOKE DELETE, TRUNCATE ON measurement_recalibration FROM commonweal_batch;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("measurement", "0002_registry"),
    ]

    operations = [
        migrations.AddField("importrow", "series", models.TextField(default="")),
        migrations.AddField("importrow", "reported", models.TextField(default="")),
        migrations.CreateModel(
            name="EarlierRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source_key", models.TextField()),
                ("indicator", models.TextField()),
                ("footprint_kind", models.TextField()),
                ("footprint", models.TextField()),
                ("period", models.TextField()),
                ("lens", models.TextField()),
                ("category", models.TextField()),
                ("kind", models.TextField()),
                ("reported", models.TextField()),
                ("value", models.DecimalField(decimal_places=8, max_digits=24, null=True)),
                ("state", models.TextField()),
                ("printed", models.TextField(default="")),
                ("source_file", models.TextField()),
                ("source_line", models.TextField()),
                ("now_value", models.DecimalField(decimal_places=8, max_digits=24, null=True)),
                ("now_state", models.TextField(default="")),
                ("replaced_by", models.TextField()),
                ("replaced_at", models.DateTimeField()),
            ],
            options={
                "db_table": "measurement_earlier",
                "indexes": [models.Index(fields=["indicator"], name="measurement_earlier_of")],
            },
        ),
        migrations.CreateModel(
            name="RecalibrationRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("indicator", models.TextField()),
                ("start", models.DateField()),
                ("until", models.DateField(null=True)),
                ("reason", models.TextField()),
                ("state", models.TextField(default="proposed")),
                ("proposed_by", models.TextField()),
                ("proposed_name", models.TextField()),
                ("proposed_at", models.DateTimeField()),
                ("reviewed_by", models.TextField(default="")),
                ("reviewed_name", models.TextField(default="")),
                ("reviewed_at", models.DateTimeField(null=True)),
                ("review_note", models.TextField(default="")),
            ],
            options={
                "db_table": "measurement_recalibration",
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(state__in=["proposed", "approved", "rejected", "withdrawn"]),
                        name="measurement_recalibration_state_known",
                    ),
                    models.CheckConstraint(
                        condition=~Q(state__in=["approved", "rejected"])
                        | (~Q(reviewed_by="") & ~Q(reviewed_by=F("proposed_by")) & Q(reviewed_at__isnull=False)),
                        name="measurement_recalibration_second_person",
                    ),
                    models.UniqueConstraint(
                        fields=["indicator", "start"],
                        condition=Q(state__in=["proposed", "approved"]),
                        name="measurement_recalibration_once",
                    ),
                ],
            },
        ),
        migrations.RunSQL(MOVE, migrations.RunSQL.noop),
        migrations.RunSQL(GRANTS, migrations.RunSQL.noop),
    ]
