"""Which form a seal has: 1 covers each row as JSON, 2 the lines in which COPY writes them (``sealed_rows``)."""

from django.db import migrations

FORM = "ALTER TABLE access_seal ADD COLUMN form smallint NOT NULL DEFAULT 1 CHECK (form IN (1, 2))"


class Migration(migrations.Migration):
    dependencies = [("access", "0012_apps")]
    operations = [migrations.RunSQL(FORM)]
