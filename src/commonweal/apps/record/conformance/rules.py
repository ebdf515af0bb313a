"""Which profiles a source's data is held to, from when: dated rows, changed by command and kept."""

from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction

from commonweal.apps.record.conformance.packages import library_of_tables
from commonweal.apps.record.terminology import loading
from commonweal.domain.errors import CommonwealError


class UnknownProfile(CommonwealError):
    """A rule for a profile that is not loaded, or cannot be used."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``source`` '' is every source, ``feed`` '' whatever it sends; ``valid_to`` is the first day without.

    ``verdict``: ``report`` or ``refuse``.
    """

    source: str
    feed: str
    profile: str
    type: str
    verdict: str
    valid_from: date
    valid_to: date | None


_END = """
UPDATE record_profile_rule SET valid_to = %s
WHERE source = %s AND feed = %s AND profile = %s AND valid_from < %s AND (valid_to IS NULL OR valid_to > %s)
"""
_SET = """
INSERT INTO record_profile_rule (source, feed, profile, type, verdict, valid_from) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (source, feed, profile, valid_from) DO UPDATE SET verdict = excluded.verdict, valid_to = NULL
"""


def enforce(profile: str, source: str, verdict: str, day: date, feed: str = "") -> Rule:
    """Hold what ``source`` ('' for all) sends by ``feed`` ('' for all) to ``profile`` from ``day`` on.

    The rule before, for the same source and feed, ends. As the batch role.

    Raises ``UnknownProfile`` when the profile is not loaded.
    """
    library = library_of_tables()
    shape = library.shape(profile)
    if shape is None:
        raise UnknownProfile(f"{profile}: {library.faults.get(profile, 'not loaded; add its package first')}")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_END, [day, source, feed, profile, day, day])
        cursor.execute(_SET, [source, feed, profile, shape.name, verdict, day])
        loading.changed(cursor)
    return Rule(source, feed, profile, shape.name, verdict, day, None)


def release(profile: str, source: str, day: date, feed: str = "") -> bool:
    """End the rule for ``profile``, ``source`` and ``feed`` on ``day``; whether there was one. As the batch role."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_END, [day, source, feed, profile, day, day])
        ended = bool(cursor.rowcount > 0)
        loading.changed(cursor)
    return ended


def listed() -> list[Rule]:
    """Every rule there is or was."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT source, feed, profile, type, verdict, valid_from, valid_to FROM record_profile_rule "
            "ORDER BY profile, source, feed, valid_from"
        )
        return [Rule(*row) for row in cursor.fetchall()]
