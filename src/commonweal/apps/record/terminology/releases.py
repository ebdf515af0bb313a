"""Adding and removing a release of a code system by what it is. As the batch role."""

import json
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from commonweal.apps.record.terminology import loading
from commonweal.apps.record.terminology.errors import NotLoaded
from commonweal.fhir.terminology import dmd, lists, snomed
from commonweal.fhir.terminology.files import Files
from commonweal.fhir.terminology.release import Release, ReleaseFault


def add(kind: str, path: Path, system: str = "") -> dict[str, Any]:
    """Load the release at ``path``; ``kind``: snomed, dmd, icd10, opcs4 or codesystem (FHIR JSON, or CSV).

    ``system``: the address to load it under, where that is not the standard's own. → as :func:`loading.load`.
    Raises ``ReleaseFault``; then nothing has changed.
    """
    with Files(path) as files:
        release = _read(kind, path, files, system)
    if system:
        release.url = system
    if not release.concepts:
        raise ReleaseFault(f"{path.name}: no codes in it")
    return loading.load(release)


def _read(kind: str, path: Path, files: Files, system: str) -> Release:
    match kind:
        case "snomed":
            return snomed.read(files)
        case "dmd":
            return dmd.read(files)
        case "icd10":
            return lists.read_icd10(files)
        case "opcs4":
            return lists.read_opcs4(files)
    names = files.named(r".*\.json")
    if not names:
        if not system:
            raise ReleaseFault("say which code system a CSV holds: --system ADDRESS")
        return lists.read_csv(files, system, path.stem)
    with files.opened(names[0]) as file:
        try:
            resource = json.load(file)
        except ValueError:
            raise ReleaseFault(f"{names[0]}: not JSON") from None
    known = isinstance(resource, dict) and resource.get("resourceType") == "CodeSystem" and resource.get("url")
    release = lists.from_resource(resource) if known else None
    if release is None:
        raise ReleaseFault(f"{names[0]}: not a CodeSystem with an address and concepts")
    return release


def remove(system: str) -> None:
    """Take the current release of ``system`` out. Raises ``NotLoaded``."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not loading.forget(cursor, system):
            raise NotLoaded(f"code system {system} is not loaded; commonweal terminology list names them")
        loading.changed(cursor)
