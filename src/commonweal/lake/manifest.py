"""The lake's manifest: which files are the lake. Replacing it is the only moment a refresh becomes true."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from commonweal.domain.errors import CommonwealError


class LakeFault(CommonwealError):
    """The lake cannot be read or written; the message says what to do."""


@dataclass(slots=True)
class Manifest:
    """State of one lake. ``files`` maps a table to its Parquet files, oldest (the base) first.

    ``watermark`` is the transaction id below which every change of the record is in the lake; ``last_row`` the
    highest row number it has seen; ``rows`` counts the rows of each table's files, live or not.
    """

    version: int = 0
    watermark: int = 0
    last_row: int = 0
    files: dict[str, list[str]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    base_rows: int = 0
    format: int = 1


def read(root: Path) -> Manifest:
    """The manifest under ``root``, an empty one before the first refresh."""
    path = root / "manifest.json"
    try:
        return Manifest(**json.loads(path.read_text()))
    except FileNotFoundError:
        return Manifest()
    except (ValueError, TypeError) as fault:
        raise LakeFault(f"{path} is damaged ({fault}); remove the lake folder and refresh to rebuild it") from fault


def write(root: Path, manifest: Manifest) -> None:
    """Put ``manifest`` in place of the last one: whole or not at all, its files on disk before it."""
    for names in manifest.files.values():
        for name in names:
            _sync(root / name)
    path = root / "manifest.json"
    fresh = path.with_suffix(".new")
    with fresh.open("w") as out:
        json.dump(asdict(manifest), out, indent=1, sort_keys=True)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)
    _sync(root)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
