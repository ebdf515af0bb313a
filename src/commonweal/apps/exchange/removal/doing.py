"""Carrying a confirmed removal to every copy, step by step; a crash at any moment is finished by the same command.

1. The list in ``home/removals`` first: a backup restored from before would bring the person back (``listing``).
2. The database, in one transaction: from then on nobody sees it, and the same content sent again is refused.
3. The landed files: what a listener is writing is closed into one, then copies without the lines, then the keys of
   the former copies.
4. MESH messages set aside, likewise; uploads that wait and files of exports; the lake.
5. VACUUM, so that PostgreSQL gives up the rows' space; then the removal forgets what it removed.

What this cannot reach by itself is stated in ``docs/how-to/remove-lawfully.md``.
"""

import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from time import sleep
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from commonweal.apps.access import api as access
from commonweal.apps.exchange import analysis, changes, mappings
from commonweal.apps.exchange.bars import storing
from commonweal.apps.exchange.floor import alone
from commonweal.apps.exchange.models import BulkRequest, Quarantine, Receipt, Removal
from commonweal.apps.exchange.removal import cutting, journals, listing, set_aside
from commonweal.apps.exchange.removal.asking import Targets, messages, quarantined, receipts
from commonweal.apps.identity import api as identity
from commonweal.apps.record import api as record
from commonweal.domain.access.vocabulary import Role
from commonweal.feeds import sealing
from commonweal.lake.removing import remove
from commonweal.lake.store import Lake

VACUUMED = (
    *record.erasing.TABLES,
    *identity.erasing.TABLES,
    "exchange_quarantine",
    "exchange_message",
    "exchange_change",
    "exchange_bars_message",
    "exchange_bars_request",
    "exchange_bars_step",
)
Step = Callable[[str], None]


def carry_out(number: int, step: Step = lambda name: None, pause: journals.Pause = sleep) -> Removal:
    """Do or finish a confirmed removal; ``step(name)`` is called as each step begins. Returns it as it stands.

    ``pause(seconds)`` waits, for a listener that is asked to close its journal.
    """
    removal = Removal.objects.get(pk=number)
    if removal.state == Removal.State.CONFIRMED:
        step("list")
        listing.remember(removal, targets(removal))
        step("database")
        _database(number)
        removal.refresh_from_db()
    if removal.state == Removal.State.ERASED:
        found = targets(removal)
        step("journals")
        journals.close(found.sources, pause)
        step("landed files")
        _landed(removal, found, step)
        step("messages set aside")
        _set_aside(removal, found, step)
        step("other files")
        removal.reached["exported and uploaded files"] = _other_files(found)
        step("lake")
        lake = Lake(Path(settings.COMMONWEAL_HOME) / "lake", settings.COMMONWEAL_PSEUDONYM_KEY)
        with lake.locked():
            removal.reached["lake rows"] = remove(lake, found.rids, [ident for ident, _, _ in found.wholes])
        _commissioning(found)
        step("vacuum")
        _vacuum()
        step("end")
        _end(removal)
    return removal


def unfinished() -> list[int]:
    """Removals that were confirmed and are not done: a crash stopped them, and ``carry_out`` finishes them."""
    waiting = Removal.objects.filter(state__in=[Removal.State.CONFIRMED, Removal.State.ERASED])
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def targets(removal: Removal) -> Targets:
    """What a confirmed removal is to remove."""
    return Targets(**removal.targets["found"])


def _database(number: int) -> None:
    """Everything in the database, whole or not at all."""
    with transaction.atomic():
        removal = Removal.objects.select_for_update().get(pk=number)
        if removal.state != Removal.State.CONFIRMED:
            return
        found = targets(removal)
        wholes = [(ident, source, local) for ident, source, local in found.wholes]
        compartments = [ident for ident, _, _ in wholes]
        gone: dict[str, int] = {"compartments": len(wholes)}
        rows = quarantined(found)
        gone["quarantined rows"] = len(rows)
        Quarantine.objects.filter(pk__in=[row.pk for row in rows]).delete()
        # Its control id and digest stay, so that the same message sent again is known and not taken.
        gone["messages"] = messages(found).update(raw=b"", mrn="", also=[], event="")
        gone["referral messages"] = storing.forget(compartments, _pattern(found.wanted().anywhere))
        gone["changes to be told of"] = changes.forget((source, local) for _, source, local in wholes)
        gone |= record.erasing.erase(found.rids, compartments)
        identity.erasing.forget_demographics(found.parts)
        gone["identity rows"], emptied = identity.erasing.forget(wholes)
        gone["relationships"] = access.erasing.forget(compartments, emptied)
        gone["bulk requests"] = _bulk_requests(found)
        removal.reached, removal.state = gone, Removal.State.ERASED
        removal.save()


