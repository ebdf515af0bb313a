"""Restrictions as the database keeps them, set without the officers who set them in life.

What officers may do, and how it is audited, is tested in ``test_choices``; here it is only what a restriction does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

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


@contextmanager
def nameless(compartment: int, source: str) -> Iterator[None]:
    """Withhold the demographics of the person of ``compartment`` from ``source``, as from who wrote none of them."""
    written = "UPDATE identity_demographics SET source = %s WHERE source = %s"
    with connection.cursor() as cursor:
        cursor.execute(written, ["ZZZ", source])
    restriction = withhold(
        compartment, RestrictionReason.SAFEGUARDING, "ZZZ", category=Category.DEMOGRAPHICS,
        starts=settings.COMMONWEAL_NOW() - timedelta(days=1),
    )  # fmt: skip
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM access_restriction WHERE id = %s", [restriction])
            cursor.execute(written, [source, "ZZZ"])


def lift(restriction: int) -> None:
    """End it now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_restriction SET ends_at = %s WHERE id = %s", [settings.COMMONWEAL_NOW(), restriction]
        )
