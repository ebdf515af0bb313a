"""What PDS answered about a record, and whose location must not be shown. Batch role only, but for a yes or no."""

from django.db import migrations, models

SCHEMA = """
CREATE TABLE identity_trace (
    compartment_id bigint PRIMARY KEY,
    asked          text NOT NULL,
    at             timestamptz NOT NULL,
    outcome        text NOT NULL CHECK (outcome IN ('found', 'several', 'none')),
    nhs_number     text CHECK ((nhs_number IS NOT NULL) = (outcome = 'found')),
    restricted     boolean NOT NULL,
    candidates     text[] NOT NULL
);
CREATE INDEX identity_trace_number ON identity_trace (nhs_number) WHERE nhs_number IS NOT NULL;
CREATE INDEX identity_trace_restricted ON identity_trace (compartment_id) WHERE restricted;
REVOKE ALL ON identity_trace FROM commonweal_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON identity_trace TO commonweal_batch;

-- What a trace asked by: an answer counts only for as long as the record still says the same.
CREATE FUNCTION identity_asked(said identity_demographics) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(concat_ws(E'\\x1f', said.nhs_number, said.family_key, said.given_key,
        coalesce(to_char(said.birth_date, 'YYYY-MM-DD'), ''), said.gender), 'UTF8')), 'hex')
$$;
CREATE VIEW identity_traced WITH (security_invoker = true) AS
    SELECT t.compartment_id, t.nhs_number, t.candidates
    FROM identity_trace t JOIN identity_demographics d USING (compartment_id) WHERE t.asked = identity_asked(d);
CREATE VIEW identity_number WITH (security_invoker = true) AS
    SELECT compartment_id, nhs_usable AS number FROM identity_demographics WHERE nhs_usable IS NOT NULL
    UNION ALL SELECT compartment_id, nhs_number FROM identity_trace WHERE nhs_number IS NOT NULL
    UNION ALL SELECT compartment_id, unnest(candidates) FROM identity_trace WHERE outcome = 'several';
REVOKE ALL ON identity_traced, identity_number FROM commonweal_app;
GRANT SELECT ON identity_traced, identity_number TO commonweal_batch;

CREATE FUNCTION identity_note_trace() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.identity_changed (compartment_id) VALUES (NEW.compartment_id)
    ON CONFLICT (compartment_id) DO UPDATE SET change = nextval('public.identity_change');
    RETURN NULL;
END $$;
CREATE TRIGGER identity_trace_answered AFTER INSERT OR UPDATE ON identity_trace
    FOR EACH ROW EXECUTE FUNCTION identity_note_trace();
REVOKE ALL ON FUNCTION identity_note_trace() FROM PUBLIC;
"""
# Whether the location of the people of these compartments must not be shown: one of their records was traced to
# somebody whose location PDS withholds, be that record open or not.
HIDDEN = """
CREATE FUNCTION identity_location_hidden(wanted bigint[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM public.identity_trace t LEFT JOIN public.identity_membership o USING (compartment_id)
        WHERE t.restricted AND (t.compartment_id = ANY (wanted) OR o.person_id IN
            (SELECT m.person_id FROM public.identity_membership m WHERE m.compartment_id = ANY (wanted)))
    )
$$;
REVOKE ALL ON FUNCTION identity_location_hidden(bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity_location_hidden(bigint[]) TO commonweal_app, commonweal_batch;
"""
# As in 0002, but that nobody is found by a postcode that must not be shown.
SEARCH = """
CREATE OR REPLACE FUNCTION identity_search(
    wanted_number text, first_name text, last_name text, last_sound text,
    born date, wanted_postcode text, at_most integer
) RETURNS TABLE (compartment_id bigint, person_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT d.compartment_id, m.person_id
    FROM public.identity_demographics d
    JOIN public.identity_membership m USING (compartment_id)
    WHERE (wanted_number IS NOT NULL OR last_name IS NOT NULL OR (born IS NOT NULL AND wanted_postcode IS NOT NULL))
      AND (wanted_number IS NULL OR d.nhs_usable = wanted_number)
      AND (born IS NULL OR d.birth_date = born)
      AND (wanted_postcode IS NULL OR (d.postcode = wanted_postcode AND NOT EXISTS (
               SELECT FROM public.identity_trace t JOIN public.identity_membership o USING (compartment_id)
               WHERE t.restricted AND o.person_id = m.person_id)))
      AND (last_name IS NULL
           OR (first_name IS NULL
               AND (d.family_key LIKE last_name || '%' OR d.given_key LIKE last_name || '%'
                    OR d.family_sound = last_sound))
           OR (first_name IS NOT NULL
               AND ((d.given_key LIKE first_name || '%'
                     AND (d.family_key LIKE last_name || '%' OR d.family_sound = last_sound))
                    OR (d.given_key LIKE last_name || '%' AND d.family_key LIKE first_name || '%')
                    OR d.family_key LIKE first_name || ' ' || last_name || '%')))
    ORDER BY d.family_key = last_name DESC NULLS LAST, d.family_key, d.given_key, d.compartment_id
    LIMIT at_most
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0005_incremental")]

    operations = [
        migrations.RunSQL(SCHEMA + HIDDEN + SEARCH, migrations.RunSQL.noop),
        migrations.AlterField(
            "membership",
            "basis",
            models.TextField(
                choices=[
                    ("verified", "NHS number and birth date agree with another record"),
                    ("pds_trace", "The Personal Demographics Service gave the NHS number, which agrees with another"),
                    ("alone", "No other record is linked to it"),
                    ("merged", "Its own source said that two local records are one person"),
                    ("confirmed", "A member of staff compared the records"),
                    ("added", "Written about this person, by care staff who had their record open"),
                ]
            ),
        ),
    ]
