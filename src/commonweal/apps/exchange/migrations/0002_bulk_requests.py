"""Bulk requests, seen by the organisation that asked; and the web role's right to leave a job, nothing more."""

import uuid

import django.db.models.functions.datetime
from django.db import migrations, models

# The context commonweal.source is set by AccessSession.open_source. The batch role, which does the work, sees all.
SECURITY = """
ALTER TABLE exchange_bulkrequest ENABLE ROW LEVEL SECURITY;
CREATE POLICY batch ON exchange_bulkrequest TO commonweal_batch USING (true) WITH CHECK (true);
CREATE POLICY asker ON exchange_bulkrequest TO commonweal_app
    USING (organisation = (SELECT current_setting('commonweal.source', true)))
    WITH CHECK (organisation = (SELECT current_setting('commonweal.source', true)));
GRANT SELECT, INSERT ON exchange_bulkrequest TO commonweal_app;
GRANT UPDATE (state, ended_at, expires_at) ON exchange_bulkrequest TO commonweal_app;
GRANT INSERT ON procrastinate_jobs, procrastinate_events TO commonweal_app;
GRANT SELECT (id) ON procrastinate_jobs TO commonweal_app;
"""


class Migration(migrations.Migration):
    dependencies = [("exchange", "0001_initial"), ("procrastinate", "0041_post_retry_failed_job")]
    operations = [
        migrations.CreateModel(
            name="BulkRequest",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("export", "Export"), ("import", "Import")], max_length=10)),
                ("actor", models.TextField()),
                ("name", models.TextField()),
                ("role", models.TextField()),
                ("organisation", models.CharField(max_length=20)),
                ("purpose", models.TextField()),
                ("address", models.TextField()),
                ("parameters", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("completed", "Completed"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("progress", models.TextField(default="")),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("transaction_time", models.DateTimeField(blank=True, null=True)),
                ("watermark", models.BigIntegerField(blank=True, null=True)),
                ("manifest", models.JSONField(default=dict)),
                ("message", models.TextField(default="")),
            ],
            options={
                "indexes": [models.Index(fields=["organisation", "actor", "state"], name="exchange_bulk_whose")],
            },
        ),
        migrations.RunSQL(SECURITY, migrations.RunSQL.noop),
    ]
