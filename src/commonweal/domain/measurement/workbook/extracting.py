"""Following a map over sheets: every figure with its cell, and what became of every other cell.

Nothing is lost: each cell that holds anything ends as a figure, a label, a heading, outside the table, saying that
there is no figure, or unread with the rule it breaks.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from commonweal.domain.measurement.figures import Finding, Kind, Measurement, Severity, State
from commonweal.domain.measurement.printed import (
    Absent,
    Reading,
    UnreadableCellError,
    UnreadableError,
    last_digit,
    pence,
    read_cell,
)
from commonweal.domain.measurement.targets import BadTargetError, TargetKind, read_target
from commonweal.domain.measurement.workbook.mapping import ColumnMap, Meant, SheetMap, WorkbookMap, folded
from commonweal.domain.measurement.workbook.periods import period_in
from commonweal.domain.measurement.workbook.sheets import Cell, Sheet, reference

# Units of whole things, in which 3.077 can only be 3,077.
COUNTED = frozenset(
    "count staff referrals admissions attendances vaccinations people appointments contacts packages ratings "  # noqa: SIM905  read so
    "indicators beds cases deaths visits".split()
)
_CODE = re.compile(r"[A-Z0-9]{3,6}\Z")  # an organisation's code of the reference data, which it may not yet hold
_WHOLE = frozenset({"", "all", "total", "all people", "persons"})  # categories that split nothing
_WORDS = {">": "more than", ">=": "at least", "<": "less than", "<=": "at most", "~": "about"}


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one cell; ``rule`` and ``message`` where a liberty was taken or it could not be read."""

    sheet: str
    cell: str
    printed: str
    became: str
    rule: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Extract:
    """Everything a map finds in a workbook."""

    figures: tuple[Measurement, ...]
    fates: tuple[Fate, ...]
    meant: Mapping[str, Meant]

    @property
    def unread(self) -> list[Fate]:
        """Cells that could not be read."""
        return [one for one in self.fates if one.became == "unread"]


def extract(
    sheets: Iterable[Sheet],
    mapping: WorkbookMap,
    file: str,
    units: Mapping[str, str],
    places: Mapping[str, str] | None = None,
) -> Extract:
    """Follow ``mapping``; ``units`` gives the unit of each indicator already defined, ``places`` the code of each
    footprint by its folded name or code.

    A sheet or row the map names and the file lacks is an unread fate, not an error: the rest still loads.
    """
    found = {folded(sheet.name): sheet for sheet in sheets}
    figures: list[Measurement] = []
    fates: dict[tuple[str, str], Fate] = {}
    used: dict[str, Meant] = {}
    named = {**(places or {}), **mapping.footprints}
    for table in mapping.sheets:
        sheet = found.get(folded(table.sheet)) if table.sheet else next(iter(found.values()), None)
        if sheet is None:
            where = (table.sheet, "A1")
            fates[where] = Fate(*where, "", "unread", "no-such-sheet", f"the file has no sheet {table.sheet!r}")
            continue
        _table(sheet, table, mapping, file, units, named, figures, fates, used)
    for sheet in found.values():
        for row, column in sheet:
            where = (sheet.name, reference(row, column))
            fates.setdefault(where, Fate(*where, sheet.cells[row, column].text, "outside"))
    return Extract(tuple(figures), tuple(fates.values()), used)


