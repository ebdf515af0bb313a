"""Methods of oversight as dated data: those that come with the code, and what an installation supplies beside them."""

import csv
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

from commonweal.domain.performance.rating import AmberRule, Level
from commonweal.domain.performance.segments import Method, Override, SegmentationError

METHODS = Path(__file__).with_name("definitions") / "oversight_methods.yaml"


def supplied(name: str) -> Path:
    """A file of ``oversight`` in the home folder, where an installation keeps its own methods."""
    path: Path = settings.COMMONWEAL_HOME / "oversight" / name
    return path


def methods() -> list[Method]:
    """Every year's method; one supplied under the same name replaces that of the code.

    Raises ``SegmentationError`` naming the file and the method.
    """
    found = {one.name: one for one in _methods(METHODS)}
    own = supplied("methods.yaml")
    if own.exists():
        found |= {one.name: one for one in _methods(own)}
    return sorted(found.values(), key=lambda one: one.starts)


def _methods(path: Path) -> list[Method]:
    rows = yaml.safe_load(path.read_text("utf-8"))
    if not isinstance(rows, list):
        raise SegmentationError(f"{path.name} holds a list of methods, each starting with - name:")
    return [_method(path.name, one) for one in rows]


def _method(file: str, cells: Mapping[str, Any]) -> Method:
    try:
        return Method(
            str(cells["name"]),
            date.fromisoformat(str(cells["starts"])),
            str(cells["by"]),
            str(cells["source"]),
            tuple(Decimal(str(one)) for one in cells.get("thresholds", ())),
            tuple(
                Override(str(one["condition"]), str(one["says"]), int(one["no_better_than"]))
                for one in cells.get("overrides", ())
            ),
        )
    except (KeyError, ValueError, TypeError, InvalidOperation) as problem:
        raise SegmentationError(
            f"{file}: a method needs name, starts, by and source, and numbers: {problem}"
        ) from problem


def amber_rules() -> list[AmberRule]:
    """How near a miss is amber, as supplied in ``amber.csv``: starts, within, source, indicator."""
    return [
        AmberRule(date.fromisoformat(row["starts"]), Decimal(row["within"]), row["source"], row.get("indicator") or "")
        for row in _rows("amber.csv")
    ]


def levels() -> list[Level]:
    """Levels of escalation as supplied in ``escalation.csv``: level, name, missed_by, periods, starts, source."""
    return [
        Level(
            int(row["level"]),
            row["name"],
            Decimal(row["missed_by"]),
            int(row["periods"]),
            date.fromisoformat(row["starts"]),
            row["source"],
        )
        for row in _rows("escalation.csv")
    ]


def _rows(name: str) -> list[dict[str, str]]:
    path = supplied(name)
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError) as problem:
        raise SegmentationError(f"{name} in the home's oversight folder cannot be read: {problem}") from problem
