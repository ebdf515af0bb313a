"""Importing by page: each step with its permission check and its audit row."""

from pathlib import Path

from django.conf import settings

from commonweal.apps.access import api as access
from commonweal.apps.measurement import api as measurement


def propose_map(actor: access.Actor, path: Path, name: str, encoding: str) -> tuple[str, list[str]]:
    """A map to edit for an uploaded file, and what a person has to say in it.

    Raises ``access.Refused`` or ``measurement.HostileFileError``.
    """
    with access.session(actor, access.default_purpose(actor), "propose import map", name) as session:
        session.require(access.Action.IMPORT_FIGURES)
        return measurement.proposed_map(path, encoding)


def hold(actor: access.Actor, path: Path, name: str, map_text: str) -> measurement.Imported:
    """Keep a preview of an uploaded file under a map.

    Raises ``access.Refused``, ``measurement.HostileFileError`` or ``measurement.BadMappingError``.
    """
    with access.session(actor, access.default_purpose(actor), "preview import", name) as session:
        session.require(access.Action.IMPORT_FIGURES)
        return measurement.hold_import(path, name, map_text, actor.key, settings.COMMONWEAL_NOW())[0]


def confirm(actor: access.Actor, number: int) -> bool:
    """Store a preview's figures. Whether anything changed.

    Raises ``access.Refused``, or ``measurement.NotImportedError`` where definitions are missing.
    """
    with access.session(actor, access.default_purpose(actor), "store import", str(number)) as session:
        session.require(access.Action.IMPORT_FIGURES)
        return measurement.confirm_import(number, settings.COMMONWEAL_NOW(), define=False)[1]


def propose_definitions(actor: access.Actor, number: int) -> int:
    """Put forward the definitions an import lacks, for somebody else to review. How many.

    Raises ``access.Refused``, or ``measurement.NotImportedError`` for an unknown import.
    """
    with access.session(actor, access.default_purpose(actor), "propose definition", f"import {number}") as session:
        session.require(access.Action.PROPOSE_DEFINITION)
        found = measurement.imported(number)
        if found is None:
            raise measurement.NotImportedError(f"there is no import {number}; import the file again")
        waiting = {one.proposed.code for one in measurement.proposals(state="proposed")}
        who = measurement.Who(actor.key, actor.name)
        wanted = [one for one in measurement.show_import(found).undefined if one.code not in waiting]
        for one in wanted:
            measurement.propose(one, f"Needed by the import of {found.file}", who, settings.COMMONWEAL_NOW())
    return len(wanted)
