"""A rule on who is held to which profile may be for one feed of a source; '' is whatever the source sends."""

from django.db import migrations

SCHEMA = """
ALTER TABLE record_profile_rule ADD COLUMN feed text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE record_profile_rule DROP CONSTRAINT record_profile_rule_source_profile_valid_from_key;
ALTER TABLE record_profile_rule ADD UNIQUE (source, feed, profile, valid_from);
"""
GONE = """
DELETE FROM record_profile_rule WHERE feed <> '';
ALTER TABLE record_profile_rule DROP COLUMN feed;
ALTER TABLE record_profile_rule ADD UNIQUE (source, profile, valid_from);
"""


class Migration(migrations.Migration):
    dependencies = [("record", "0017_page_at_once")]
    operations = [migrations.RunSQL(SCHEMA, GONE)]
