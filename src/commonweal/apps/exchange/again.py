"""A whole landed file read again: with the mapping it was read with, or with today's; shown first, then done.

``commonweal replay NUMBER`` takes only the lines that waited. Here all of the file counts: what a corrected mapping
says otherwise of rows that were accepted is a change too, and what it no longer says is withdrawn. A resource of which
a later file spoke keeps what that said.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.conf import settings
from django.db import transaction
from django.db.models import F

from commonweal.apps.exchange import mappings
from commonweal.apps.exchange.actions import quarantine
from commonweal.apps.exchange.errors import NotReadAgain
from commonweal.apps.exchange.floor import alone, opened
from commonweal.apps.exchange.models import Quarantine, Receipt
from commonweal.apps.exchange.reading import MESSAGES, batches, nature, reader
from commonweal.apps.record import api as record
from commonweal.feeds.mapped.library import Version
from commonweal.feeds.mapped.reading import Plan
from commonweal.feeds.types import Problem

Key = tuple[str, str]


@dataclass(slots=True)
class Difference:
    """What a file says with one mapping and not with another. No value of anybody's.

    ``elements``: how many resources of a type change in an element, as ``Encounter.class``. ``aside`` and ``passing``:
    lines set aside only by the new reading, and only by the old.
    """

    mapping: str
    was: str
    same: int = 0
    new: int = 0
    changed: int = 0
    withdrawn: int = 0
    elements: Counter[str] = field(default_factory=Counter)
    aside: int = 0
    passing: int = 0
    gone: list[Key] = field(default_factory=list)


@dataclass(slots=True)
class _Said:
    """What a reading of a file says: digests of resources' elements by key, and the lines it sets aside."""

    resources: dict[Key, dict[str, bytes]] = field(default_factory=dict)
    aside: set[int] = field(default_factory=set)


def difference(receipt_id: int, *, today: bool) -> Difference:
    """What reading a whole file again would change, against what it said with the mapping it was landed with.

    Raises ``NotReadAgain`` for a feed that is not read by a mapping into the record, ``NoMapping``, ``MappingFault``.
    """
    receipt = _receipt(receipt_id)
    then = mappings.of_receipt(receipt)
    now = _version(receipt, today)
    found = Difference(now.mapping.label, then.mapping.label)
    before = _said(receipt, then.plan)
    after = _said(receipt, now.plan) if now.digest != then.digest else before
    for key, elements in after.resources.items():
        held = before.resources.get(key)
        if held is None:
            found.new += 1
        elif held == elements:
            found.same += 1
        else:
            found.changed += 1
            names = [name for name in {**held, **elements} if held.get(name) != elements.get(name)]
            found.elements.update(f"{key[0]}.{name}" for name in names)
    found.gone = sorted(before.resources.keys() - after.resources.keys())
    found.withdrawn = len(found.gone)
    found.aside = len(after.aside - before.aside)
    found.passing = len(before.aside - after.aside)
    return found


def apply(receipt_id: int, *, today: bool) -> dict[str, int]:
    """Do what ``difference`` showed: {stored, withdrawn, quarantined} as counts of resources and lines.

    Killed anywhere, the same command finishes it.
    """
    receipt = _receipt(receipt_id)
    with alone(receipt.pk):
        gone = difference(receipt_id, today=today).gone
        version = _version(receipt, today)
        stored = aside = 0
        with opened(receipt) as stream:
            shared_as = nature(receipt.feed, receipt.source)
            for batch in batches(receipt.feed, stream, receipt.source, 1, None, shared_as, version.plan):
                with transaction.atomic():
                    counts = record.write(receipt.source, receipt.feed, batch.prepared, receipt.pk, replay=True)
                    bad = {problem.line for problem in batch.problems} | {item.line for item in counts.refused}
                    _account(receipt, batch.lines, bad, batch.problems)
                    stored += counts.accepted + counts.updated
                    aside += len(bad)
        with transaction.atomic():
            own = record.still_of(receipt.pk, gone)  # not what a later file has spoken of
            withdrawn = record.withdraw(receipt.source, own, receipt.pk) if own else 0
            mappings.keep(receipt, version)
    return {"stored": stored, "withdrawn": withdrawn, "quarantined": aside}


def _receipt(receipt_id: int) -> Receipt:
    receipt = Receipt.objects.get(pk=receipt_id)
    if mappings.kind_of(receipt.feed) is None or receipt.feed in MESSAGES or mappings.for_analysis(receipt.feed):
        raise NotReadAgain(
            f"{receipt.feed} is not read by a mapping into the record; commonweal replay {receipt_id} reads what waits"
        )
    return receipt


def _version(receipt: Receipt, today: bool) -> Version:
    return mappings.current(receipt.feed, receipt.source) if today else mappings.of_receipt(receipt)


def _said(receipt: Receipt, plan: Plan) -> _Said:
    said = _Said()
    with opened(receipt) as stream:
        for item in reader(receipt.feed, plan=plan)(stream, receipt.source, 1):
            if isinstance(item, Problem):
                said.aside.add(item.line)
            else:
                said.resources[item.type, item.id] = {
                    name: hashlib.blake2b(orjson.dumps(value), digest_size=8).digest()
                    for name, value in item.resource.items()
                }
    return said


def _account(receipt: Receipt, lines: set[int], bad: set[int], problems: list[Any]) -> None:
    """Move lines between accepted and quarantined as this reading has them; each stays counted once."""
    waiting = Quarantine.objects.filter(receipt=receipt, line__in=lines, replayed_at=None)
    held = set(waiting.values_list("line", flat=True))
    passing, newly = held - bad, bad - held
    waiting.filter(line__in=passing).update(replayed_at=settings.COMMONWEAL_NOW())
    quarantine(receipt, [one for one in problems if one.line in newly])
    newly = {one.line for one in problems if one.line in newly}
    counts = Receipt.objects.values("accepted", "duplicate").get(pk=receipt.pk)
    from_accepted = min(len(newly), counts["accepted"] + len(passing))
    Receipt.objects.filter(pk=receipt.pk).update(
        accepted=F("accepted") + len(passing) - from_accepted,
        duplicate=F("duplicate") - (len(newly) - from_accepted),
        quarantined=F("quarantined") - len(passing) + len(newly),
    )
