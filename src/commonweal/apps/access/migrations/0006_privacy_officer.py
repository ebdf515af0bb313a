"""A role more: the privacy officer."""

from django.db import migrations, models

ROLES = (
    "clinician",
    "social_worker",
    "citizen",
    "analyst",
    "performance_lead",
    "board_secretary",
    "administrator",
    "privacy_officer",
    "service",
)


class Migration(migrations.Migration):
    dependencies = [("access", "0005_relationships_of_own_entries")]
    operations = [
        migrations.AlterField(
            model_name="user",
            name="role",
            field=models.CharField(
                choices=[(role, role.replace("_", " ").capitalize()) for role in ROLES], max_length=20
            ),
        )
    ]
