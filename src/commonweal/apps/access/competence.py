"""Findings whether somebody under 16 understands what it means that a person sees their record (Gillick competence).

Noted by whoever cares for them, inside an access session in which their record is open; the newest counts.
"""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from django.db import connection

from commonweal.domain.access.proxies import Assessment
from commonweal.domain.access.requests import RequestError
from commonweal.domain.access.scope import Actor


def assessed(compartments: Collection[int], on: date) -> Assessment | None:
    """The newest finding whether the open person, under 16, understands; None: nobody has asked."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT assessed_on, competent FROM access_competence WHERE compartments && %s::bigint[] "
            "AND assessed_on <= %s ORDER BY assessed_on DESC, id DESC LIMIT 1",
            [list(compartments), on],
        )
        row = cursor.fetchone()
    return None if row is None else Assessment(*row)


def assess(actor: Actor, person_id: UUID, compartments: Collection[int], on: date, competent: bool, words: str) -> None:
    """Note a clinician's or social worker's finding whether a young person understands. Raises ``RequestError``."""
    said = " ".join(words.split())[:1000]
    if len(said) < 10:
        raise RequestError("Say how it was found, in ten characters or more.")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO access_competence (person_id, compartments, assessed_on, competent, words, assessed_by, "
            "organisation) VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [person_id, sorted(compartments), on, competent, said, actor.key, actor.organisation],
        )