def _bulk_requests(found: Targets) -> int:
    """Requests that named what is removed forget what they said."""
    pattern = _pattern(found.words)
    asked = BulkRequest.objects.filter(organisation__in=found.sources)
    naming = [one.pk for one in asked if pattern.search(f"{one.address} {one.parameters}")]
    return BulkRequest.objects.filter(pk__in=naming).update(address="", parameters={})


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    escaped = [re.escape(word) for word in sorted(words)]
    return re.compile(r"(?<![A-Za-z0-9])(?:" + "|".join(escaped or [r"\Z(?!)"]) + r")(?![A-Za-z0-9])")


def _doomed(removal: Removal, found: Targets) -> Callable[[str], None]:
    """What notes with the removal that a copy is to be destroyed, in the transaction that forgets it."""

    def note(name: str) -> None:
        found.doomed = sorted({*found.doomed, name})
        removal.targets["found"] = asdict(found)
        Removal.objects.filter(pk=removal.pk).update(targets=removal.targets)

    return note


def _landed(removal: Removal, found: Targets, step: Step) -> None:
    """The landed copies of every file of the sources concerned."""
    also = set(removal.reached.get("receipts", ()))
    for receipt in receipts(found) + list(Receipt.objects.filter(pk__in=also)):
        step("landed file")
        cut = cutting.cut(receipt, found.wanted(), _doomed(removal, found))
        if cut.rows:
            removal.reached["landed files"] = removal.reached.get("landed files", 0) + 1
            removal.reached["landed rows"] = removal.reached.get("landed rows", 0) + cut.rows
            Removal.objects.filter(pk=removal.pk).update(reached=removal.reached)
        step("keys")
        cutting.destroy(found.doomed)


def _set_aside(removal: Removal, found: Targets, step: Step) -> None:
    """MESH messages that were set aside, whoever sent them."""
    searched = set_aside.remove(found.wanted(), _doomed(removal, found))
    for name, many in set_aside.told(searched).items():  # what went is added to, what stays is counted anew
        stays = name in (set_aside.UNREADABLE, set_aside.DOUBTFUL)
        removal.reached[name] = many if stays else removal.reached.get(name, 0) + many
    Removal.objects.filter(pk=removal.pk).update(reached=removal.reached)
    step("their keys")
    cutting.destroy(found.doomed)


def _commissioning(found: Targets) -> None:
    """Pass every commissioning file that was ever cut through the door anew: done already, it comes out equal."""
    for receipt in receipts(found):
        if not receipt.held or not mappings.for_analysis(receipt.feed):
            continue
        with alone(receipt.pk):
            analysis.pass_through(receipt, mappings.of_receipt(receipt).plan)


def _other_files(found: Targets) -> int:
    """Delete waiting uploads that hold it, and every export of an organisation concerned; how many of both."""
    home = Path(settings.COMMONWEAL_HOME)
    names = found.wanted().every()
    gone = 0
    for upload in home.glob("incoming/*/*"):
        with upload.open("rb") as file:
            theirs = names.told(sealing.blocks(file))
        if theirs:
            upload.unlink(missing_ok=True)
            gone += 1
    exports = BulkRequest.objects.filter(kind=BulkRequest.Kind.EXPORT, organisation__in=found.sources)
    for request in exports:
        for folder in home.glob(f"bulk/{request.pk}*"):
            shutil.rmtree(folder, ignore_errors=True)
            gone += 1
    return gone


def _vacuum() -> None:
    """Let PostgreSQL give up the space of removed rows. Outside a transaction; one in a test is left as it is."""
    if connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        for table in VACUUMED:
            cursor.execute("VACUUM " + connection.ops.quote_name(table))


def _end(removal: Removal) -> None:
    """Forget what was removed, and audit that it is done, with counts and nothing else."""
    by = access.Actor("service:removal", "removal", Role.SERVICE, "")
    with transaction.atomic():
        removal.targets, removal.state = {}, Removal.State.DONE
        removal.done_at = settings.COMMONWEAL_NOW()
        removal.save()
        access.erasing.audit_removal(by, "removal.done", f"removal {removal.pk}", removal.reason, {})


def listed() -> list[dict[str, Any]]:
    """Every removal there is, the newest first."""
    return [result(removal) for removal in Removal.objects.order_by("-pk")]


def result(removal: Removal) -> dict[str, Any]:
    """A removal as the command prints it."""
    return {
        "removal": removal.pk,
        "state": removal.state,
        "reason": removal.reason,
        "ground": removal.ground,
        "asked_by": removal.asked_by,
        "confirmed_by": removal.confirmed_by,
        "reached": removal.reached,
    }
