"""Of how many rows of an extract a rare value is withheld, by table and column."""

from django.db import migrations

ADD = "ALTER TABLE population_extract ADD COLUMN withheld jsonb NOT NULL DEFAULT '{}'"


class Migration(migrations.Migration):
    dependencies = [("population", "0001_projects")]
    operations = [migrations.RunSQL(ADD, "ALTER TABLE population_extract DROP COLUMN withheld")]
