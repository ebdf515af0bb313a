"""The indexes of the search rows, set aside for a first load and made again before it is reported as done.

Only their owner may drop and make indexes, so two functions do, which run as the owner and take no argument. What was
set aside is written down in the transaction that drops it, where nobody else can write.
"""

from django.db import migrations

SCHEMA = """
CREATE TABLE record_index_aside (name text COLLATE "C" PRIMARY KEY, definition text NOT NULL);
REVOKE ALL ON record_index_aside FROM commonweal_batch;
GRANT SELECT ON record_index_aside TO commonweal_batch, commonweal_app;

CREATE FUNCTION record_indexes_aside() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    one record;
BEGIN
    INSERT INTO record_index_aside (name, definition)
    SELECT i.relname, pg_get_indexdef(i.oid) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
    WHERE NOT x.indisunique AND x.indrelid IN (
        'public.record_token'::regclass, 'public.record_date'::regclass, 'public.record_string'::regclass,
        'public.record_reference'::regclass, 'public.record_number'::regclass
    );
    FOR one IN SELECT name FROM record_index_aside ORDER BY name LOOP
        EXECUTE format('DROP INDEX IF EXISTS public.%I', one.name);
    END LOOP;
    RETURN true;
EXCEPTION WHEN lock_not_available THEN
    RETURN false;
END
$$;

CREATE FUNCTION record_indexes_back() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET maintenance_work_mem = '256MB' AS $$
DECLARE
    one record;
    made integer := 0;
BEGIN
    LOCK TABLE record_index_aside IN SHARE ROW EXCLUSIVE MODE;
    FOR one IN SELECT name, definition FROM record_index_aside ORDER BY name LOOP
        EXECUTE one.definition;
        made := made + 1;
    END LOOP;
    DELETE FROM record_index_aside;
    RETURN made;
END
$$;
REVOKE ALL ON FUNCTION record_indexes_aside, record_indexes_back FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_indexes_aside, record_indexes_back TO commonweal_batch;
"""
GONE = """
SELECT record_indexes_back();
DROP FUNCTION record_indexes_aside, record_indexes_back;
DROP TABLE record_index_aside;
"""


class Migration(migrations.Migration):
    dependencies = [("record", "0013_loading")]
    operations = [migrations.RunSQL(SCHEMA, GONE)]
