"""The audit as the privacy officer reads it: one question of the owner's, and only while access is being reviewed."""

from django.db import migrations

READ = """
CREATE INDEX access_audit_at ON access_audit USING brin (at);

CREATE FUNCTION access_audited(
    about bigint[], since timestamptz, below timestamptz, who text, ident bigint, before bigint, most integer
) RETURNS TABLE (
    id bigint, at timestamptz, actor text, role text, organisation text, purpose text, action text, target text,
    outcome text, reason text, request_id uuid, seal bigint, subjects jsonb
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF current_setting('commonweal.review', true) IS DISTINCT FROM 'on' THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE
        'SELECT a.id, a.at, a.actor, a.role, a.organisation, a.purpose, a.action, a.target, a.outcome, a.reason, '
        'a.request_id, (SELECT l.id FROM access_seal l WHERE l.below_xid > a.xid ORDER BY l.below_xid LIMIT 1), '
        '(SELECT coalesce(jsonb_agg(jsonb_build_array(s.person_id, s.outcome) ORDER BY s.person_id), ''[]'') '
        'FROM access_audit_subject s WHERE s.audit_id = a.id) FROM access_audit a WHERE true'
        || CASE WHEN about IS NULL THEN '' ELSE
            ' AND a.id IN (SELECT s.audit_id FROM access_audit_subject s WHERE s.compartments && $1)' END
        || CASE WHEN since IS NULL THEN '' ELSE ' AND a.at >= $2' END
        || CASE WHEN below IS NULL THEN '' ELSE ' AND a.at < $3' END
        || CASE WHEN who IS NULL THEN '' ELSE ' AND a.actor = $4' END
        || CASE WHEN ident IS NULL THEN '' ELSE ' AND a.id = $5' END
        || CASE WHEN before IS NULL THEN '' ELSE ' AND a.id < $6' END
        || ' ORDER BY a.id DESC LIMIT $7'
    USING about, since, below, who, ident, before, most;
END
$$;
REVOKE ALL ON FUNCTION access_audited FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access_audited TO commonweal_app, commonweal_batch;
"""


class Migration(migrations.Migration):
    dependencies = [("access", "0013_seal_form")]
    operations = [migrations.RunSQL(READ)]
