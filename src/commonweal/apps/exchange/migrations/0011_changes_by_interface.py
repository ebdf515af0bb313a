"""What a partner's system or its staff write through the interface goes into the outbox too: of their own source alone."""

from django.db import migrations

NOTE = """
CREATE FUNCTION exchange_note_written(numbers text[], of_type text, moment timestamptz, later boolean) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO exchange_change (source, feed, people, happened_at, noted_at, again_at, resource)
    SELECT nullif(current_setting('commonweal.source', true), ''), 'api', ARRAY[number], moment, moment,
        CASE WHEN later THEN moment END, of_type
    FROM unnest(numbers) AS number
$$;
REVOKE ALL ON FUNCTION exchange_note_written FROM PUBLIC;
GRANT EXECUTE ON FUNCTION exchange_note_written TO commonweal_app, commonweal_batch;
"""


class Migration(migrations.Migration):
    dependencies = [("exchange", "0010_bars")]
    operations = [migrations.RunSQL(NOTE, "DROP FUNCTION exchange_note_written")]
