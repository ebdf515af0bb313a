"""What of a person changed, where that is not what happened to them: who works with them."""

from django.db import migrations

RESOURCE = "ALTER TABLE exchange_change ADD COLUMN resource text NOT NULL DEFAULT ''"


class Migration(migrations.Migration):
    dependencies = [("exchange", "0008_mesh")]
    operations = [migrations.RunSQL(RESOURCE, "ALTER TABLE exchange_change DROP COLUMN resource")]
