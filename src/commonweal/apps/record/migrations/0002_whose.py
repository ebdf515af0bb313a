"""Whose a resource is, so that the gate can be asked before anything of it is read."""

from django.db import migrations

# The web role sees no row until a person is open, and cannot know which person to open. This function, run
# as the tables' owner, answers with compartment numbers only: nothing of the resource, and nothing of anybody.
WHOSE = """
CREATE FUNCTION record_whose(wanted_type text, wanted text[]) RETURNS TABLE (id text, compartment_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
    SELECT r.id, r.compartment_id FROM record_resource r
    WHERE r.type = wanted_type AND r.id = ANY (wanted) AND r.compartment_id IS NOT NULL
$$;
REVOKE ALL ON FUNCTION record_whose FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_whose TO commonweal_app, commonweal_batch;
"""


class Migration(migrations.Migration):
    dependencies = [("record", "0001_initial")]
    operations = [migrations.RunSQL(WHOSE, "DROP FUNCTION record_whose")]
