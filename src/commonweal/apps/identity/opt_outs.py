"""Whom a use beyond care must leave out, by the links and the NHS numbers that analysis works with."""

from django.db import connection

from commonweal.apps.access import api as access
from commonweal.apps.identity.storage import probable_people


def people_opted_out(
    purpose: access.Purpose, *, form: access.Form = access.Form.ROWS, exemption: str = "", always: bool = False
) -> access.LeftOut:
    """Who (person ids of analysis) and what (compartments) such a use must leave out, and how many; batch role only.

    By probable links: whoever is probably somebody who opted out is left out too. A traced NHS number counts as one
    that the record itself gives. ``always``: only those whom no use beyond care may have. Raises ``OptOutFault`` for an
    exemption that is not in force.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM access_opt_out_number)")
        (listed,) = cursor.fetchone()
        numbers: dict[int, tuple[str, str]] = {}
        if listed:
            cursor.execute(
                "SELECT d.compartment_id, d.source, coalesce(t.nhs_number, d.nhs_usable) FROM identity_demographics d "
                "LEFT JOIN identity_traced t USING (compartment_id) WHERE coalesce(t.nhs_number, d.nhs_usable) <> ''"
            )
            numbers = {compartment: (source, number) for compartment, source, number in cursor.fetchall()}
    return access.people_opted_out(purpose, probable_people(), numbers, form=form, exemption=exemption, always=always)


def opted_out_digests(purpose: access.Purpose) -> frozenset[bytes]:
    """The digests (``access.digest_of``) of NHS numbers whose rows such a use must leave out; batch role only.

    Those on lists, and those of records on which the National Data Opt-out was recorded here. Type 1 binds what a
    practice wrote, which no commissioning file is.
    """
    listed = access.opted_out_numbers(purpose).get(access.OptOut.NATIONAL_DATA, frozenset())
    held = sorted(people_opted_out(purpose).compartments)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT coalesce(t.nhs_number, d.nhs_usable) FROM identity_demographics d "
            "LEFT JOIN identity_traced t USING (compartment_id) JOIN access_opt_out o USING (compartment_id) "
            "WHERE o.kind = 'national_data' AND compartment_id = ANY (%s::bigint[]) "
            "AND coalesce(t.nhs_number, d.nhs_usable) <> ''",
            [held],
        )
        return listed | {access.digest_of(number) for (number,) in cursor.fetchall()}
