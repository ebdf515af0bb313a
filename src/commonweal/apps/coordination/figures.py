"""How alerts are answered, in numbers: burden and response. About nobody."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection

from commonweal.apps.access import api as access
from commonweal.apps.places import api as places

DAYS = 28


@dataclass(frozen=True, slots=True)
class Answered:
    """Alerts raised in a period at one organisation, of one ``kind`` (empty: of all).

    ``a_worker_a_day``: how many were told to each worker on the days that brought them any; ``median_minutes`` from
    raised to acknowledged, None while none is.
    """

    organisation: str
    name: str
    kind: str
    alerts: int
    told: int
    workers: int
    a_worker_a_day: float
    acknowledged: int
    median_minutes: float | None
    escalated: int
    withdrawn: int
    waiting: int

    def share(self, part: int) -> str:
        """``part`` of the alerts in per cent, in words that a reader can check."""
        return f"{part} of {self.alerts} ({round(100 * part / self.alerts)}%)" if self.alerts else "none raised"


@dataclass(frozen=True, slots=True)
class Untold:
    """Changes from a source of which nobody was told, and why: late, unlinked, nobody."""

    day: date
    source: str
    name: str
    reason: str
    changes: int


@dataclass(frozen=True, slots=True)
class Figures:
    """The page of figures: ``since`` to ``until``, all kinds together first."""

    since: datetime
    until: datetime
    together: tuple[Answered, ...]
    by_kind: tuple[Answered, ...]
    untold: tuple[Untold, ...]


def figures(actor: access.Actor) -> Figures:
    """The last 28 days: to care staff of their own organisation; to analysts and oversight of every one, without kinds.

    Raises:
        Refused: neither.
    """
    with access.session(actor, access.default_purpose(actor), "read alert figures") as session:
        in_care = actor.role in access.CARE_ROLES
        if not in_care:
            session.require(access.Action.READ_AGGREGATE)
        until = settings.COMMONWEAL_NOW()
        since = until - timedelta(days=DAYS)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT * FROM coordination_figures(%s, %s, %s)", [actor.organisation if in_care else "", since, until]
            )
            rows = cursor.fetchall()
            cursor.execute(
                "SELECT day, source, reason, changes FROM coordination_untold WHERE day >= %s "
                "ORDER BY day DESC, source",
                [since.date()],
            )
            untold = [Untold(row[0], row[1], places.name_of(row[1]), row[2], row[3]) for row in cursor.fetchall()]
    found = [_answered(row) for row in rows]
    by_kind = tuple(one for one in found if one.kind) if in_care else ()
    return Figures(since, until, tuple(one for one in found if not one.kind), by_kind, tuple(untold))


def _answered(row: tuple[object, ...]) -> Answered:
    organisation, kind, alerts, told, workers, worker_days, acknowledged, median, escalated, withdrawn, waiting = row
    return Answered(
        str(organisation), places.name_of(str(organisation)), str(kind), int(str(alerts)), int(str(told)),
        int(str(workers)), round(int(str(told)) / int(str(worker_days)), 1) if worker_days else 0.0,
        int(str(acknowledged)), None if median is None else round(float(str(median)) / 60, 1),
        int(str(escalated)), int(str(withdrawn)), int(str(waiting)),
    )  # fmt: skip
