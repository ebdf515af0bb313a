"""Importing a workbook: read under a map, kept as a preview with every cell's fate, stored when confirmed.

The file itself is kept under its checksum before it is read. Importing the same bytes under the same map changes
nothing, whatever the file is called. A map's ``series`` says what a file is the next of (else its name does): a later
month of a series stands beside the earlier ones, and the latest report of a period is the one that counts; another file
for the same month replaces what was said, and every value it changes is kept as restated.
"""

import hashlib
import re
import shutil
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.db import connection, transaction

from commonweal.apps.measurement.actions import put, register_indicators
from commonweal.apps.measurement.models import ImportCellRow, ImportRow
from commonweal.apps.measurement.restated import keep_restated
from commonweal.apps.measurement.selectors import indicators
from commonweal.apps.places import api as places
from commonweal.domain.errors import CommonwealError
from commonweal.domain.measurement.figures import Finding, Indicator, Measurement, Standing
from commonweal.domain.measurement.workbook.extracting import Extract, Fate, extract, findings
from commonweal.domain.measurement.workbook.mapping import BadMappingError, WorkbookMap, folded, read_map
from commonweal.domain.measurement.workbook.proposing import missing, propose
from commonweal.feeds.workbooks.reading import read_sheets
from commonweal.feeds.workbooks.reconciling import reconcile_files

_COPY_CELLS = "COPY measurement_import_cell (run_id, sheet, cell, printed, became, rule, message) FROM STDIN"
_LONGEST_MAP = 500_000  # characters


class NotImportedError(CommonwealError):
    """An import that cannot be found or stored as asked."""


@dataclass(frozen=True, slots=True)
class Imported:
    """An import as it stands: what it holds, what it could not read, and what must be defined first."""

    number: int
    file: str
    sha256: str
    state: str
    mapping: str
    read_by: str
    read_at: datetime
    stored_at: datetime | None
    figures: int
    unread: int
    series: str
    reported: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What following a map would store."""

    figures: tuple[Measurement, ...]
    fates: tuple[Fate, ...]
    undefined: tuple[Indicator, ...]
    disagreements: tuple[Finding, ...] = ()

    @property
    def unread(self) -> tuple[Fate, ...]:
        """Cells that could not be read, with the rule each breaks."""
        return tuple(one for one in self.fates if one.became == "unread")


def keep_file(path: Path, name: str) -> tuple[Path, str]:
    """Copy a file under its checksum into the home's ``imports`` folder, once. (its place, checksum)."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    code = digest.hexdigest()
    kept = settings.COMMONWEAL_HOME / "imports" / code / safe_name(name)
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        partly = kept.with_suffix(".part")
        shutil.copyfile(path, partly)
        partly.rename(kept)
    return kept, code


def safe_name(name: str) -> str:
    """A file name with nothing in it that a folder or a page could stumble on; an ending nobody reads is ``.bin``."""
    ending = Path(name).suffix.lower()
    ending = ending if ending in {".xlsx", ".csv", ".xlsm"} else ".bin"
    stem = re.sub(r"[^\w .()-]+", "_", Path(name).stem).strip(" .")[:100] or "workbook"
    return stem + ending


def proposed_map(path: Path, encoding: str = "") -> tuple[str, list[str]]:
    """A map to edit, as YAML, and what a person still has to say in it. Raises ``HostileFileError``."""
    plain = propose(read_sheets(path, encoding), indicators(), places=_places())
    if encoding:
        plain["encoding"] = encoding
    text: str = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=120)
    return text, missing(plain)


def _places() -> dict[str, tuple[str, str]]:
    """(kind, code) of every footprint and organisation by its folded name, then by its code."""
    known = [(one.name, "organisation", one.ods_code) for one in places.organisations()]
    known += [(one.name, one.kind, one.code) for one in places.footprints()]
    return {folded(name): (kind, code) for name, kind, code in known} | {
        folded(code): (kind, code) for _, kind, code in known
    }


def parse_map(text: str) -> WorkbookMap:
    """The map in YAML text. Raises ``BadMappingError``."""
    if len(text) > _LONGEST_MAP:
        raise BadMappingError(f"the map is longer than {_LONGEST_MAP:,} characters")
    try:
        if any(isinstance(one, yaml.AliasEvent) for one in yaml.parse(text, yaml.SafeLoader)):
            raise BadMappingError("the map uses YAML aliases, which maps do not need")
        plain: Any = yaml.safe_load(text)
    except yaml.YAMLError as problem:
        raise BadMappingError("the map is not YAML: " + " ".join(str(problem).split())) from problem
    return read_map(plain)


def preview(path: Path, map_text: str) -> Preview:
    """What following the map over the file gives, with the tables' own arithmetic checked; nothing is stored.

    Raises ``BadMappingError``, ``HostileFileError``.
    """
    mapping = parse_map(map_text)
    known = {one.code: one.unit for one in indicators()}
    codes = {key: code for key, (_, code) in _places().items()}
    found = extract(read_sheets(path, mapping.encoding), mapping, path.name, known, codes)
    disagreeing = reconcile_files([(path, path.name)], mapping.encoding)
    told = tuple(replace(one, reported=mapping.reported) for one in disagreeing)
    return Preview(found.figures, found.fates, tuple(_undefined(found, known)), told)


