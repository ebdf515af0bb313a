"""Under which number a professional register knows an account's owner: lists of who works with whom name workers so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0016_opt_outs")]
    operations = [
        migrations.AddField("user", "registration", models.CharField(blank=True, default="", max_length=20)),
    ]
