"""Who acts for whom now: what a proxy may read of a person, asked for at each look and never remembered.

Ended, run out, or a parent's whose child has come of age: from the next request it opens nothing. No job ends it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection

from commonweal.apps.access.rights import age_rules
from commonweal.apps.access.scopes import Fact, scope_of
from commonweal.apps.access.scopes import facts as standing_facts
from commonweal.domain.access.proxies import Assessment, Evidence, parental_holds
from commonweal.domain.access.scope import Actor, Refused, Scope
from commonweal.domain.access.vocabulary import Purpose, RelationshipKind, Role


@dataclass(frozen=True, slots=True)
class Acting:
    """Somebody an account acts for. ``about``: their name as it was when it was asked for."""

    id: int
    person_id: UUID
    about: str
    evidence: Evidence
    categories: tuple[str, ...]
    ends_on: date | None


def acting(actor: Actor, on: date) -> list[Acting]:
    """Whom the account of ``actor`` acts for on a day."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, person_id, about, evidence, categories, ends_on, born, assessed_on, competent "
            "FROM access_acting(%s, %s)",
            [actor.key, on],
        )
        return [
            Acting(row[0], row[1], row[2], Evidence(row[3]), tuple(row[4]), row[5])
            for row in cursor.fetchall()
            if row[3] != Evidence.PARENTAL
            or parental_holds(row[6], on, age_rules(), Assessment(row[7], row[8]) if row[7] else None)
        ]


def facts(actor: Actor, person_id: UUID, compartments: Iterable[int], on: date) -> list[Fact]:
    """What an account may read of a person it acts for: a category each, in every compartment. Else nothing."""
    granted = sorted({c for one in acting(actor, on) if one.person_id == person_id for c in one.categories})
    kind = RelationshipKind.PROXY.value
    return [Fact(kind, compartment, kind, category, "", None) for compartment in compartments for category in granted]


def as_person(person_id: UUID, compartments: Mapping[int, str], moment: datetime) -> Scope | None:
    """What the person would see of their own record, for a job done in their name as the batch role; None: nothing.

    Opens nothing by itself: the batch role is fenced by nothing, so whoever calls this reads within it.
    """
    found = standing_facts("", "", compartments, Purpose.OWN_RECORD, moment)
    person = Actor("", "", Role.CITIZEN, "", person_id=person_id)
    scope = scope_of(person, Purpose.OWN_RECORD, moment.date(), person_id, compartments, found)
    return None if isinstance(scope, Refused) else scope
