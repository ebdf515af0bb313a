"""Reading one of a source's own resources as one statement, with its confirmation, its second lock and its audit.

``alone`` is the person a compartment is on its own, until identity links it: made in Python from its source and
number, and kept so that the audit can name the person without asking Python. Bulk landing leaves it empty, because
linking follows; such a resource is read the long way until then.
"""

from django.db import migrations

SCHEMA = """
ALTER TABLE record_compartment ADD COLUMN alone uuid;

CREATE FUNCTION record_read_own(
    opening jsonb, kind text, ident text, OUT audited boolean, OUT version integer, OUT updated timestamptz,
    OUT body text, OUT source text, OUT feed text, OUT category text, OUT happened_at timestamptz, OUT deleted boolean
) LANGUAGE plpgsql AS $$
DECLARE
    whose uuid;
    compartment bigint;
BEGIN
    PERFORM access_confirm(opening);
    PERFORM set_config('commonweal.source', opening ->> 'organisation', true);
    SELECT r.version, r.updated, r.body, s.source, s.feed, r.category, r.happened_at, r.deleted, r.compartment_id,
        coalesce((SELECT m.person_id FROM identity_membership m WHERE m.compartment_id = r.compartment_id), c.alone)
    INTO version, updated, body, source, feed, category, happened_at, deleted, compartment, whose
    FROM record_resource r
    JOIN record_source s ON s.id = r.source_id
    LEFT JOIN record_compartment c ON c.id = r.compartment_id
    WHERE r.type = kind AND r.id = ident AND s.source = opening ->> 'organisation';
    audited := compartment IS NULL OR whose IS NOT NULL;
    IF audited THEN
        PERFORM access_told(opening, 'allowed', whose, compartment);
    ELSE
        body := NULL;
    END IF;
END
$$;
REVOKE ALL ON FUNCTION record_read_own FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_read_own TO commonweal_app;
"""
GONE = "DROP FUNCTION record_read_own; ALTER TABLE record_compartment DROP COLUMN alone"


class Migration(migrations.Migration):
    dependencies = [("record", "0010_more_about_nobody"), ("access", "0010_at_once"), ("identity", "0003_attachments")]
    operations = [migrations.RunSQL(SCHEMA, GONE)]
