"""Deaths that a trace was answered with go into the outbox of changes, once: they are told as all changes are."""

from collections import defaultdict
from datetime import datetime, time

from django.db import transaction

from commonweal.apps.coordination.milestones import LONDON
from commonweal.apps.exchange import api as exchange
from commonweal.apps.identity import api as identity

MOST = 500


def note_deaths() -> int:
    """Note what traces have newly said of deaths, or taken back, as the batch role; how many records.

    What happened so long ago that nobody is to be told is marked as told (``exchange.changes``).
    """
    with transaction.atomic():
        found = identity.deaths_to_tell(MOST)
        by_source: dict[str, list[tuple[list[str], datetime]]] = defaultdict(list)
        for one in found:
            by_source[one.source].append(([one.local_id], datetime.combine(one.happened, time(), LONDON)))
        for source, changed in sorted(by_source.items()):
            exchange.changes.note(source, "pds", changed)
        identity.deaths_told([one.compartment for one in found])
    return len(found)
