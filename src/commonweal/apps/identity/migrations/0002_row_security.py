"""Who may read identity: the application role by open compartment only, and search without reading."""

from django.db import migrations

ROW_SECURITY = """
ALTER TABLE identity_demographics ENABLE ROW LEVEL SECURITY;
CREATE POLICY open_compartments ON identity_demographics FOR SELECT TO commonweal_app
    USING (compartment_id = ANY (
        (SELECT string_to_array(nullif(current_setting('commonweal.compartments', true), ''), ','))::bigint[]
    ));
CREATE POLICY batch ON identity_demographics TO commonweal_batch USING (true) WITH CHECK (true);
GRANT SELECT ON identity_demographics, identity_membership, identity_person TO commonweal_app;
"""

# Finds people without showing anything of them: the caller learns which compartments to ask the gate for.
# Runs as the owner, whom row security does not bind (it is not forced). A pattern is a prefix of a
# normalised key, which holds letters and digits only; ``names`` are tried as given + family both ways round.
SEARCH = """
CREATE FUNCTION identity_search(
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
      AND (wanted_postcode IS NULL OR d.postcode = wanted_postcode)
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
CREATE FUNCTION identity_compartments(people uuid[]) RETURNS TABLE (person_id uuid, compartment_id bigint, source text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT m.person_id, m.compartment_id, d.source
    FROM public.identity_membership m JOIN public.identity_demographics d USING (compartment_id)
    WHERE m.person_id = ANY (people)
$$;
REVOKE ALL ON FUNCTION identity_compartments(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity_compartments(uuid[]) TO commonweal_app, commonweal_batch;
REVOKE ALL ON FUNCTION identity_search(text, text, text, text, date, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity_search(text, text, text, text, date, text, integer)
    TO commonweal_app, commonweal_batch;
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0001_tables")]

    operations = [
        migrations.RunSQL(
            ROW_SECURITY,
            """
            REVOKE ALL ON identity_demographics, identity_membership, identity_person FROM commonweal_app;
            DROP POLICY batch ON identity_demographics;
            DROP POLICY open_compartments ON identity_demographics;
            ALTER TABLE identity_demographics DISABLE ROW LEVEL SECURITY;
            """,
        ),
        migrations.RunSQL(
            SEARCH,
            "DROP FUNCTION identity_compartments(uuid[]);"
            "DROP FUNCTION identity_search(text, text, text, text, date, text, integer);",
        ),
    ]
