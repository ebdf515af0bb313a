"""What the teams who look after a person were told of them, for a copy of the person's own record."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from commonweal.apps.access.api import Scope


@dataclass(frozen=True, slots=True)
class Told:
    """One change that teams were told of. Times are aware."""

    kind: str
    happened_at: datetime
    place: str
    told_at: datetime


def told_about(scope: Scope) -> list[Told]:
    """The changes of the scope's person that raised alerts, oldest first; inside the session that opened it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, happened_at, place, noted_at FROM coordination_change "
            "WHERE compartment_id = ANY (%s) AND category = ANY (%s) AND state = 'live' ORDER BY happened_at, id",
            [sorted(scope.compartments), sorted(scope.categories)],
        )
        return [Told(*row) for row in cursor.fetchall()]
