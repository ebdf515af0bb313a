"""Messages that are about more than one number of a trust's: merges, moves of a visit, bed swaps."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exchange", "0003_removals")]
    operations = [
        migrations.AddField(
            model_name="message",
            name="also",
            field=django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
        ),
        migrations.AddIndex(
            model_name="message",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("also", []), _negated=True), fields=["also"], name="exchange_message_also"
            ),
        ),
    ]
