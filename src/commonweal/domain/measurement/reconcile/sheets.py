"""What reconciliation reads and what it gives back."""

from collections.abc import Sequence
from dataclasses import dataclass

from commonweal.domain.measurement.figures import Finding


@dataclass(frozen=True, slots=True)
class Sheet:
    """A grid of cells as text, from a CSV file, one sheet of a workbook, or a table a report is about to print.

    ``lines`` are the line (or sheet row) numbers of ``rows``; ``name`` is the sheet's, empty for a CSV file.
    ``merged`` are ranges ((row, column), (row, column)) into ``rows``, both ends included.
    """

    file: str
    rows: Sequence[Sequence[str]]
    lines: Sequence[int]
    name: str = ""
    merged: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = ()


@dataclass(frozen=True, slots=True)
class TableFinding(Finding):
    """A finding with the column it stands in and what a person should check."""

    column: str = ""
    check: str = ""


def sheet_of(file: str, rows: Sequence[Sequence[str]], name: str = "") -> Sheet:
    """A sheet of ``rows`` numbered from line 1."""
    return Sheet(file, rows, range(1, len(rows) + 1), name)


def letter(index: int) -> str:
    """A column's letter as spreadsheets name it: 0 is A, 27 is AB."""
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(65 + rest) + text
    return text
