"""The list of what was lawfully removed, outside the database: a restored backup is held against it.

``home/removals/list.ndjson``, one removal a line, by keyed digest alone. It is flushed to the disk before anything is
removed. Keep a copy with the people who keep the backups (``commonweal backup`` puts one into each): a backup made
before a removal holds the person, and restoring it carries out the removals of every list it is given.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from commonweal.apps.exchange.models import Removal
from commonweal.apps.exchange.removal.asking import Targets, targets_of_rows
from commonweal.apps.record import api as record


def path() -> Path:
    """Where the list is."""
    return Path(settings.COMMONWEAL_HOME) / "removals" / "list.ndjson"


def remember(removal: Removal, found: Targets) -> None:
    """Add a removal to the list, on the disk when this returns; again changes nothing that matters."""
    line = {
        "removal": removal.pk,
        "reason": removal.reason,
        "asked_by": removal.asked_by,
        "confirmed_by": removal.confirmed_by,
        "confirmed_at": removal.confirmed_at.isoformat() if removal.confirmed_at else "",
        "versions": sorted(key.hex() for key in record.erasing.keys_of(found.rids)),
        "compartments": sorted(record.compartment_key(source, local).hex() for _, source, local in found.wholes),
    }
    place = path()
    place.parent.mkdir(mode=0o700, exist_ok=True)
    with open(os.open(place, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600), "a", encoding="ascii") as out:
        out.write(json.dumps(line) + "\n")
        out.flush()
        os.fsync(out.fileno())


def lines(places: Iterable[Path]) -> list[Mapping[str, Any]]:
    """The removals of these lists, each once; a list that is not there says nothing."""
    found: dict[str, Mapping[str, Any]] = {}
    for place in places:
        if place.exists():
            for text in place.read_text(encoding="ascii").splitlines():
                found.setdefault(text, json.loads(text))
    return list(found.values())


def apply_again(removals: Iterable[Mapping[str, Any]], since: datetime) -> Removal | None:
    """Make one removal of what a backup of the moment ``since`` brought back; None if it brought back nothing.

    Only removals confirmed after the backup count: what was lawfully sent again between an earlier removal and the
    backup stays. It is confirmed already, by the two people who removed it the first time; ``carry_out`` does it.
    """
    later = [one for one in removals if datetime.fromisoformat(one["confirmed_at"]) > since]
    versions = {bytes.fromhex(key) for one in later for key in one["versions"]}
    wholes = {bytes.fromhex(key) for one in later for key in one["compartments"]}
    rids, compartments = record.erasing.known_again(versions, wholes)
    if not rids and not compartments:
        return None
    found = targets_of_rows(record.erasing.of_rows(rids), compartments)
    numbers = ", ".join(str(one["removal"]) for one in later)
    return Removal.objects.create(
        reason="restored",
        ground=f"A backup from before the removals {numbers} was restored",
        asked_by=", ".join(sorted({one["asked_by"] for one in later})),
        confirmed_by=", ".join(sorted({one["confirmed_by"] for one in later})),
        confirmed_at=settings.COMMONWEAL_NOW(),
        state=Removal.State.CONFIRMED,
        targets={"found": asdict(found)},
    )
