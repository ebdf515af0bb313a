"""Relationships that a partner's system shows by what it writes, as its feed would: of its own entries only.

A row says who says so (``source``): the web role may write and mend those of the source that is open. The record's
migration 0006 holds them to that source's own people.
"""

from django.db import migrations

POLICIES = """
CREATE POLICY maintained ON access_relationship FOR SELECT TO commonweal_app
    USING (source = current_setting('commonweal.source', true));
CREATE POLICY added ON access_relationship FOR INSERT TO commonweal_app WITH CHECK (
    source = current_setting('commonweal.source', true) AND actor_key = ''
    AND kind IN ('registered', 'under_care', 'referred')
);
CREATE POLICY changed ON access_relationship FOR UPDATE TO commonweal_app
    USING (source = current_setting('commonweal.source', true) AND actor_key = '')
    WITH CHECK (
        source = current_setting('commonweal.source', true) AND actor_key = ''
        AND kind IN ('registered', 'under_care', 'referred')
    );
GRANT SELECT, UPDATE (ends_at) ON access_relationship TO commonweal_app;
"""


class Migration(migrations.Migration):
    dependencies = [("access", "0004_own_looks_crowd_nobody_out")]
    operations = [migrations.RunSQL(POLICIES, migrations.RunSQL.noop)]
