"""What arrived and what was refused. No selector here shows a refused line as it came."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, Sum

from commonweal.apps.exchange.models import Quarantine, Receipt


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """One landed file. Counts are lines (messages of an ADT file): read = accepted + duplicate + quarantined."""

    id: int
    source: str
    feed: str
    name: str
    sha256: str
    size: int
    state: str
    received_at: datetime
    landed_at: datetime | None
    read: int
    accepted: int
    duplicate: int
    quarantined: int
    resources: int


@dataclass(frozen=True, slots=True)
class QuarantinedView:
    """One problem: which file and line, which field broke which rule with what value, and what to do."""

    id: int
    receipt_id: int
    file: str
    source: str
    feed: str
    line: int
    field: str
    rule: str
    value: str
    message: str
    created_at: datetime
    replayed_at: datetime | None


_RECEIPT = tuple(ReceiptView.__dataclass_fields__)


def totals() -> dict[str, int]:
    """Of all receipts together: how many ``files``, and their rows ``read``, ``accepted``, ``duplicate`` and so on."""
    names = ("read", "accepted", "duplicate", "quarantined")
    summed = Receipt.objects.aggregate(files=Count("pk"), **{name: Sum(name, default=0) for name in names})
    return {name: int(value) for name, value in summed.items()}


def receipts(
    source: str | None = None, feed: str | None = None, most: int | None = None, before: int | None = None
) -> list[ReceiptView]:
    """Receipts, the latest first; ``most`` of them where not all are wanted, and those that follow ``before``."""
    found = Receipt.objects.order_by("-received_at", "-pk")
    if source:
        found = found.filter(source=source)
    if feed:
        found = found.filter(feed=feed)
    if before is not None and (at := Receipt.objects.filter(pk=before).values_list("received_at").first()):
        found = found.filter(Q(received_at__lt=at[0]) | Q(received_at=at[0], pk__lt=before))
    return [ReceiptView(*row) for row in found.values_list(*_RECEIPT)[:most]]


def receipt(ident: int) -> ReceiptView:
    """One receipt. Raises ``Receipt.DoesNotExist``."""
    return ReceiptView(*Receipt.objects.values_list(*_RECEIPT).get(pk=ident))


def landed(source: str, feed: str, digests: Iterable[str]) -> set[str]:
    """Those of the files ``digests`` (SHA-256) that have landed in full from this source's feed."""
    found = Receipt.objects.filter(source=source, feed=feed, sha256__in=list(digests), state="landed")
    return set(found.values_list("sha256", flat=True))


def quarantine_by_rule(source: str, feed: str, receipt: int | None = None) -> list[tuple[str, str, int]]:
    """(rule, field, lines) of what waits in quarantine from a source's feed, or from one file, the most first."""
    found = Quarantine.objects.filter(replayed_at__isnull=True, receipt__source=source, receipt__feed=feed)
    if receipt is not None:
        found = found.filter(receipt_id=receipt)
    counted = found.values_list("rule", "field").annotate(lines=Count("line")).order_by("-lines", "rule", "field")
    return [(rule, field, lines) for rule, field, lines in counted]


def quarantine(receipt: int | None = None, limit: int = 100, offset: int = 0) -> list[QuarantinedView]:
    """Problems not yet replayed, the latest file first, in order of line.

    ``value`` may be a fragment of somebody's data: a page asks the gate for ``read_quarantine`` first.
    """
    found = Quarantine.objects.filter(replayed_at__isnull=True).order_by("-receipt_id", "line", "pk")
    if receipt is not None:
        found = found.filter(receipt_id=receipt)
    rows = found.values_list(
        "id", "receipt_id", "receipt__name", "receipt__source", "receipt__feed", "line", "field", "rule", "value",
        "message", "created_at", "replayed_at",
    )  # fmt: skip
    return [QuarantinedView(*row) for row in rows[offset : offset + limit]]
