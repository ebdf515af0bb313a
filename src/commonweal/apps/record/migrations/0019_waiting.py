"""A relationship that waits to be confirmed opens its organisation's own entries to a worklist, and nobody else's.

With 'none' among the standings nothing but the relationship is asked for, of an organisation's own export: there one
that waits counts as what it says it is.
"""

from django.db import migrations

RELATED = """
CREATE OR REPLACE FUNCTION access_related(
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
    WHERE r.organisation = asking_organisation AND r.actor_key IN ('', asking_actor)
      AND r.starts_at <= moment AND (r.ends_at IS NULL OR r.ends_at > moment)
      AND CASE
        WHEN r.waits_until <= moment OR 'none' = ANY (standings) AND wanted_category = '' THEN r.kind = ANY (kinds)
        ELSE 'awaiting' = ANY (kinds) AND EXISTS (
            SELECT FROM record_compartment c WHERE c.id = r.compartment_id AND c.source = asking_organisation)
      END
      AND NOT EXISTS (
        SELECT FROM access_restriction x
        WHERE x.compartment_id = r.compartment_id AND x.category IN ('', wanted_category)
          AND x.starts_at <= moment AND (x.ends_at IS NULL OR x.ends_at > moment)
          AND x.against IN ('', asking_organisation)
          AND x.reason = ANY (CASE WHEN x.controller = asking_organisation THEN blocking_own ELSE blocking END)
      )
      AND (
        'none' = ANY (standings)
        OR EXISTS (
            SELECT FROM record_compartment c WHERE c.id = r.compartment_id
              AND (c.source = asking_organisation OR c.source IN (SELECT source FROM agreed))
        )
      )
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("record", "0018_profile_rules_by_feed"),
        ("access", "0024_waiting"),
        ("identity", "0010_waiting"),
    ]
    operations = [migrations.RunSQL(RELATED)]
