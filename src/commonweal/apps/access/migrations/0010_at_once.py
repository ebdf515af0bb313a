"""What lets a look be one statement: a token confirmed, and the look audited, inside the function that reads.

Both are run with the rights of who calls them: the web role's own grants, and row security, hold as they do for
statements sent one by one.
"""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION access_confirm(opening jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM access_token t JOIN access_user u ON u.id = t.user_id
        WHERE t.digest = opening ->> 'token' AND t.expires_at > (opening ->> 'moment')::timestamptz
          AND t.revoked_at IS NULL AND u.is_active
          AND u.username = opening ->> 'username' AND u.name = opening ->> 'name' AND u.role = opening ->> 'role'
          AND u.organisation = opening ->> 'organisation' AND u.team = opening ->> 'team'
          AND u.person_id IS NOT DISTINCT FROM (opening ->> 'person_id')::uuid
    ) THEN
        RAISE EXCEPTION 'the token does not stand for this account' USING ERRCODE = 'CW001';
    END IF;
END
$$;

CREATE FUNCTION access_told(opening jsonb, outcome text, person uuid, compartment bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    entry bigint := nextval('access_audit_id_seq');
BEGIN
    INSERT INTO access_audit (id, actor, role, organisation, purpose, action, target, outcome, reason, request_id)
    VALUES (
        entry, opening ->> 'actor', opening ->> 'role', opening ->> 'organisation', opening ->> 'purpose',
        opening ->> 'action', opening ->> 'target', outcome, '', (opening ->> 'request_id')::uuid
    );
    IF person IS NOT NULL THEN
        INSERT INTO access_audit_subject (audit_id, person_id, compartments, outcome)
        VALUES (entry, person, ARRAY[compartment], 'allowed');
    END IF;
END
$$;
REVOKE ALL ON FUNCTION access_confirm, access_told FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access_confirm, access_told TO commonweal_app, commonweal_batch;
"""
GONE = "DROP FUNCTION access_confirm; DROP FUNCTION access_told"


class Migration(migrations.Migration):
    dependencies = [("access", "0009_second_factor")]
    operations = [migrations.RunSQL(FUNCTIONS, GONE)]
