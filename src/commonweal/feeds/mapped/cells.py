"""What must hold of each cell of a row, compiled once a file: filled, a date that exists, a number, a known code.

A check gives the cell as the mapping reads it (a date as ISO) or says what is wrong. What was found of a cell is
remembered, because dates and codes recur: most checks are one look into a table.
"""

import re
from collections.abc import Callable
from collections.abc import Mapping as Table
from datetime import datetime
from zoneinfo import ZoneInfo

from commonweal.feeds import people
from commonweal.feeds.mapped.language import Column, Mapping, Value
from commonweal.feeds.types import Problem
from commonweal.fhir.errors import excerpt

Wrong = tuple[str, str]  # rule, what to do
_REMEMBERED = 50_000
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})")
_DECIMAL = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,12})?")
_LONDON = ZoneInfo("Europe/London")


class _Found(dict[str, "str | Wrong"]):
    """What each cell seen so far is read as."""

    def __init__(self, read: Callable[[str], "str | Wrong"]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, cell: str) -> "str | Wrong":
        if len(self) >= _REMEMBERED:
            self.clear()
        self[cell] = found = self._read(cell)
        return found


class Checks:
    """The checks of a mapping's columns at their positions in one file."""

    def __init__(self, mapping: Mapping, position: Table[str, int]) -> None:
        self.names = {at: name for name, at in position.items()}
        self._checks: list[tuple[int, bool, _Found | None]] = []
        for name, column in mapping.columns.items():
            if column.ignored:
                continue
            read = _reader(column, mapping)
            if read or column.required:
                self._checks.append((position[name], column.required, _Found(read) if read else None))

    def wrong(self, line: int, cells: list[str], raw: bytes) -> Problem | None:
        """The first problem of a row, or ``None``; sound cells are replaced by what they are read as."""
        for at, required, found in self._checks:
            cell = cells[at]
            if not cell:
                if required:
                    name = self.names[at]
                    return Problem(line, name, "required", "", f"{name} is required; fill it in", raw)
            elif found is not None:
                said = found[cell]
                if said.__class__ is str:
                    cells[at] = said
                else:
                    return Problem(line, self.names[at], said[0], excerpt(cell), said[1], raw)
        return None


def _reader(column: Column, mapping: Mapping) -> Callable[[str], str | Wrong] | None:
    """How a cell of this column is read; ``None`` where anything may stand."""
    steps: list[Callable[[str], str | Wrong]] = []
    if column.kind == "date":
        steps.append(lambda cell: _date(cell, column.form))
    elif column.kind == "time":
        steps.append(lambda cell: _time(cell, column.form))
    elif column.kind in ("integer", "decimal"):
        form = _INTEGER if column.kind == "integer" else _DECIMAL
        wrong = ("format-number", f"not {'a whole number' if form is _INTEGER else 'a number'}; send digits only")
        steps.append(lambda cell: cell if form.fullmatch(cell) else wrong)
    if column.one_of:
        listed = {one.casefold(): one for one in column.one_of}
        refused = ("code-not-in-value-set", f"use one of: {', '.join(column.one_of)}")
        steps.append(lambda cell: listed.get(cell.casefold(), refused))
    for value in _values(mapping):
        if value.column == column.name and value.map and "*" not in mapping.code_maps[value.map]:
            steps.append(_in_map(mapping, value))
    gender = mapping.person.get("gender")
    if gender and gender.column == column.name and not gender.map:
        unknown = ("code-not-in-value-set", "use 1 male, 2 female, 9 other, 0 not known, or the words")
        steps.append(lambda cell: unknown if people.gender(cell) is None else cell)
    if not steps:
        return None

    def read(cell: str) -> str | Wrong:
        for step in steps:
            said = step(cell)
            if said.__class__ is not str:
                return said
            cell = said
        return cell

    return read


def _values(mapping: Mapping) -> list[Value]:
    found = list(mapping.person.values())
    for one in mapping.resources:
        found += [value for values in one.elements.values() for value in values]
        found += one.extensions.values()
    return found


def _in_map(mapping: Mapping, value: Value) -> Callable[[str], str | Wrong]:
    codes = mapping.code_maps[value.map]
    wrong = _fault(f"code map {value.map} has no such code; add it there, or ask the supplier", "code-not-in-map")
    return lambda cell: cell if cell.casefold() in codes else wrong


def _fault(message: str, rule: str) -> Wrong:
    return rule, message


def _date(cell: str, form: str) -> str | Wrong:
    try:
        day = datetime.strptime(cell, form)  # a calendar day has no zone
    except ValueError:
        return "format-date", f"not a date that exists; send it as {form}"
    if not 1850 <= day.year <= 2200:
        return "format-date", f"the year {day.year} cannot be right; send the date as {form}"
    return day.date().isoformat()


def _time(cell: str, form: str) -> str | Wrong:
    """A time without an offset is UK local time; the hour that comes twice is read as the first."""
    try:
        moment = datetime.strptime(cell, form)  # the zone is added below
    except ValueError:
        return "format-date-time", f"not a time that exists; send it as {form}"
    if not 1850 <= moment.year <= 2200:
        return "format-date-time", f"the year {moment.year} cannot be right; send the time as {form}"
    return (moment if moment.tzinfo else moment.replace(tzinfo=_LONDON)).isoformat(timespec="seconds")
