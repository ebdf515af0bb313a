"""CSV lists that an installation gives by hand, each row with the days it holds: read whole or refused in words.

Days are both included, ``valid_from`` and ``valid_to`` empty for no beginning and no end. What is wrong is raised as
the list's own error, with the file, the line where it is one line's, and what to do.
"""

import csv
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Protocol, TypeVar

from commonweal.apps.exchange.errors import ExchangeError


class Dated(Protocol):
    """A row with its days."""

    @property
    def valid_from(self) -> date:
        """The first day it holds."""

    @property
    def valid_to(self) -> date:
        """The last day it holds."""


Row = TypeVar("Row", bound=Dated)


def rows(path: Path, columns: Sequence[str], bad: type[ExchangeError]) -> list[tuple[str, dict[str, str]]]:
    """(file and line, cells without blanks around them) of each row of a CSV file that has these columns."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise bad(f"{path.name} lacks the column {missing[0]}; it needs {', '.join(columns)}")
            return [
                (f"{path.name} line {reader.line_num}", {name: (row.get(name) or "").strip() for name in columns})
                for row in reader
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise bad(f"{path.name} cannot be read ({type(error).__name__}); name a CSV file in UTF-8") from None


def days(where: str, cells: Mapping[str, str], bad: type[ExchangeError]) -> tuple[date, date]:
    """The first and the last day of a row."""
    try:
        return (
            date.fromisoformat(cells["valid_from"]) if cells["valid_from"] else date.min,
            date.fromisoformat(cells["valid_to"]) if cells["valid_to"] else date.max,
        )
    except ValueError:
        raise bad(f"{where}: write days as yyyy-mm-dd") from None


def once_a_day(
    found: Sequence[tuple[str, Row]], key: Callable[[Row], Hashable], words: str, bad: type[ExchangeError]
) -> list[Row]:
    """The rows, each given with its file and line; refused where two of one ``key`` hold on a day.

    ``words``: what is wrong then, such as ``the feed has two owners``.
    """
    for (_, one), (where, other) in combinations(found, 2):
        if key(one) == key(other) and one.valid_from <= other.valid_to and other.valid_from <= one.valid_to:
            raise bad(f"{where}: {words} for some days of an earlier line; end that one first")
    return [row for _, row in found]
