"""Restrictions as the database keeps them, set without the officers who set them in life.

What officers may do, and how it is audited, is tested in ``test_choices``; here it is only what a restriction does.
"""

from datetime import datetime

from django.conf import settings
from django.db import connection

from commonweal.domain.access.vocabulary import Category, RestrictionReason


def withhold(
    compartment: int,
    reason: RestrictionReason,
    controller: str,
    *,
    category: Category | None = None,
    starts: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Withhold what ``controller`` holds in a compartment, or a category of the person it is of. Its number."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO access_restriction (compartment_id, category, reason, starts_at, ends_at, controller, set_by, "
            "against, words) VALUES (%s, %s, %s, %s, %s, %s, 'user:officer', '', '') RETURNING id",
            [compartment, category or "", reason, starts or settings.COMMONWEAL_NOW(), until, controller],
        )
        return int(cursor.fetchone()[0])


def lift(restriction: int) -> None:
    """End it now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_restriction SET ends_at = %s WHERE id = %s", [settings.COMMONWEAL_NOW(), restriction]
        )
