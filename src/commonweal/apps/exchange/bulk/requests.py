"""The row of a bulk request: made and cancelled by the web role for its asker, carried on by the worker.

States: queued → running → completed, failed or cancelled. Row security shows the web role the rows of the
organisation whose scope is open; the queries here narrow that to the one actor who asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import Q
from django.utils import timezone

from commonweal.apps.access import api as access
from commonweal.apps.exchange.models import BulkRequest
from commonweal.domain.errors import CommonwealError

LIFE = timedelta(hours=24)  # of what an export wrote and an import reported
MOST_AT_ONCE = 4  # of one organisation, waiting or under way
_OPEN = (BulkRequest.State.QUEUED, BulkRequest.State.RUNNING)


@dataclass(frozen=True, slots=True)
class Asked:
    """A bulk request as it stands. ``manifest``: what completion is answered with, addresses left out."""

    id: UUID
    kind: str
    actor: access.Actor
    purpose: access.Purpose
    address: str
    parameters: Mapping[str, Any]
    state: str
    progress: str
    created_at: datetime
    expires_at: datetime | None
    transaction_time: datetime | None
    watermark: int | None
    manifest: Mapping[str, Any]
    message: str

    @property
    def open(self) -> bool:
        """Whether it waits or is under way."""
        return self.state in _OPEN

    @property
    def expired(self) -> bool:
        """Whether its files may be gone."""
        return self.expires_at is not None and self.expires_at <= timezone.now()


def _asked(row: BulkRequest) -> Asked:
    actor = access.Actor(row.actor, row.name, access.Role(row.role), row.organisation)
    return Asked(
        row.pk, row.kind, actor, access.Purpose(row.purpose), row.address, row.parameters, row.state, row.progress,
        row.created_at, row.expires_at, row.transaction_time, row.watermark, row.manifest, row.message,
    )  # fmt: skip


def make(
    kind: str, ident: UUID, actor: access.Actor, purpose: access.Purpose, address: str, parameters: Mapping[str, Any]
) -> None:
    """Write a new request, in the caller's transaction and source scope."""
    BulkRequest.objects.create(
        id=ident, kind=kind, actor=actor.key, name=actor.name, role=actor.role, organisation=actor.organisation,
        purpose=purpose, address=address, parameters=dict(parameters),
    )  # fmt: skip


def under_way(actor: access.Actor) -> int:
    """How many of the organisation's requests wait or run."""
    return BulkRequest.objects.filter(organisation=actor.organisation, state__in=_OPEN).count()


def own(actor: access.Actor, kind: str, ident: UUID) -> Asked | None:
    """The actor's own request; nobody else's is there."""
    row = BulkRequest.objects.filter(pk=ident, kind=kind, actor=actor.key, organisation=actor.organisation).first()
    return _asked(row) if row else None


def cancel(asked: Asked) -> bool:
    """Stop a request that is open, or forget one that is over; whether it was still open."""
    changed = BulkRequest.objects.filter(pk=asked.id, state__in=_OPEN).update(
        state=BulkRequest.State.CANCELLED, ended_at=timezone.now(), expires_at=timezone.now()
    )
    if not changed:
        BulkRequest.objects.filter(pk=asked.id).update(state=BulkRequest.State.CANCELLED, expires_at=timezone.now())
    return bool(changed)


# What the worker does, as the batch role.


def find(ident: UUID) -> Asked | None:
    """A request by number, whosever it is."""
    row = BulkRequest.objects.filter(pk=ident).first()
    return _asked(row) if row else None


def begin(ident: UUID, first: Mapping[str, Any] | None = None) -> bool:
    """Mark a queued request as running; ``first``: what to note in its manifest then. False if it is not queued."""
    return bool(
        BulkRequest.objects.filter(pk=ident, state=BulkRequest.State.QUEUED).update(
            state=BulkRequest.State.RUNNING, manifest=dict(first or {})
        )
    )


def complete(
    ident: UUID, manifest: Mapping[str, Any], at: datetime | None = None, watermark: int | None = None
) -> bool:
    """End a running request well; False if it was cancelled meanwhile, and then nothing is changed."""
    now = timezone.now()
    return bool(
        BulkRequest.objects.filter(pk=ident, state=BulkRequest.State.RUNNING).update(
            state=BulkRequest.State.COMPLETED, progress="", manifest=dict(manifest), transaction_time=at or now,
            watermark=watermark, ended_at=now, expires_at=now + LIFE,
        )
    )  # fmt: skip


def fail(ident: UUID, message: str) -> None:
    """End an open request badly; ``message`` says what to do and names nobody."""
    BulkRequest.objects.filter(pk=ident, state__in=_OPEN).update(
        state=BulkRequest.State.FAILED, message=message, ended_at=timezone.now(), expires_at=timezone.now() + LIFE
    )


def watermark_before(organisation: str, moment: datetime) -> int | None:
    """Transactions below this were in the organisation's latest export of ``moment`` or before; None without one."""
    row = (
        BulkRequest.objects.filter(
            organisation=organisation, kind=BulkRequest.Kind.EXPORT, transaction_time__lte=moment,
            watermark__isnull=False,
        )
        .order_by("-transaction_time")
        .values_list("watermark", flat=True)
        .first()
    )  # fmt: skip
    return row


def keeping() -> set[UUID]:
    """Requests whose files are still wanted: those under way, and those that ended and have not expired."""
    rows = BulkRequest.objects.filter(Q(state__in=_OPEN) | Q(expires_at__gt=timezone.now()))
    return set(rows.values_list("pk", flat=True))


def forget(after: timedelta) -> None:
    """Remove the rows of requests that expired longer than ``after`` ago."""
    BulkRequest.objects.filter(expires_at__lte=timezone.now() - after).delete()


class Cancelled(CommonwealError):
    """Who asked for a bulk request cancelled it while the worker was at it."""


class Beside:
    """A second connection, outside the work's own transaction: progress is seen at once, and so is a cancel."""

    def __init__(self, ident: UUID) -> None:
        self._ident = ident
        self._connection = connections.create_connection("default")

    def tell(self, progress: str) -> None:
        """Show how far the work is. Raises ``Cancelled`` if the request is no longer running."""
        with self._connection.cursor() as cursor:
            cursor.execute(
                "UPDATE exchange_bulkrequest SET progress = %s WHERE id = %s AND state = 'running'",
                [progress[:100], self._ident],
            )
            if cursor.rowcount == 0:
                raise Cancelled

    def close(self) -> None:
        """Let the connection go."""
        self._connection.close()
