"""How what a file brought conforms to the profiles its feed is held to."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exchange", "0012_accepted_lines")]
    operations = [
        migrations.AddField(
            model_name="receipt", name="conformance", field=models.JSONField(default=dict, db_default={})
        )
    ]
