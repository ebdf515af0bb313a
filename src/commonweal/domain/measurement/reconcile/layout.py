"""Cutting a sheet into its tables: titles, header rows, merged headers, sections, several tables on one sheet."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from commonweal.domain.measurement.reconcile.cells import Kind, read_cell
from commonweal.domain.measurement.reconcile.sheets import Sheet, letter

_YEAR = re.compile(r"(?:19|20)\d\d(?:\.0)?\Z")
_UNITS = re.compile(
    r"[£€$]?\s*(?:'?000'?s?|m|k|bn|n|no\.?|number|%|percent|count|wte|fte|rate|£|€|\(?[£%][^)]*\)?)\Z", re.I
)


@dataclass
class Table:
    """One table of a sheet: labels of its columns, and its rows with their line numbers."""

    sheet: Sheet
    title: str
    labels: list[str]
    columns: list[int]
    lines: list[int]
    rows: list[Sequence[str]]
    blocks: list[int] = field(default_factory=list)
    headed: bool = True
    rounded: bool = False  # the sheet says so: its figures may not add up

    def cell(self, row: int, column: int) -> str:
        """A cell's text; a row may end early."""
        cells, index = self.rows[row], self.columns[column]
        return cells[index] if index < len(cells) else ""

    def name(self, column: int) -> str:
        """How a finding names a column: by header for CSV, by letter in a workbook."""
        where = letter(self.columns[column])
        if self.sheet.name:
            return f"{self.sheet.name}!{where}"
        return self.labels[column] if self.headed and self.labels[column] else where


_ROUNDED = re.compile(
    r"\brounded\b|due to rounding|because of rounding|rounding (?:errors?|differences?)", re.IGNORECASE
)


def tables(sheet: Sheet) -> Iterator[Table]:
    """Every table of a sheet, top to bottom and left to right."""
    rounded = any(
        len(cell) > 6 and _ROUNDED.search(cell)
        for cells in (*sheet.rows[:8], *sheet.rows[-12:])
        for cell in cells
        if sum(map(bool, cells)) <= 2
    )
    for found in _tables(sheet):
        found.rounded = rounded
        yield found


def _tables(sheet: Sheet) -> Iterator[Table]:
    previous: Table | None = None
    title = ""
    for first, last in _stretches(_filled(sheet)):
        for left, right in _spans(sheet, first, last):
            rows = [(sheet.lines[r], _slice(sheet.rows[r], left, right)) for r in range(first, last)]
            rows = [(line, cells) for line, cells in rows if any(cells)]
            lone = rows and all(sum(map(bool, cells)) == 1 for _, cells in rows)
            if not rows or (lone and (right - left > 1 or (len(rows) < 3 and not _figure(rows[-1][1][0])))):
                title = " ".join(next(cell for cell in cells if cell) for _, cells in rows) or title
                continue
            for found in _cut(sheet, rows, left, title):
                if not found.headed and previous is not None and _continues(previous, found):
                    gap = previous.blocks[-1]
                    previous.lines += found.lines
                    previous.rows += found.rows
                    previous.blocks += [gap + block for block in found.blocks]
                    continue
                if previous is not None:
                    yield previous
                previous = found
    if previous is not None:
        yield previous


def _filled(sheet: Sheet) -> Sheet:
    """The sheet with trimmed cells, and merged header ranges repeated across the columns they span."""
    rows: Sequence[Sequence[str]] = [list(cells) for cells in sheet.rows] if sheet.merged else sheet.rows
    for (top, left), (bottom, right) in sheet.merged:
        if bottom - top > 50 or right - left > 200 or top >= len(rows):
            continue
        text = rows[top][left] if left < len(rows[top]) else ""
        if not text or read_cell(text).kind == Kind.NUMBER:
            continue
        if left == 0 and top == bottom and sum(map(bool, rows[top])) == 1:
            continue  # a title laid across its table
        for r in range(top, min(bottom + 1, len(rows))):
            row = rows[r]
            if isinstance(row, list) and (right - left < max(2, len([c for c in row if c]))):
                row += [""] * (right + 1 - len(row))
                for c in range(left, right + 1):
                    row[c] = row[c] or text
    return Sheet(sheet.file, rows, sheet.lines, sheet.name)


def _slice(cells: Sequence[str], left: int, right: int) -> list[str]:
    found = [cell.strip() for cell in cells[left:right]]
    return found + [""] * (right - left - len(found))


def _stretches(sheet: Sheet) -> Iterator[tuple[int, int]]:
    start = None
    for index, cells in enumerate(sheet.rows):
        if any(cell and not cell.isspace() for cell in cells):
            start = index if start is None else start
        elif start is not None:
            yield start, index
            start = None
    if start is not None:
        yield start, len(sheet.rows)


def _spans(sheet: Sheet, first: int, last: int) -> list[tuple[int, int]]:
    """Ranges of columns with wholly empty ones between them: tables side by side."""
    width = max(len(sheet.rows[r]) for r in range(first, last))
    used = [False] * width
    for r in range(first, last):
        for c, cell in enumerate(sheet.rows[r]):
            if cell and not used[c] and not cell.isspace():
                used[c] = True
        if all(used):
            break
    spans, start = [], None
    for c, on in enumerate([*used, False]):
        if on and start is None:
            start = c
        elif not on and start is not None:
            spans.append((start, c))
            start = None
    # A lone column with no figures beside a table is its notes or an empty label column, not a table.
    return spans


