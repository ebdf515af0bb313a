"""What came and went by MESH: no content and no names, but which organisation wrote to which; the web role reads none."""

import django.db.models.deletion
from django.db import migrations, models

SECURITY = """
REVOKE ALL ON exchange_meshreceived, exchange_meshsent FROM commonweal_app;
REVOKE DELETE, TRUNCATE ON exchange_meshreceived, exchange_meshsent FROM commonweal_batch
"""


class Migration(migrations.Migration):
    dependencies = [("exchange", "0007_feed_health")]
    operations = [
        migrations.CreateModel(
            name="MeshReceived",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("mailbox", models.CharField(max_length=100)),
                ("message_id", models.CharField(max_length=200)),
                ("sender", models.CharField(max_length=100)),
                ("workflow", models.TextField()),
                ("sha256", models.CharField(blank=True, default="", max_length=64)),
                ("size", models.BigIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("landed", "Landed"),
                            ("aside", "Aside"),
                            ("report", "Report"),
                            ("discarded", "Discarded"),
                        ],
                        max_length=10,
                    ),
                ),
                ("rule", models.CharField(blank=True, default="", max_length=50)),
                ("message", models.TextField(blank=True, default="")),
                ("received_at", models.DateTimeField()),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                (
                    "receipt",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="exchange.receipt"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("mailbox", "message_id"), name="exchange_mesh_received_once")
                ]
            },
        ),
        migrations.CreateModel(
            name="MeshSent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("mailbox", models.CharField(max_length=100)),
                ("local_id", models.CharField(max_length=200)),
                ("recipient", models.CharField(max_length=100)),
                ("workflow", models.TextField()),
                ("sha256", models.CharField(blank=True, default="", max_length=64)),
                ("size", models.BigIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("sending", "Sending"),
                            ("sent", "Sent"),
                            ("nothing", "Nothing"),
                            ("undelivered", "Undelivered"),
                        ],
                        default="sending",
                        max_length=12,
                    ),
                ),
                ("message_id", models.CharField(blank=True, default="", max_length=200)),
                ("began_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("mailbox", "local_id"), name="exchange_mesh_sent_once")]
            },
        ),
        migrations.RunSQL(SECURITY, migrations.RunSQL.noop),
    ]
