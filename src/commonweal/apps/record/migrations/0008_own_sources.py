"""Which sources are the asker's own, worked out once a query: the same predicate, and a third of the planning.

The policies of 0005 looked the feeds of ``commonweal.source`` up in a subquery of each table of a query, which took
the planner longer than most searches take to run. A function asks once, and says at once that there are none.
"""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION record_own_sources() RETURNS integer[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF coalesce(current_setting('commonweal.source', true), '') = '' THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT array_agg(id) FROM record_source WHERE source = current_setting('commonweal.source', true));
END
$$;
REVOKE ALL ON FUNCTION record_own_sources FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_own_sources TO commonweal_app, commonweal_batch;
ALTER POLICY changed ON record_resource USING ({own}) WITH CHECK ({own});
"""
EVERY = """
ALTER POLICY served ON {table} USING (
    compartment_id IS NULL
    OR (
        compartment_id = ANY ((SELECT string_to_array(current_setting('commonweal.compartments', true), ','))::bigint[])
        AND category = ANY ((SELECT string_to_array(current_setting('commonweal.categories', true), ','))::text[])
    )
    OR {own}
);
ALTER POLICY added ON {table} WITH CHECK ({own});
"""
REMOVED = "ALTER POLICY removed ON {table} USING ({own});"
OWN = "source_id = ANY ((SELECT record_own_sources())::integer[])"
SEARCHED = ("record_token", "record_date", "record_string", "record_reference", "record_number")


def _policies() -> str:
    parts = [FUNCTION]
    parts += [EVERY.replace("{table}", table) for table in (*SEARCHED, "record_resource", "record_history")]
    parts += [REMOVED.replace("{table}", table) for table in SEARCHED]
    return "".join(parts).replace("{own}", OWN)


class Migration(migrations.Migration):
    dependencies = [("record", "0007_definitions_and_terminology")]
    operations = [migrations.RunSQL(_policies(), migrations.RunSQL.noop)]
