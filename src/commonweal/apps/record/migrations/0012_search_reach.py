"""What a search of a source's own has to know before it is compiled, asked in one statement that stays planned.

``record_reach`` runs as whoever asks, under row security. Without ``patients``, ``elsewhere`` says whether any
reference by these elements is to a Patient of another compartment; with them, whether one is to these.
"""

from django.db import migrations

SCHEMA = """
CREATE FUNCTION record_reach(
    wanted text, patients text[], numbers smallint[], OUT sources integer[], OUT whose bigint[], OUT elsewhere boolean
) LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    sources := ARRAY(SELECT s.id FROM record_source s WHERE s.source = wanted ORDER BY s.id);
    IF cardinality(patients) > 0 THEN
        whose := ARRAY(
            SELECT c.id FROM record_compartment c WHERE c.source = wanted AND c.local_id = ANY (patients)
            UNION
            SELECT r.compartment_id FROM record_resource r
            WHERE r.type = 'Patient' AND r.id = ANY (patients) AND r.source_id = ANY (sources)
                AND r.compartment_id IS NOT NULL
        );
        elsewhere := EXISTS (
            SELECT FROM record_reference t
            WHERE t.parameter = ANY (numbers) AND t.target = ANY (patients) AND t.source_id = ANY (sources)
        );
    ELSIF cardinality(numbers) > 0 THEN
        elsewhere := EXISTS (
            SELECT FROM record_reference t
            WHERE t.parameter = ANY (numbers) AND t.kind = 'Patient' AND t.source_id = ANY (sources)
        );
    END IF;
END
$$;
REVOKE ALL ON FUNCTION record_reach FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_reach TO commonweal_app, commonweal_batch;
"""


class Migration(migrations.Migration):
    dependencies = [("record", "0011_read_at_once")]
    operations = [migrations.RunSQL(SCHEMA, "DROP FUNCTION record_reach")]
