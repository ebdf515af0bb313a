"""Writes to identity: what sources say of their people, and the links an identify run finds."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from commonweal.apps.access.api import prepared
from commonweal.apps.identity.models import LocalMerge
from commonweal.domain.identity import nhs_number
from commonweal.fhir.demographics import Demographics
from commonweal.fhir.normalise import name_key, phonetic, postcode

_COPY = """
COPY identity_incoming (compartment_id, source, local_id, nhs_number, nhs_usable, number_status, family, given,
    family_key, given_key, family_sound, given_sound, birth_date, death_date, gender, ethnicity, postcode,
    address_line, phone, practice, updated) FROM STDIN
"""
# A few people are sent as values: making a table for them would cost more than all the rest of a message.
_INCOMING = """
INSERT INTO identity_demographics AS old SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[],
    %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::date[],
    %s::date[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
"""
_STAGED = "INSERT INTO identity_demographics AS old SELECT DISTINCT ON (compartment_id) * FROM identity_incoming\n"
_FEW = 50
_CHANGED = """
ON CONFLICT (compartment_id) DO UPDATE SET
    source = excluded.source, local_id = excluded.local_id, nhs_number = excluded.nhs_number,
    nhs_usable = excluded.nhs_usable, number_status = excluded.number_status, family = excluded.family,
    given = excluded.given, family_key = excluded.family_key, given_key = excluded.given_key,
    family_sound = excluded.family_sound, given_sound = excluded.given_sound, birth_date = excluded.birth_date,
    death_date = excluded.death_date, gender = excluded.gender, ethnicity = excluded.ethnicity,
    postcode = excluded.postcode, address_line = excluded.address_line, phone = excluded.phone,
    practice = excluded.practice, updated = excluded.updated
WHERE (old.nhs_number, old.number_status, old.family, old.given, old.birth_date, old.death_date, old.gender,
       old.ethnicity, old.postcode, old.address_line, old.phone, old.practice, old.family_key, old.given_key,
       old.family_sound, old.given_sound, old.nhs_usable)
    IS DISTINCT FROM
      (excluded.nhs_number, excluded.number_status, excluded.family, excluded.given, excluded.birth_date,
       excluded.death_date, excluded.gender, excluded.ethnicity, excluded.postcode, excluded.address_line,
       excluded.phone, excluded.practice, excluded.family_key, excluded.given_key, excluded.family_sound,
       excluded.given_sound, excluded.nhs_usable)
"""


def upsert_demographics(rows: Iterable[tuple[int, str, str, Demographics]]) -> int:
    """Store what a source now says of each local person; return how many rows were new or different.

    ``rows`` are (compartment id, source ODS code, local id, demographics), the last one of a compartment
    counting. Joins the caller's transaction, so that a record and its demographics arrive together.
    """
    now = settings.COMMONWEAL_NOW()
    latest = {row[0]: _columns(row, now) for row in rows}
    if not latest:
        return 0
    if len(latest) <= _FEW:
        with transaction.atomic(savepoint=False), prepared() as cursor:
            cursor.execute(_INCOMING + _CHANGED, list(map(list, zip(*latest.values(), strict=True))))
            return int(cursor.rowcount)
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE IF NOT EXISTS identity_incoming (LIKE identity_demographics) ON COMMIT DROP")
        cursor.execute("TRUNCATE identity_incoming")
        with cursor.cursor.copy(_COPY) as copy:
            for values in latest.values():
                copy.write_row(values)
        cursor.execute(_STAGED + _CHANGED)
        return int(cursor.rowcount)


def _columns(row: tuple[int, str, str, Demographics], now: datetime) -> tuple[object, ...]:
    """The table's columns for one person, normalised."""
    compartment_id, source, local_id, said = row
    family = name_key(said.family or "")
    given = name_key(said.given[0]) if said.given else ""
    return (
        compartment_id,
        source,
        local_id,
        said.nhs_number or "",
        nhs_number.usable(said.nhs_number),
        said.nhs_number_status or "",
        said.family or "",
        " ".join(said.given),
        family,
        given,
        phonetic(family) if family else "",
        phonetic(given) if given else "",
        said.birth_date,
        said.death_date,
        said.gender or "",
        said.ethnicity or "",
        postcode(said.postcode) if said.postcode else "",
        said.address_line or "",
        said.phone or "",
        said.practice or "",
        now,
    )


def merge_within_source(source: str, surviving: str, retired: str, at: datetime, reference: str) -> bool:
    """Note that ``source`` has merged its local record ``retired`` into ``surviving``; the next run links them.

    ``reference`` is the message's control id. Said again, it changes nothing and returns False. The records
    need not have arrived yet.
    """
    _, created = LocalMerge.objects.get_or_create(
        source=source, surviving=surviving, retired=retired, defaults={"at": at, "reference": reference}
    )
    return created


def attach(compartment_id: int, anchor: int) -> bool:
    """Link a new compartment to the person of ``anchor``, a compartment open in this session; whether it was.

    For what care staff add about a person whom their organisation had no record of. It is linked because somebody
    had that record open (basis ``added``), and follows it through every later merge and split. False for a
    compartment that is somebody's already, an anchor that is not open, or no source in the session.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT identity_attach(%s, %s, %s)", [compartment_id, anchor, settings.COMMONWEAL_NOW()])
        return bool(cursor.fetchone()[0])


def link_verified(compartment_id: int, person_id: UUID) -> bool:
    """Link a new compartment of the session's source to ``person_id`` at once; whether it was.

    Only where NHS number and birth date agree with that person's and with nobody else's, as the database sees it.
    The caller has seen that the names agree; the next identify run decides again by all the rules.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT identity_link_verified(%s, %s, %s)", [compartment_id, person_id, settings.COMMONWEAL_NOW()]
        )
        return bool(cursor.fetchone()[0])
