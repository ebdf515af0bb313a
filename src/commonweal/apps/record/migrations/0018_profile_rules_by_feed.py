"""A rule on who is held to which profile may be for one feed of a source; '' is whatever the source sends.

The rules until now were for the FHIR interface, and stay so: nobody asked for files to be set aside by them.
"""

from django.db import migrations

SCHEMA = """
ALTER TABLE record_profile_rule ADD COLUMN feed text COLLATE "C" NOT NULL DEFAULT '';
UPDATE record_profile_rule SET feed = 'api';
ALTER TABLE record_profile_rule DROP CONSTRAINT record_profile_rule_source_profile_valid_from_key;
ALTER TABLE record_profile_rule ADD UNIQUE (source, feed, profile, valid_from);
"""
GONE = """
DELETE FROM record_profile_rule r WHERE feed NOT IN ('', 'api') OR (feed = '' AND EXISTS (
    SELECT FROM record_profile_rule a WHERE a.feed = 'api'
        AND (a.source, a.profile, a.valid_from) = (r.source, r.profile, r.valid_from)
));
ALTER TABLE record_profile_rule DROP COLUMN feed;
ALTER TABLE record_profile_rule ADD UNIQUE (source, profile, valid_from);
"""


class Migration(migrations.Migration):
    dependencies = [("record", "0017_page_at_once")]
    operations = [migrations.RunSQL(SCHEMA, GONE)]
