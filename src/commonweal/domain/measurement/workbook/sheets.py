"""A sheet as cells by place, whatever file it came from."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from commonweal.domain.errors import CommonwealError

_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})\Z")


class BadCellName(CommonwealError):
    """A column letter or cell name that is none."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that holds anything: its text as a reader sees it, and the number behind it if it holds one.

    ``percent`` says that the number is shown as a percentage: 0.562 as 56.2%.
    """

    text: str
    number: Decimal | None = None
    percent: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """Cells by (row, column), both from 1; ``merged`` are (top, left, bottom, right), ``hidden`` its state."""

    name: str
    cells: Mapping[tuple[int, int], Cell]
    merged: tuple[tuple[int, int, int, int], ...] = ()
    hidden: bool = False
    _over: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        for top, left, bottom, right in self.merged:
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    self._over[row, column] = (top, left)

    def at(self, row: int, column: int) -> Cell | None:
        """What a reader sees there: within merged cells, what the first of them holds."""
        found = self.cells.get((row, column))
        return found if found is not None else self.cells.get(self._over.get((row, column), (0, 0)))

    def text(self, row: int, column: int) -> str:
        """The text a reader sees there, without the spaces around it."""
        found = self.at(row, column)
        return "" if found is None else " ".join(found.text.split())

    @property
    def last_row(self) -> int:
        """The last row that holds anything; 0 of an empty sheet."""
        return max((row for row, _ in self.cells), default=0)

    @property
    def last_column(self) -> int:
        """The last column that holds anything; 0 of an empty sheet."""
        return max((column for _, column in self.cells), default=0)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(sorted(self.cells))


def letters(column: int) -> str:
    """1 → A, 27 → AA."""
    found = ""
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found


def column_number(name: str) -> int:
    """A → 1, AA → 27. Raises ``BadCellName``."""
    if not re.fullmatch(r"[A-Za-z]{1,3}", name):
        raise BadCellName(f"{name!r} is not a column; write its letter, like D")
    found = 0
    for letter in name.upper():
        found = found * 26 + ord(letter) - 64
    return found


def reference(row: int, column: int) -> str:
    """(3, 2) → B3."""
    return f"{letters(column)}{row}"


def place(name: str) -> tuple[int, int]:
    """B3 → (3, 2). Raises ``BadCellName``."""
    found = _REFERENCE.match(name)
    if found is None:
        raise BadCellName(f"{name!r} is not a cell; write it like B3")
    return int(found[2]), column_number(found[1])