def _table(
    sheet: Sheet,
    table: SheetMap,
    mapping: WorkbookMap,
    file: str,
    units: Mapping[str, str],
    places: Mapping[str, str],
    figures: list[Measurement],
    fates: dict[tuple[str, str], Fate],
    used: dict[str, Meant],
) -> None:
    def fate(row: int, column: int, became: str, rule: str = "", message: str = "") -> None:
        cell = sheet.cells.get((row, column))
        if cell is not None or became == "unread":
            where = (sheet.name, reference(row, column))
            fates[where] = Fate(*where, "" if cell is None else cell.text, became, rule, message)

    for row in table.headings:
        for column in range(1, sheet.last_column + 1):
            fate(row, column, "heading")
    above: dict[int, Measurement] = {}
    given: dict[tuple[str, ...], Measurement] = {}
    within: dict[int, str] = {}
    for row in range(table.first, min(table.last, sheet.last_row) + 1):
        if row in table.skip:
            continue
        for column in table.within:
            within[column] = sheet.text(row, column) or within.get(column, "")
            fate(row, column, "label")
        for place in (table.indicator, table.category, table.footprint, table.period, table.lens_column):
            if place is not None:
                fate(row, place, "label")
        line = _line(sheet, table, row, places)
        for each in table.columns:
            cell = sheet.cells.get((row, each.column)) or Cell("")
            label = each.indicator or line.label
            if not label and sheet.at(row, each.column) is None:
                continue
            meant = mapping.indicators.get(folded(label))
            empty = not cell.text.strip() and cell.number is None
            wrong = _unplaced(label, meant, line, each)
            if meant is None or wrong:
                if wrong and not (empty and label):
                    fate(row, each.column, "unread", *wrong)
                continue
            try:
                reading = _read(cell, each, table, _unit(meant, units))
                if reading.same and each.column not in above:
                    raise UnreadableCellError("nothing-above", "the cell repeats the one above, and none is")
                if not reading.figure:
                    fate(row, each.column, "no_figure", ", ".join(reading.rules))
                    continue
                base = above[each.column] if reading.same else None
                made = _figure(reading, base, meant, each, mapping, units)
            except (UnreadableCellError, UnreadableError) as problem:
                rule = getattr(problem, "rule", "not-whole-pence")
                fate(row, each.column, "unread", rule, str(problem))
                continue
            headings = " / ".join(text for text in within.values() if text)
            said = "; ".join(part for part in (made.note, headings, *reading.rules) if part)
            category = each.category or line.category
            split = bool(category) and folded(category) not in _WHOLE
            made = replace(
                made,
                footprint_kind=table.footprint_kind or mapping.footprint_kind,
                footprint=(places.get(folded(each.footprint)) or each.footprint) or line.footprint or mapping.footprint,
                period=each.period or line.period,
                category=category if split else "all",
                lens=(line.lens or table.lens or "category") if split else "all",
                source_file=file,
                source_line=f"{sheet.name}!{reference(row, each.column)}",
                note=said,
            )
            twin = made if made.value is None else given.setdefault(_key(made), made)
            if twin.value != made.value:
                message = (
                    f"{twin.source_line} gives the same figure as {twin.printed!r}: say which period or part each is"
                )
                fate(row, each.column, "unread", "figure-given-twice", message)
                continue
            above[each.column] = made
            used[meant.code] = meant if meant.name or meant.unit else replace(meant, name=label)
            figures.append(made)
            fate(row, each.column, "figure", ", ".join(reading.rules))


@dataclass(frozen=True, slots=True)
class _Line:
    """What a row says of its figures, "" where it does not. ``wrong`` is (rule, message) of what it says in vain."""

    label: str
    category: str
    lens: str
    footprint: str
    period: str
    wrong: tuple[str, str] | None


def _line(sheet: Sheet, table: SheetMap, row: int, places: Mapping[str, str]) -> _Line:
    def said(column: int | None) -> str:
        return "" if column is None else sheet.text(row, column)

    wrong = None
    footprint = said(table.footprint)
    code = places.get(folded(footprint)) or (footprint if _CODE.match(footprint) else "")
    if table.footprint is not None and not code:
        wrong = ("footprint-not-known", f"nobody has said which footprint {footprint!r} is: add it to footprints")
    period = period_in(said(table.period))
    if table.period is not None and not period:
        wrong = ("period-not-read", f"{said(table.period)!r} names no period")
    lens = folded(said(table.lens_column)).replace(" ", "_")
    return _Line(said(table.indicator), said(table.category), lens, code, period, wrong)


def _unplaced(label: str, meant: Meant | None, line: _Line, column: ColumnMap) -> tuple[str, str] | None:
    """Why a cell cannot be somebody's figure of something, as (rule, message)."""
    if not label:
        return "no-label", "a figure stands in a row without an indicator"
    if meant is None:
        return "label-not-mapped", f"the map does not say what {label!r} means"
    stands = column.footprint and line.wrong is not None and line.wrong[0] == "footprint-not-known"
    return None if stands else line.wrong


