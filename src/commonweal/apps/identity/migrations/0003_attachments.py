"""Compartments that begin with an entry about an open person: linked to that person, whoever it turns out to be.

And what a partner's system says of its own people, which the web role may now store.
"""

from django.db import migrations, models

SCHEMA = """
CREATE TABLE identity_attachment (
    compartment_id bigint PRIMARY KEY,
    source         text NOT NULL,
    anchor         bigint NOT NULL,
    since          timestamptz NOT NULL
);
CREATE INDEX identity_attachment_anchor ON identity_attachment (anchor);
"""
# A compartment may be attached only to one the gate has opened in this transaction, only in the name of the
# organisation that writes, and only while it is nobody's.
ATTACH = """
CREATE FUNCTION identity_attach(wanted bigint, to_compartment bigint, moment timestamptz) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH kept AS (
        INSERT INTO public.identity_attachment (compartment_id, source, anchor, since)
        SELECT wanted, current_setting('commonweal.source', true), to_compartment, moment
        WHERE current_setting('commonweal.source', true) <> ''
          AND to_compartment = ANY (string_to_array(current_setting('commonweal.compartments', true), ',')::bigint[])
          AND NOT EXISTS (SELECT FROM public.identity_demographics d WHERE d.compartment_id = wanted)
          AND NOT EXISTS (SELECT FROM public.identity_membership m WHERE m.compartment_id = wanted)
        ON CONFLICT DO NOTHING RETURNING compartment_id, anchor
    ), linked AS (
        INSERT INTO public.identity_membership (compartment_id, person_id, basis, since)
        SELECT k.compartment_id, m.person_id, 'added', moment
        FROM kept k JOIN public.identity_membership m ON m.compartment_id = k.anchor
        RETURNING 1
    )
    SELECT EXISTS (SELECT FROM linked)
$$;
REVOKE ALL ON FUNCTION identity_attach(bigint, bigint, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity_attach(bigint, bigint, timestamptz) TO commonweal_app, commonweal_batch;

CREATE OR REPLACE FUNCTION identity_compartments(people uuid[])
RETURNS TABLE (person_id uuid, compartment_id bigint, source text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT m.person_id, m.compartment_id, coalesce(d.source, a.source)
    FROM public.identity_membership m
    LEFT JOIN public.identity_demographics d USING (compartment_id)
    LEFT JOIN public.identity_attachment a USING (compartment_id)
    WHERE m.person_id = ANY (people) AND coalesce(d.source, a.source) IS NOT NULL
$$;
"""
SECURITY = """
CREATE POLICY maintained ON identity_demographics TO commonweal_app
    USING (source = current_setting('commonweal.source', true))
    WITH CHECK (source = current_setting('commonweal.source', true));
GRANT INSERT, UPDATE ON identity_demographics TO commonweal_app;
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0002_row_security")]
    operations = [
        migrations.RunSQL(SCHEMA, "DROP TABLE identity_attachment"),
        migrations.RunSQL(ATTACH, migrations.RunSQL.noop),
        migrations.RunSQL(SECURITY, migrations.RunSQL.noop),
        migrations.AlterField(
            "membership",
            "basis",
            models.TextField(
                choices=[
                    ("verified", "NHS number and birth date agree with another record"),
                    ("alone", "No other record is linked to it"),
                    ("merged", "Its own source said that two local records are one person"),
                    ("confirmed", "A member of staff compared the records"),
                    ("added", "Written about this person, by care staff who had their record open"),
                ]
            ),
        ),
    ]
