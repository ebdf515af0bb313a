"""Writes of the places app: load a reference folder, wholly or not at all."""

import csv
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from django.db import connection, transaction

from commonweal.apps.places.postcodes import normalised
from commonweal.domain.errors import CommonwealError

Row = dict[str, str]
_ORGANISATIONS = [
    "ods_code",
    "name",
    "kind",
    "roles",
    "parent",
    "place",
    "network",
    "address_postcode",
    "valid_from",
    "valid_to",
    "successor",
]
_SMALL_AREAS = ["lsoa", "name", "place", "council", "imd_version", "imd_rank", "imd_decile", "imd_quintile"]
_POSTCODES = ["postcode", "lsoa"]


class BadReferenceError(CommonwealError):
    """A reference file that cannot be loaded; the message names file, line and what is wrong."""


def load_reference(directory: Path) -> dict[str, int]:
    """Replace organisations, small areas and postcodes with ``directory/reference/*.csv``.

    One transaction: a bad row anywhere leaves what was there before. Loading the same folder twice changes
    nothing. Returns the rows loaded of each kind. Raises ``BadReferenceError`` (file, line, field).
    """
    folder = directory / "reference" if (directory / "reference").is_dir() else directory
    with transaction.atomic():
        return {
            "organisations": _load(folder / "organisations.csv", _ORGANISATIONS, _ORGANISATION_COPY, _organisation),
            "small_areas": _load(folder / "small_areas.csv", _SMALL_AREAS, _SMALL_AREA_COPY, _small_area),
            "postcodes": _load(folder / "postcodes.csv", _POSTCODES, _POSTCODE_COPY, _postcode),
        }


_ORGANISATION_COPY = (
    "DELETE FROM places_organisation",
    "COPY places_organisation (ods_code, name, kind, roles, parent, place, network, address_postcode, "
    "valid_from, valid_to, successor) FROM STDIN",
)
_SMALL_AREA_COPY = (
    "DELETE FROM places_small_area",
    "COPY places_small_area (lsoa, name, place, council, imd_version, imd_rank, imd_decile, imd_quintile) FROM STDIN",
)
_POSTCODE_COPY = ("DELETE FROM places_postcode", "COPY places_postcode (postcode, lsoa) FROM STDIN")


def _load(
    path: Path, columns: list[str], statements: tuple[str, str], convert: Callable[[Row], tuple[object, ...]]
) -> int:
    """Replace one table by one file, streamed."""
    count = 0
    delete, copy = statements
    with connection.cursor() as cursor:
        cursor.execute(delete)
        with cursor.copy(copy) as out:
            for line, row in _rows(path, columns):
                try:
                    out.write_row(convert(row))
                except (KeyError, ValueError) as problem:
                    raise BadReferenceError(f"{path.name} line {line}: {problem}") from problem
                count += 1
    return count


def _rows(path: Path, columns: list[str]) -> Iterator[tuple[int, Row]]:
    """Rows of a CSV file with their line numbers; the header must hold every column of ``columns``."""
    try:
        stream = path.open(encoding="utf-8-sig", newline="")
    except FileNotFoundError:
        raise BadReferenceError(
            f"{path} is missing; a reference folder has organisations, small_areas, postcodes"
        ) from None
    with stream:
        reader = csv.DictReader(stream)
        missing = [name for name in columns if name not in (reader.fieldnames or ())]
        if missing:
            raise BadReferenceError(f"{path.name} line 1: no column {', '.join(missing)}")
        for row in reader:
            if None in row.values() or None in row:
                raise BadReferenceError(
                    f"{path.name} line {reader.line_num}: expected {len(reader.fieldnames or ())} cells"
                )
            yield reader.line_num, row


def _organisation(row: Row) -> tuple[object, ...]:
    for name in ("ods_code", "name", "kind", "valid_from"):
        if not row[name]:
            raise ValueError(f"{name} is empty")
    dates = [date.fromisoformat(row[name]) if row[name] else None for name in ("valid_from", "valid_to")]
    return (*(row[name] for name in _ORGANISATIONS[:8]), *dates, row["successor"])


def _small_area(row: Row) -> tuple[object, ...]:
    return (*(row[name] for name in _SMALL_AREAS[:5]), *(int(row[name]) for name in _SMALL_AREAS[5:]))


def _postcode(row: Row) -> tuple[object, ...]:
    return normalised(row["postcode"]), row["lsoa"]
