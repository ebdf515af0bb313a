"""Codes handed over in person, by which an account adds its first second factor. The web role makes none."""

from django.db import migrations

ENROLMENT = """
CREATE TABLE access_enrolment (
    user_id bigint PRIMARY KEY REFERENCES access_user (id) ON DELETE CASCADE,
    digest text NOT NULL,
    until timestamptz NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
GRANT SELECT, DELETE ON access_enrolment TO commonweal_app;
"""


class Migration(migrations.Migration):
    dependencies = [("access", "0021_launch_and_signed_out")]
    operations = [migrations.RunSQL(ENROLMENT)]
