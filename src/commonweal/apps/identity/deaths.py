"""Formally registered deaths, as PDS answered traces: of whom, and which are still to be told. As the batch role."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db import connection


@dataclass(frozen=True, slots=True)
class Told:
    """A record of whose person PDS said something new: that they died, or that it is not so. ``happened``: the day."""

    compartment: int
    source: str
    local_id: str
    happened: date


def registered_deaths(compartments: Collection[int]) -> dict[int, date]:
    """Those of ``compartments`` whose person's death is formally registered, and when they died.

    Of the person as a record says of them what was asked by, or of the number that PDS said it of.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.compartment_id, t.died FROM identity_trace t JOIN identity_demographics d USING (compartment_id) "
            "WHERE t.compartment_id = ANY (%s) AND t.died IS NOT NULL "
            "AND (t.asked = identity_asked(d) OR t.died_number = d.nhs_usable)",
            [list(compartments)],
        )
        return dict(cursor.fetchall())


def deaths_to_tell(most: int) -> list[Told]:
    """Records of which PDS said something new of a death, locked until the caller's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.compartment_id, d.source, d.local_id, coalesce(t.died, t.at::date) FROM identity_trace t "
            "JOIN identity_demographics d USING (compartment_id) WHERE NOT t.death_told "
            "ORDER BY t.compartment_id LIMIT %s FOR UPDATE OF t SKIP LOCKED",
            [most],
        )
        return [Told(*row) for row in cursor.fetchall()]


def deaths_told(compartments: Collection[int]) -> None:
    """Note that these have been passed on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE identity_trace SET death_told = true WHERE compartment_id = ANY (%s)", [list(compartments)]
        )
