"""A lawful removal's part in identity: everything that says anything of a compartment. As the tables' owner."""

from collections.abc import Collection
from typing import LiteralString
from uuid import UUID

from django.db import connection, transaction

_COUNT: LiteralString = "SELECT count(*) FROM {rows}"
_DELETE: LiteralString = "DELETE FROM {rows}"
_OF: tuple[LiteralString, ...] = (
    "identity_demographics WHERE compartment_id = ANY (%(ids)s)",
    "identity_membership WHERE compartment_id = ANY (%(ids)s)",
    "identity_probable WHERE compartment_id = ANY (%(ids)s)",
    "identity_attachment WHERE compartment_id = ANY (%(ids)s) OR anchor = ANY (%(ids)s)",
    "identity_event WHERE compartment_id = ANY (%(ids)s)",
    "identity_review WHERE first = ANY (%(ids)s) OR second = ANY (%(ids)s)",
    "identity_decision WHERE first = ANY (%(ids)s) OR second = ANY (%(ids)s)",
    "identity_pair WHERE first = ANY (%(ids)s) OR second = ANY (%(ids)s)",
    "identity_trace WHERE compartment_id = ANY (%(ids)s)",
    "identity_changed WHERE compartment_id = ANY (%(ids)s)",
)
_MERGES: LiteralString = (
    "identity_local_merge m WHERE EXISTS (SELECT FROM unnest(%(sources)s::text[], %(locals)s::text[]) "
    "AS k (source, local_id) WHERE m.source = k.source AND k.local_id IN (m.surviving, m.retired))"
)
# How often a value occurs is linkage's; a value that only one record has is that person's own.
_FREQUENCIES: LiteralString = (
    "identity_frequency f WHERE EXISTS (SELECT FROM identity_demographics d WHERE d.compartment_id = ANY (%(ids)s) "
    "AND f.value IN (d.family_key, d.given_key, d.postcode, d.birth_date::text, d.nhs_usable)) "
    "AND NOT EXISTS (SELECT FROM identity_demographics o WHERE o.compartment_id <> ALL (%(ids)s) "
    "AND f.value IN (o.family_key, o.given_key, o.postcode, o.birth_date::text, o.nhs_usable))"
)
TABLES = (*(query.partition(" ")[0] for query in _OF), "identity_local_merge", "identity_person")


def count_of(compartments: Collection[tuple[int, str, str]]) -> int:
    """How many rows ``forget`` would remove."""
    found = 0
    with connection.cursor() as cursor:
        for query in (*_OF, _MERGES):
            cursor.execute(_COUNT.replace("{rows}", query), _bound(compartments))
            found += int(cursor.fetchone()[0])
    return found


def forget(compartments: Collection[tuple[int, str, str]]) -> tuple[int, list[UUID]]:
    """Remove all that is held of compartments (id, source, local id): rows removed, people of whom nothing is left."""
    bound = _bound(compartments)
    gone = 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT person_id FROM identity_membership WHERE compartment_id = ANY (%(ids)s)", bound)
        people = {row[0] for row in cursor.fetchall()}
        cursor.execute(_DELETE.replace("{rows}", _FREQUENCIES), bound)
        for query in (_MERGES, *_OF):
            cursor.execute(_DELETE.replace("{rows}", query), bound)
            gone += int(cursor.rowcount)
        cursor.execute(
            "DELETE FROM identity_person p WHERE person_id = ANY (%s) AND NOT EXISTS "
            "(SELECT FROM identity_membership m WHERE m.person_id = p.person_id) RETURNING person_id",
            [list(people)],
        )
        emptied = [row[0] for row in cursor.fetchall()]
    return gone + len(emptied), emptied


def forget_demographics(compartments: Collection[int]) -> None:
    """Remove what is said of compartments whose Patient resource goes, where the compartment stays."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM identity_demographics WHERE compartment_id = ANY (%s)", [list(compartments)])


def numbers_of(compartments: Collection[int]) -> set[str]:
    """The NHS numbers these compartments hold: to find the person's rows among those that were refused."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nhs_number, coalesce(nhs_usable, '') FROM identity_demographics WHERE compartment_id = ANY (%s)",
            [list(compartments)],
        )
        return {number for row in cursor.fetchall() for number in row if number}


def _bound(compartments: Collection[tuple[int, str, str]]) -> dict[str, list[object]]:
    return {
        "ids": [one[0] for one in compartments],
        "sources": [one[1] for one in compartments],
        "locals": [one[2] for one in compartments],
    }
