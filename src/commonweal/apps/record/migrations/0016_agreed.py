"""What no sharing agreement covers stays shut, row by row, and out of the compiled scope of whole worklists.

``commonweal.shut`` names compartments and categories (``12:social_care``) that are closed although both are open.
A restrictive policy: nothing that another policy shows gets past it. Unset and empty shut nothing, because what opens
a compartment at all is set beside it, in one statement.
"""

from django.db import migrations

SHUT = """
CREATE POLICY agreed ON {table} AS RESTRICTIVE FOR SELECT TO commonweal_app USING (
    (SELECT coalesce(current_setting('commonweal.shut', true), '') = '')
    OR compartment_id IS NULL
    OR NOT (compartment_id::text || ':' || category)
        = ANY ((SELECT string_to_array(coalesce(current_setting('commonweal.shut', true), ''), ','))::text[])
);
"""
TABLES = (
    "record_resource",
    "record_history",
    "record_token",
    "record_date",
    "record_string",
    "record_reference",
    "record_number",
)

# Here, and not in access, because which source a compartment is of stands here.
RELATED = """
DROP FUNCTION access_related(text, text, text[], text[], text[], text, timestamptz);
CREATE FUNCTION access_related(
    asking_organisation text, asking_actor text, kinds text[], blocking text[], blocking_own text[],
    wanted_category text, moment timestamptz, standings text[], asked_purpose text
) RETURNS TABLE (compartment_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH agreed AS MATERIALIZED (
        SELECT a.source FROM access_agreed(
            asking_organisation, (SELECT array_agg(DISTINCT s.source) FROM record_source s), asked_purpose, moment
        ) a WHERE a.category = wanted_category AND a.standing = ANY (standings)
    )
    SELECT DISTINCT r.compartment_id
    FROM access_relationship r
    WHERE r.organisation = asking_organisation AND r.actor_key IN ('', asking_actor) AND r.kind = ANY (kinds)
      AND r.starts_at <= moment AND (r.ends_at IS NULL OR r.ends_at > moment)
      AND NOT EXISTS (
        SELECT FROM access_restriction x
        WHERE x.compartment_id = r.compartment_id AND x.category IN ('', wanted_category)
          AND x.starts_at <= moment AND (x.ends_at IS NULL OR x.ends_at > moment)
          AND x.against IN ('', asking_organisation)
          AND x.reason = ANY (
            CASE WHEN x.category = '' AND x.controller = asking_organisation THEN blocking_own ELSE blocking END
          )
      )
      AND (
        'none' = ANY (standings)
        OR EXISTS (
            SELECT FROM record_compartment c WHERE c.id = r.compartment_id
              AND (c.source = asking_organisation OR c.source IN (SELECT source FROM agreed))
        )
      )
$$;
REVOKE ALL ON FUNCTION access_related FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access_related TO commonweal_app, commonweal_batch;
"""


class Migration(migrations.Migration):
    dependencies = [("record", "0015_add_at_once"), ("access", "0019_agreements")]
    operations = [migrations.RunSQL("".join(SHUT.replace("{table}", one) for one in TABLES) + RELATED)]
