"""A role more: the referral clerk, who settles what could be matched with nobody."""

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
    "referral_clerk",
    "service",
)


class Migration(migrations.Migration):
    dependencies = [("access", "0025_accounts_and_restrictions_in_care")]
    operations = [
        migrations.AlterField(
            model_name="user",
            name="role",
            field=models.CharField(
                choices=[(role, role.replace("_", " ").capitalize()) for role in ROLES], max_length=20
            ),
        )
    ]
