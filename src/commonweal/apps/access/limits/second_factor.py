"""Who must have a second factor, as dated data: ``second_factor.csv``, or the home folder's file of that name.

A demonstration, whose people are made up and whose passwords are printed, offers it to everybody unless its home folder
has such a file.
"""

import csv
from datetime import date
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from commonweal.domain.access.vocabulary import Role
from commonweal.domain.errors import CommonwealError

NAME = "second_factor.csv"
_SHIPPED = Path(__file__).parent / NAME


class BadSecondFactorPolicy(CommonwealError):
    """The home folder's second_factor.csv cannot be read: mend it, or remove it."""


def required(role: Role, on: date) -> bool:
    """Whether ``role`` signs in with a second factor on that day. A role the file leaves out does: deny by default.

    Raises:
        BadSecondFactorPolicy: the home folder has a file that does not say ``required``, ``in_person`` or ``offered``.
    """
    return _said(role, on) != "offered"


def in_person(role: Role, on: date) -> bool:
    """Whether ``role`` adds its first second factor only by a code handed over in person. Raises as ``required``."""
    return _said(role, on) == "in_person"


def _said(role: Role, on: date) -> str:
    own = Path(settings.COMMONWEAL_HOME) / NAME
    if settings.COMMONWEAL_SYNTHETIC and not own.exists():
        return "offered"
    path = own if own.exists() else _SHIPPED
    found = path.stat()
    said = [row for row in _rows(path, found.st_mtime_ns, found.st_size) if row[1] == role.value and row[0] <= on]
    return max(said)[2] if said else "required"


@lru_cache(maxsize=4)
def _rows(path: Path, _written: int, _size: int) -> tuple[tuple[date, str, str], ...]:
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            table = csv.DictReader(lines)
            if not {"from", "role", "second_factor"} <= set(table.fieldnames or ()):
                raise ValueError("a column is missing")
            rows = tuple(
                (date.fromisoformat(row["from"]), Role(row["role"]).value, row["second_factor"]) for row in table
            )
    except (KeyError, TypeError, ValueError) as error:
        raise BadSecondFactorPolicy(f"{path.name}: {error}; it needs the columns from, role, second_factor") from None
    if wrong := {row[2] for row in rows} - {"required", "in_person", "offered"}:
        raise BadSecondFactorPolicy(f"{path.name}: {', '.join(sorted(wrong))} is none of required, in_person, offered")
    return rows
