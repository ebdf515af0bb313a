"""Landed resources held to profiles: what is set aside, and what is stored and counted as not conforming.

``record.feed_rules`` has the dated rules. Judging asks the database for value sets, so a feed that has rules is read
where it is stored, one batch after the other: a reading process of its own has no connection.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from django.conf import settings

from commonweal.apps.exchange.models import Receipt
from commonweal.apps.exchange.reading import Batch
from commonweal.apps.record import api as record
from commonweal.feeds.types import Parsed, Problem
from commonweal.fhir.errors import excerpt

RULE = "profile-not-met"
_CHECKED, _BROKEN = "checked", "broken"
Counts = dict[str, dict[str, int]]  # by profile: how many were checked and broken, and of each place and rule


@dataclass(frozen=True, slots=True)
class Conformance:
    """One profile that a source's feed is held to, over all its files.

    ``checked`` and ``broken`` are resources; ``where`` lists (element and rule, how often), the most frequent first.
    """

    source: str
    feed: str
    profile: str
    checked: int
    broken: int
    where: tuple[tuple[str, int], ...] = field(default=())


class Counting:
    """Judges resources of one receipt and counts since it was last asked."""

    def __init__(self, rules: record.FeedRules) -> None:
        self._rules = rules
        self.counts: Counts = {}

    def __call__(self, item: Parsed) -> Problem | None:
        """Why a resource is set aside, if a profile it breaks is one to refuse by; counts it either way."""
        aside: Problem | None = None
        for one in self._rules.judged(item.resource):
            counts = self.counts.setdefault(one.profile, {_CHECKED: 0, _BROKEN: 0})
            counts[_CHECKED] += 1
            counts[_BROKEN] += bool(one.issues)
            for place in {f"{record.element_of(issue)} {issue.rule}" for issue in one.issues}:
                counts[place] = counts.get(place, 0) + 1
            if one.refused and aside is None:
                first = one.issues[0]
                said = f"{first.message} (held to {one.profile})"
                aside = Problem(item.line, first.field, RULE, excerpt(first.value), said, item.body)
        return aside


def judge(receipt: Receipt, on: date | None = None) -> "Counting | None":
    """What judges the lines of a receipt by the rules in force when it came, or ``on`` a day; None where none are."""
    rules = record.feed_rules(receipt.source, receipt.feed, on or receipt.received_at.date())
    return None if rules is None else Counting(rules)


def counted(batches: Iterable[Batch], by: Counting) -> Iterator[Batch]:
    """The same batches, each with what was counted of it."""
    for batch in batches:
        batch.judged, by.counts = by.counts, {}
        yield batch


def keep(receipt: Receipt, batch: Batch) -> None:
    """Add what was counted of a batch to its receipt's, in the transaction that stores the batch."""
    if batch.judged:
        held: Counts = Receipt.objects.values_list("conformance", flat=True).get(pk=receipt.pk)
        for profile, counts in batch.judged.items():
            before = held.setdefault(profile, {})
            for name, number in counts.items():
                before[name] = before.get(name, 0) + number
        Receipt.objects.filter(pk=receipt.pk).update(conformance=held)


def conformance(source: str = "", feed: str = "") -> list[Conformance]:
    """What feeds are held to and how they conform; those of a source or a feed alone when given."""
    found = Receipt.objects.filter(received_at__lte=settings.COMMONWEAL_NOW()).exclude(conformance={})
    if source:
        found = found.filter(source=source)
    if feed:
        found = found.filter(feed=feed)
    summed: dict[tuple[str, str, str], dict[str, int]] = {}
    for sender, name, held in found.values_list("source", "feed", "conformance"):
        for profile, counts in held.items():
            into = summed.setdefault((sender, name, profile), {})
            for key, number in counts.items():
                into[key] = into.get(key, 0) + number
    return [
        Conformance(*key, counts.pop(_CHECKED, 0), counts.pop(_BROKEN, 0),
                    tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))))
        for key, counts in sorted(summed.items())
    ]  # fmt: skip