def _undefined(found: Extract, known: dict[str, str]) -> list[Indicator]:
    """Definitions that the figures need and nobody has made: their meaning is yet to be confirmed."""
    return [
        Indicator(
            code,
            meant.name or code,
            f"As imported under the name “{meant.name or code}”; its meaning is to be confirmed.",
            "pence" if meant.unit.startswith("GBP") else meant.unit or "count",
            standing=Standing.TO_BE_CONFIRMED,
        )
        for code, meant in sorted(found.meant.items())
        if code not in known
    ]


def hold(path: Path, name: str, map_text: str, by: str, now: datetime) -> tuple[Imported, Preview]:
    """Keep a reading of a file as a preview, with the fate of every cell. Raises as ``preview`` does."""
    kept, code = keep_file(path, name)
    seen, mapping = preview(kept, map_text), parse_map(map_text)
    with transaction.atomic(), connection.cursor() as cursor:
        row = ImportRow.objects.create(
            file=kept.name,
            sha256=code,
            mapping=map_text,
            read_by=by,
            read_at=now,
            figures=len(seen.figures),
            unread=len(seen.unread),
            series=mapping.series or kept.name,
            reported=mapping.reported,
        )
        with cursor.copy(_COPY_CELLS) as out:
            for one in seen.fates:
                out.write_row((row.pk, one.sheet, one.cell, one.printed, one.became, one.rule, one.message))
    return _imported(row), seen


def confirm(number: int, now: datetime, *, define: bool) -> tuple[Imported, bool]:
    """Store the figures of a preview in place of what its file said before. (the import, whether anything changed).

    ``define`` registers definitions nobody has made, as to be confirmed; without it their absence is an error.
    The file is read again from where it was kept: what is stored is what the file says, not what was shown.

    Raises ``NotImportedError`` for an unknown import or missing definitions.
    """
    with transaction.atomic():
        row = ImportRow.objects.select_for_update().filter(pk=number).first()
        if row is None:
            raise NotImportedError(f"there is no import {number}; import the file again")
        if row.state == "stored":
            return _imported(row), False
        path = settings.COMMONWEAL_HOME / "imports" / row.sha256 / row.file
        seen = preview(path, row.mapping)
        if seen.undefined and not define:
            names = ", ".join(one.code for one in seen.undefined)
            raise NotImportedError(f"nobody has defined {names}; define them first, or import by command, which does")
        mapping = parse_map(row.mapping)
        stored = ImportRow.objects.filter(state="stored").exclude(pk=number)
        twin = stored.filter(sha256=row.sha256, mapping=row.mapping).first()
        if twin is not None:  # the same bytes, perhaps under another name
            row.series = twin.series
        same = stored.filter(series=row.series, reported=row.reported)
        if twin is None:
            register_indicators(seen.undefined)
            held = Extract(seen.figures, seen.fates, {})
            # What the file's own tables get wrong stands beside what could not be read of them.
            key = source_key(row.series, row.reported)
            keep_restated(key, seen.figures, by=f"import {number}, {row.file}", now=now)
            put(key, seen.figures, [*findings(held, row.file, mapping.reported), *seen.disagreements])
        same.update(state="replaced")
        row.state, row.stored_at = "stored", now
        row.save(update_fields=["state", "stored_at", "series"])
    return _imported(row), twin is None


def source_key(series: str, reported: str) -> str:
    """What the figures of a file are put under: what it is the next of, and the month it reports."""
    return f"import:{series}@{reported}"


def imports(limit: int = 50) -> list[Imported]:
    """The newest imports, previews included."""
    return [_imported(row) for row in ImportRow.objects.order_by("-id")[:limit]]


def imported(number: int) -> Imported | None:
    """One import by its number."""
    row = ImportRow.objects.filter(pk=number).first()
    return None if row is None else _imported(row)


def fates(number: int, became: str | None = None) -> list[Fate]:
    """What became of the cells of an import, in reading order as they were met."""
    rows = ImportCellRow.objects.filter(run_id=number).order_by("id")
    if became is not None:
        rows = rows.filter(became=became)
    return [Fate(*row) for row in rows.values_list("sheet", "cell", "printed", "became", "rule", "message")]


def shown_again(one: Imported) -> Preview:
    """The preview of an import as its kept file gives it now."""
    return preview(settings.COMMONWEAL_HOME / "imports" / one.sha256 / one.file, one.mapping)


def _imported(row: ImportRow) -> Imported:
    return Imported(
        int(row.pk),
        row.file,
        row.sha256,
        row.state,
        row.mapping,
        row.read_by,
        row.read_at,
        row.stored_at,
        row.figures,
        row.unread,
        row.series,
        row.reported,
    )
