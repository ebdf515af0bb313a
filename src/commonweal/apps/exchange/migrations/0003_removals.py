"""Lawful removals, legal holds, and which copy of a landed file is held. Closed to the web role and the batch role."""

from django.db import migrations, models
from django.db.models.functions import Now

SECURITY = "REVOKE ALL ON exchange_removal, exchange_hold FROM commonweal_batch, commonweal_app"
STATES = [
    ("asked", "Asked"),
    ("confirmed", "Confirmed"),
    ("erased", "Erased"),
    ("done", "Done"),
    ("refused", "Refused"),
]


class Migration(migrations.Migration):
    dependencies = [("exchange", "0002_bulk_requests")]
    operations = [
        migrations.AddField("receipt", "held", models.CharField(blank=True, default="", max_length=64)),
        migrations.CreateModel(
            name="Removal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=20)),
                ("ground", models.TextField()),
                ("asked_by", models.TextField()),
                ("asked_at", models.DateTimeField(db_default=Now())),
                ("confirmed_by", models.TextField(default="")),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("state", models.CharField(choices=STATES, default="asked", max_length=10)),
                ("targets", models.JSONField(default=dict)),
                ("reached", models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("compartment_id", models.BigIntegerField(db_index=True)),
                ("ground", models.TextField()),
                ("set_by", models.TextField()),
                ("set_at", models.DateTimeField(db_default=Now())),
                ("lifted_by", models.TextField(default="")),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.RunSQL(SECURITY, migrations.RunSQL.noop),
    ]
