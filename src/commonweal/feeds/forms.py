"""What every row of a tabular feed about people must hold, declared once a feed and checked in one way."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

from commonweal.feeds import people, tables
from commonweal.feeds.types import Problem


@dataclass(frozen=True, slots=True)
class Dated:
    """A sound row with its dates by column, None where a cell is empty."""

    row: tables.Row
    dates: Mapping[str, date | None]


@dataclass(frozen=True, slots=True)
class Form:
    """The columns of a feed and what may stand in them.

    ``required``: columns that may not be empty. ``codes``: column → the values it may hold. ``gender``: what to send
    as one. ``dates``: columns of dates, read by ``read_date`` and written as ``date_form``. ``start`` and ``end``:
    the two of them that must be in order.
    """

    header: Sequence[str]
    required: Sequence[str]
    codes: Mapping[str, Sequence[str]]
    gender: str
    dates: Sequence[str]
    read_date: Callable[[str], date | None]
    date_form: str
    start: str
    end: str

    def read(self, stream: BinaryIO, start_line: int) -> list[Dated | Problem]:
        """Every row of the file, in its order, as it is or with its first problem."""
        return [
            self._check(item) if isinstance(item, tables.Row) else item
            for item in tables.rows(stream, self.header, start_line)
        ]

    def _check(self, row: tables.Row) -> Dated | Problem:
        cells = row.cells
        for name in self.required:
            if not cells[name]:
                return row.problem(name, "required", f"{name} is required; fill it in")
        for name, known in self.codes.items():
            if cells[name] not in known:
                return row.problem(name, "code-not-in-value-set", f"use one of: {', '.join(known)}")
        if people.gender(cells["Gender"]) is None:
            return row.problem("Gender", "code-not-in-value-set", f"use {self.gender}")
        dates: dict[str, date | None] = {}
        for name in self.dates:
            dates[name] = self.read_date(cells[name]) if cells[name] else None
            if cells[name] and dates[name] is None:
                return row.problem(name, "format-date", f"not a date that exists; send {self.date_form}")
        start, end = dates[self.start], dates[self.end]
        if start and end and end < start:
            return row.problem(self.end, "end-before-start", "ends before it starts; correct one of the dates")
        return Dated(row, dates)
