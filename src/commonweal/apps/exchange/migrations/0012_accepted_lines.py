"""What an accepted line or message changed, and whose it is: types, ids and versions, and nothing of what they say.

For whom the gate lets mend feeds (``commonweal.settling``), whose look is audited against each person it is about.
"""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION exchange_line_people(of_source text, locals text[])
RETURNS TABLE (local_id text, compartment_id bigint, person_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT c.local_id, c.id, m.person_id FROM record_compartment c
    LEFT JOIN identity_membership m ON m.compartment_id = c.id
    WHERE current_setting('commonweal.settling', true) = 'yes' AND c.source = of_source AND c.local_id = ANY (locals)
$$;

CREATE FUNCTION exchange_line_changed(of_receipt bigint, of_line integer, compartments bigint[])
RETURNS TABLE (type text, id text, version integer, newest integer, deleted boolean, updated timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT r.type, r.id, v.version, r.version, v.deleted, v.updated
    FROM record_resource r
    CROSS JOIN LATERAL (
        SELECT r.version, r.deleted, r.updated, r.receipt_id, r.line
        UNION ALL
        SELECT h.version, h.deleted, h.updated, h.receipt_id, h.line FROM record_history h WHERE h.rid = r.rid
    ) v
    WHERE current_setting('commonweal.settling', true) = 'yes' AND v.receipt_id = of_receipt
        AND r.compartment_id = ANY (compartments) AND (v.line = of_line OR v.line = 0)
    ORDER BY r.type, r.id, v.version
$$;

CREATE FUNCTION exchange_messages_found(control text)
RETURNS TABLE (receipt_id bigint, line integer, source text, control_id text, event text, happened timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT m.receipt_id, m.line, m.source, m.control_id, m.event, m.happened FROM exchange_message m
    WHERE current_setting('commonweal.settling', true) = 'yes' AND m.control_id = control
    ORDER BY m.source, m.receipt_id LIMIT 50
$$;
CREATE INDEX exchange_message_control ON exchange_message (control_id);
REVOKE ALL ON FUNCTION exchange_line_people, exchange_line_changed, exchange_messages_found FROM PUBLIC;
GRANT EXECUTE ON FUNCTION exchange_line_people, exchange_line_changed, exchange_messages_found
    TO commonweal_app, commonweal_batch;
"""


class Migration(migrations.Migration):
    dependencies = [("exchange", "0011_changes_by_interface"), ("identity", "0007_link_at_once")]
    operations = [migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop)]
