"""An administrator closes an account on a page; care staff set and lift restrictions on what they have open.

Closing is one function, because it reaches what the web role may not touch by itself. A restriction set in care says
which organisation set it, and only that organisation's staff, with the person open, see it there and lift it.
"""

from django.db import migrations

CLOSE = """
CREATE FUNCTION access_close_account(wanted text, moment timestamptz)
RETURNS TABLE (sessions bigint, tokens bigint, apps bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    whose bigint;
BEGIN
    IF session_user = 'commonweal_app' AND coalesce(current_setting('commonweal.accounts', true), '') <> 'on' THEN
        RETURN;
    END IF;
    UPDATE access_user u SET is_active = false
    WHERE u.username = wanted AND u.is_active AND (u.role <> 'citizen' OR session_user <> 'commonweal_app')
    RETURNING u.id INTO whose;
    IF whose IS NULL THEN
        RETURN;
    END IF;
    UPDATE access_token t SET revoked_at = moment WHERE t.user_id = whose AND t.revoked_at IS NULL;
    GET DIAGNOSTICS tokens = ROW_COUNT;
    WITH gone AS (DELETE FROM access_device d WHERE d.user_id = whose RETURNING d.session_key)
    DELETE FROM django_session s USING gone WHERE s.session_key = gone.session_key;
    GET DIAGNOSTICS sessions = ROW_COUNT;
    UPDATE access_app_grant g SET ended_at = moment WHERE g.user_id = whose AND g.ended_at IS NULL;
    GET DIAGNOSTICS apps = ROW_COUNT;
    UPDATE access_app_token t SET spent_at = moment WHERE t.user_id = whose AND t.spent_at IS NULL;
    RETURN NEXT;
END
$$;
REVOKE ALL ON FUNCTION access_close_account FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access_close_account TO commonweal_app, commonweal_batch;
"""
IN_CARE = """
ALTER TABLE access_restriction ADD COLUMN organisation text NOT NULL DEFAULT '';
GRANT INSERT (organisation) ON access_restriction TO commonweal_app;
CREATE POLICY in_care_seen ON access_restriction FOR SELECT TO commonweal_app USING (
    organisation <> '' AND organisation = current_setting('commonweal.restricting', true)
    AND compartment_id = ANY (string_to_array(current_setting('commonweal.compartments', true), ',')::bigint[])
);
CREATE POLICY in_care_set ON access_restriction FOR INSERT TO commonweal_app WITH CHECK (
    organisation <> '' AND organisation = current_setting('commonweal.restricting', true)
    AND compartment_id = ANY (string_to_array(current_setting('commonweal.compartments', true), ',')::bigint[])
);
CREATE POLICY in_care_lifted ON access_restriction FOR UPDATE TO commonweal_app USING (
    organisation <> '' AND organisation = current_setting('commonweal.restricting', true)
    AND compartment_id = ANY (string_to_array(current_setting('commonweal.compartments', true), ',')::bigint[])
);
"""


class Migration(migrations.Migration):
    dependencies = [("access", "0024_waiting")]
    operations = [migrations.RunSQL(CLOSE), migrations.RunSQL(IN_CARE)]