def _read(cell: Cell, column: ColumnMap, table: SheetMap, unit: str) -> Reading:
    """A cell's reading: the number behind it where it has one, else its text."""
    wanted = column.unit or unit
    wanted = "GBP" if wanted == "pence" else wanted
    if cell.number is None:
        counts = column.counts or wanted in COUNTED
        try:
            return read_cell(cell.text, counts=counts, unit=wanted, blank=table.blank, dash=table.dash)
        except UnreadableCellError:
            promised = _promised(cell.text) if column.kind == Kind.PLAN else None
            if promised is None:
                raise
            return promised
    value = cell.number * 100 if cell.percent else cell.number
    rules = []
    if cell.percent and (column.counts or wanted not in {"", "percent", "percentage points"}):
        rules.append("percent-in-count-column")
    try:
        shown = read_cell(cell.text, counts=False)
        quantum = shown.quantum
        if shown.value is not None and quantum is not None and abs(shown.value - value) > quantum:
            raise UnreadableCellError("shown-differs-from-held", f"{cell.text!r} is shown where {value} is held")
        if shown.value is not None and shown.value != value:
            rules.append("shown-rounded")
    except UnreadableCellError as problem:
        if problem.rule == "shown-differs-from-held":
            raise
        quantum = last_digit(value)
    return Reading(cell.text, value, "percent" if cell.percent else "", quantum=quantum, rules=tuple(rules))


def _promised(text: str) -> Reading | None:
    """A plan in the words of a target, like 100% Offer; None if it is none of those either."""
    try:
        target = read_target(text, date.min)
    except BadTargetError:
        return None
    unit = "percent" if target.kind in {TargetKind.OFFER, TargetKind.PERCENTAGE} else ""
    return Reading(text, target.value, unit, rules=(f"target-is-{str(target.kind).replace('_', '-')}",))


def _key(made: Measurement) -> tuple[str, ...]:
    """What tells a figure of a table from its others."""
    return (made.indicator, made.footprint, made.period, made.kind, made.lens, made.category, made.unit)


def _unit(meant: Meant, units: Mapping[str, str]) -> str:
    """The unit in which an indicator is printed: money defined in pence is as the map says, in GBP million perhaps."""
    defined = units.get(meant.code, "")
    return meant.unit if defined in {"", "pence"} and meant.unit.startswith("GBP") else defined or meant.unit


def _figure(
    reading: Reading,
    base: Measurement | None,
    meant: Meant,
    column: ColumnMap,
    mapping: WorkbookMap,
    units: Mapping[str, str],
) -> Measurement:
    own = _unit(meant, units) or "count"
    unit = column.unit or own
    value = reading.value
    if "percent-in-count-column" in reading.rules:
        unit = "percent"
    elif unit.startswith("GBP"):
        value = None if value is None else pence(value, "GBP" if reading.unit else unit)
        unit = "pence"
    elif unit == "pence" and reading.unit == "GBP" and value is not None:
        value = pence(value, "GBP")
    elif unit == "pence" and value is not None and value != value.to_integral_value():
        raise UnreadableCellError(
            "money-without-unit", f"{reading.text!r} is no whole number of pence: say GBP million"
        )
    elif reading.unit and reading.unit != "GBP" and (own == "count" or "target-is-offer" in reading.rules):
        unit = reading.unit
    note = f"printed as {_WORDS[reading.comparator]}" if reading.comparator else ""
    return Measurement(
        indicator=meant.code,
        footprint_kind=mapping.footprint_kind,
        footprint=mapping.footprint,
        period=column.period,
        reported=mapping.reported,
        value=base.value if base is not None else value,
        unit=base.unit if base is not None else unit,
        state=base.state if base is not None else State(reading.state),
        as_at=None,
        kind=column.kind,
        printed=reading.text,
        note=note,
    )


def findings(extracted: Extract, file: str, reported: str) -> list[Finding]:
    """A finding for each unread cell, and a note for each liberty taken in reading one."""
    found = []
    for one in extracted.fates:
        if one.became == "unread":
            severity, message = Severity.ERROR, f"{one.sheet}!{one.cell} could not be read: {one.message}."
        elif one.rule and one.became == "figure":
            severity, message = Severity.NOTE, f"{one.sheet}!{one.cell} was read with: {one.rule}."
        else:
            continue
        line = f"{one.sheet}!{one.cell}"
        found.append(Finding(file, line, one.rule, one.printed, "", "", severity, message, reported))
    return found


__all__ = ["Absent", "Extract", "Fate", "extract", "findings"]