def _numeric(text: str) -> bool:
    return bool(text) and read_cell(text).kind == Kind.NUMBER and not _YEAR.match(text)


def _figure(text: str) -> bool:
    """Whether a lone cell holds a figure, and not the unit of what follows (£000)."""
    return _numeric(text) and not _UNITS.match(text)


def _header(cells: Sequence[str]) -> bool:
    said = [cell for cell in cells if cell]
    return len(said) >= 2 and not any(_numeric(cell) for cell in said)


def _cut(sheet: Sheet, rows: list[tuple[int, list[str]]], left: int, title: str) -> Iterator[Table]:
    """Tables of one stretch of rows; a row of headers further down starts another."""
    at = 0
    width = len(rows[0][1])
    while at < len(rows) and width > 1 and sum(map(bool, rows[at][1])) == 1 and at + 1 < len(rows):
        if read_cell(next(cell for cell in rows[at][1] if cell)).kind == Kind.NUMBER:
            break
        title = next(cell for cell in rows[at][1] if cell)
        at += 1
    depth = 0
    while at + depth < len(rows) and _heads(rows, at, depth):
        depth += 1
    labels = _labels([cells for _, cells in rows[at : at + depth]], width)
    found = Table(sheet, title, labels, list(range(left, left + width)), [], [], headed=depth > 0)
    block, figures = 0, [0] * width
    for index in range(at + depth, len(rows)):
        line, cells = rows[index]
        said = sum(map(bool, cells))
        if cells == rows[at][1] and depth:
            continue
        if said == 1 and width > 1 and not any(map(_numeric, cells)):
            block += 1
        elif (
            index + 1 < len(rows) and len(found.lines) >= 1 and said >= 2 and _again(cells, rows[index + 1][1], figures)
        ):
            yield from [found] if found.lines else []
            yield from _cut(sheet, rows[index:], left, title)
            return
        if index < 400 + at:
            for c, cell in enumerate(cells):
                figures[c] += _numeric(cell)
        found.lines.append(line)
        found.rows.append([""] * left + cells)
        found.blocks.append(block)
    if found.lines:
        yield found


def _again(cells: list[str], after: list[str], figures: list[int]) -> bool:
    """Whether a row inside a table is another table's header: words where figures stood, figures under them."""
    if any(cell and figures[c] and (cell[0].isdigit() or cell[0] in "-(£") for c, cell in enumerate(cells)):
        return False
    words = [c for c, cell in enumerate(cells) if cell and read_cell(cell).kind == Kind.TEXT and not _numeric(cell)]
    over = [c for c in words if figures[c]]
    held = [c for c, count in enumerate(figures) if count]
    return len(over) >= max(1, (len(held) + 1) // 2) and not any(map(_numeric, cells)) and any(map(_numeric, after))


def _heads(rows: list[tuple[int, list[str]]], at: int, depth: int) -> bool:
    cells = rows[at + depth][1]
    if depth == 0:
        if not _header(cells):
            return len(cells) == 1 and bool(cells[0]) and not _numeric(cells[0])
        return all(_YEAR.match(cell) for cell in cells if read_cell(cell).kind == Kind.NUMBER)
    if depth > 3 or at + depth + 1 >= len(rows) or any(_numeric(cell) for cell in cells):
        return False
    said = [c for c, cell in enumerate(cells) if cell]
    if len(said) < 1:
        return False
    units = all(_UNITS.match(cells[c]) for c in said) and len(said) >= 2
    above = [held for _, held in rows[at : at + depth]]
    gaps = [c for c in said if not above[-1][c]]
    repeats = any(n > 1 for cell, n in Counter(above[-1]).items() if cell)
    first_blank = not cells[0] and len(said) >= 2
    open_left = not cells[0] or not above[0][0]
    return units or (bool(gaps) and len(said) >= 2 and open_left) or (first_blank and repeats)


def _labels(header: list[list[str]], width: int) -> list[str]:
    """Column labels of one or more header rows: an upper label reaches over the blanks to its right."""
    if not header:
        return [""] * width
    spread = []
    for depth, cells in enumerate(header):
        row = list(cells)
        if depth < len(header) - 1:
            under = header[depth + 1]
            for c in range(1, width):
                if not row[c] and row[c - 1] and under[c] and (c > 1 or under[c - 1]):
                    row[c] = row[c - 1]
        spread.append(row)
    joined = []
    for c in range(width):
        parts: list[str] = []
        for row in spread:
            if row[c] and row[c] not in parts:
                parts.append(row[c])
        joined.append(" ".join(parts))
    return joined


def _continues(previous: Table, found: Table) -> bool:
    """Whether a stretch without headers goes on with the table above it (a blank row before its total)."""
    return previous.sheet is found.sheet or (
        previous.sheet.lines is found.sheet.lines and previous.columns[: len(found.columns)] == found.columns
    )
