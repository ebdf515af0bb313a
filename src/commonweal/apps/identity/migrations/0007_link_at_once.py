"""A new record of somebody known already, linked at once by the rule of verified links, and by nothing less.

The web role may not see what other sources say, so the database compares: the organisation's own new compartment, and
compartments of the person, have one usable NHS number and one birth date. The next identify run decides it again.
"""

from django.db import migrations

LINK = """
CREATE FUNCTION identity_link_verified(wanted bigint, person uuid, moment timestamptz) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH linked AS (
        INSERT INTO public.identity_membership (compartment_id, person_id, basis, since)
        SELECT wanted, person, 'verified', moment
        FROM public.identity_demographics own
        WHERE own.compartment_id = wanted AND own.source = current_setting('commonweal.source', true)
          AND own.nhs_usable IS NOT NULL AND own.birth_date IS NOT NULL
          AND NOT EXISTS (SELECT FROM public.identity_membership m WHERE m.compartment_id = wanted)
          AND EXISTS (
              SELECT FROM public.identity_membership m JOIN public.identity_demographics d USING (compartment_id)
              WHERE m.person_id = person AND d.nhs_usable = own.nhs_usable AND d.birth_date = own.birth_date)
          AND NOT EXISTS (
              SELECT FROM public.identity_membership m JOIN public.identity_demographics d USING (compartment_id)
              WHERE m.person_id <> person AND d.nhs_usable = own.nhs_usable AND d.birth_date = own.birth_date)
        ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT EXISTS (SELECT FROM linked)
$$;
REVOKE ALL ON FUNCTION identity_link_verified(bigint, uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity_link_verified(bigint, uuid, timestamptz) TO commonweal_app, commonweal_batch;
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0006_trace")]
    operations = [migrations.RunSQL(LINK, "DROP FUNCTION identity_link_verified(bigint, uuid, timestamptz)")]
