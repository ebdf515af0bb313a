"""A first map of a workbook nobody has described: a proposal to edit, with ? where only a person knows."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from commonweal.domain.measurement.figures import Indicator, Kind
from commonweal.domain.measurement.printed import UnreadableCellError, latin, read_cell, unit_named, without_marks
from commonweal.domain.measurement.workbook.mapping import UNKNOWN, folded
from commonweal.domain.measurement.workbook.periods import month_in, period_in, with_year
from commonweal.domain.measurement.workbook.sheets import Sheet, letters

_PLAN = re.compile(r"\b(?:plan|planned|target|trajectory|budget|standard|expected)\b", re.IGNORECASE)
_DERIVED = re.compile(r"\b(?:variance|var|difference|change|rag|movement|%\s*of|rank|yoy)\b", re.IGNORECASE)
_INDICATOR = re.compile(r"\b(?:indicator|measure|metric|kpi|standard)\b", re.IGNORECASE)
_SPLIT = re.compile(r"\b(?:provider|trust|organisation|site|ward|practice|place)s?\b", re.IGNORECASE)
_MOST_HEADINGS = 4


@dataclass(frozen=True, slots=True)
class Shape:
    """Where a sheet's table lies."""

    headings: tuple[int, ...]
    first: int
    last: int
    labels: tuple[int, ...]
    values: tuple[int, ...]


def propose(
    sheets: Iterable[Sheet],
    known: Iterable[Indicator],
    reported: str = UNKNOWN,
    places: Mapping[str, tuple[str, str]] | None = None,
) -> dict[str, Any]:
    """A map, as plain values, of every sheet that holds a table.

    ``places`` gives (kind, code) of each footprint by its folded name or code: a column that mostly holds those says
    whose figures each row holds.
    """
    by_name = {folded(one.name): one.code for one in known}
    tables: list[dict[str, Any]] = []
    indicators: dict[str, Any] = {}
    shaped = [(sheet, shape) for sheet in sheets if (shape := shape_of(sheet)) is not None]
    for sheet, shape in shaped:
        whose = _whose(sheet, shape, places or {})
        if whose is not None:
            tables.append(_of_many(sheet, shape, *whose, by_name, indicators))
            continue
        units = _units(sheet, shape)
        tables.append(_table(sheet, shape, units))
        for row in range(shape.first, shape.last + 1):
            label = sheet.text(row, shape.labels[0])
            if label and not _heading_row(sheet, row, shape):
                code = by_name.get(folded(label)) or by_name.get(folded(without_marks(label)))
                said = "" if units is None else unit_named(sheet.text(row, units))
                money = {"code": code, "unit": said} if code and said.startswith("GBP") else code
                indicators[label] = money or _defined(label, said or _unit(sheet, row, shape))
    return {
        "reported": _month_of_titles(shaped) if reported == UNKNOWN else reported,
        "footprint": {"kind": "system", "code": UNKNOWN},
        "sheets": tables,
        "indicators": indicators,
    }


def shape_of(sheet: Sheet) -> Shape | None:
    """The table of a sheet: the run of rows with a label and figures, and the heading rows above it."""
    rows = sorted({row for row, _ in sheet.cells})
    columns = range(1, sheet.last_column + 1)
    figures = {row: [c for c in columns if _is_figure(sheet, row, c)] for row in rows}
    # A row of nothing but years is a heading: 2019 2020 2021.
    dense = [row for row in rows if figures[row] and not _years(sheet, row, figures[row]) and _label(sheet, row)]
    if not dense:
        return None
    first, last = dense[0], dense[-1]
    body = [row for row in rows if first <= row <= last]
    counted = {c: sum(c in figures[row] for row in body) for c in columns}
    said = {c: sum(bool(sheet.text(row, c)) and c not in figures[row] for row in body) for c in columns}
    values = tuple(c for c in columns if counted[c] and counted[c] >= said[c] - _states(sheet, body, c))
    texts = [c for c in columns if c not in values and said[c] and c < max(values, default=0)]
    if not values or not texts:
        return None
    label = max(
        texts, key=lambda c: (_says(_INDICATOR, sheet, first, c), len({sheet.text(row, c) for row in body}), -c)
    )
    # Rows right below that are named and say something, if nothing readable, belong to the table all the same.
    while sheet.text(last + 1, label) and any(sheet.text(last + 1, c) for c in values):
        last += 1
    labels = (label, *(c for c in texts if c != label))
    headings = tuple(row for row in rows if row < first and sum(bool(sheet.text(row, c)) for c in values) >= 1)
    near = tuple(row for row in headings if first - row <= _MOST_HEADINGS)
    return Shape(near, first, last, labels, values)


def _says(what: re.Pattern[str], sheet: Sheet, first: int, column: int) -> bool:
    """Whether a heading of a column, in the rows right above ``first``, says that it names such things."""
    return any(what.search(sheet.text(row, column)) for row in range(max(1, first - _MOST_HEADINGS), first))


def _units(sheet: Sheet, shape: Shape) -> int | None:
    """The column of texts that are units, if there is one."""
    for column in shape.labels[1:]:
        texts = [text for row in range(shape.first, shape.last + 1) if (text := sheet.text(row, column))]
        if texts and all(map(unit_named, texts)):
            return column
    return None


def _month_of_titles(shaped: Iterable[tuple[Sheet, Shape]]) -> str:
    """The one month that the titles above the tables name; ``?`` if they name none, or several."""
    found = {month_in(_titles(sheet, shape)) for sheet, shape in shaped} - {""}
    return found.pop() if len(found) == 1 else UNKNOWN


def _titles(sheet: Sheet, shape: Shape) -> str:
    """What stands above a table and is no heading of one of its columns."""
    above = [row for row in range(1, shape.first) if row not in shape.headings or _uniform(sheet, row, shape)]
    return " ".join(
        dict.fromkeys(text for row in above for c in range(1, sheet.last_column + 1) if (text := sheet.text(row, c)))
    )


def _table(sheet: Sheet, shape: Shape, units: int | None = None) -> dict[str, Any]:
    label, others = shape.labels[0], [column for column in shape.labels[1:] if column != units]
    dated = _dated(sheet, shape, others)
    others = [column for column in others if column != dated]
    found: dict[str, Any] = {
        "sheet": sheet.name,
        "rows": f"{shape.first}-{shape.last}",
        "headings": list(shape.headings),
        "indicator": letters(label),
    }
    # A provider before the indicator splits it as one behind it does; other texts before it are headings.
    split = [c for c in others if c > label or _says(_SPLIT, sheet, shape.first, c)]
    before = [letters(c) for c in others if c not in split]
    if before:
        found["within"] = before
    if split:
        found |= {"category": letters(split[0]), "lens": "category"}
    if dated is not None:
        found["period"] = letters(dated)
    titles = _titles(sheet, shape)
    found["columns"] = [_column(sheet, shape, c, titles) for c in shape.values]
    for column in found["columns"] if dated is not None else ():
        if not period_in(column["heading"]):
            del column["period"]
    return found | {"blank": "not_reported", "dash": "not_reported"}


def _column(sheet: Sheet, shape: Shape, column: int, titles: str) -> dict[str, Any]:
    own = [row for row in shape.headings if not _uniform(sheet, row, shape)]
    heading = " ".join(dict.fromkeys(text for row in own if (text := sheet.text(row, column))))
    body = [sheet.text(row, column) for row in range(shape.first, shape.last + 1)]
    percents = sum("%" in text for text in body)
    kind = Kind.PRINTED if _DERIVED.search(heading) else Kind.PLAN if _PLAN.search(heading) else Kind.ACTUAL
    found: dict[str, Any] = {
        "column": letters(column),
        "heading": heading,
        "kind": str(kind),
        "period": period_in(heading) or with_year(heading, titles) or UNKNOWN,
    }
    counted = [text for text in body if text and "%" not in text]
    if counted and not percents and all(re.fullmatch(r"[\d,. *<>~-]+", text) for text in counted):
        whole = all(re.fullmatch(r"[^.]*|\D*\d{1,3}(?:\.\d{3})+\D*", text) for text in counted)
        found["counts"] = whole
    return found


def _whose(sheet: Sheet, shape: Shape, places: Mapping[str, tuple[str, str]]) -> tuple[int, str] | None:
    """The column that names a footprint in most rows, and of which kind; codes before names."""
    best: tuple[int, int, int, str] | None = None
    for column in range(1, shape.values[0]):
        texts = [text for row in range(shape.first, shape.last + 1) if (text := sheet.text(row, column))]
        kinds = [places[folded(text)][0] for text in texts if folded(text) in places]
        if len(set(texts)) > 1 and 2 * len(kinds) > len(texts):
            coded = sum(text == text.upper() for text in texts)
            found = (len(kinds), coded, -column, max(set(kinds), key=kinds.count))
            best = max(best, found) if best else found
    return None if best is None else (-best[2], best[3])


def _of_many(
    sheet: Sheet, shape: Shape, whose: int, kind: str, by_name: Mapping[str, str], indicators: dict[str, Any]
) -> dict[str, Any]:
    """The map of a table of many footprints: an indicator a column, unless a column of the table names it."""
    table = _table(sheet, Shape(shape.headings, shape.first, shape.last, (whose,), shape.values))
    del table["indicator"]
    table |= {"footprint": letters(whose), "footprint_kind": kind}
    others = [column for column in range(1, shape.values[0]) if column != whose]
    dated = _dated(sheet, shape, others)
    if dated is not None:
        table["period"] = letters(dated)
    for column, place in zip(table["columns"], shape.values, strict=True):
        name = column["heading"] or f"Column {column['column']}"
        column["indicator"] = name
        if dated is not None:
            del column["period"]
        texts = [sheet.text(row, place) for row in range(shape.first, shape.last + 1)]
        unit = "percent" if _unit_of([text for text in texts if any(map(str.isdigit, text))]) == "percent" else "count"
        indicators[name] = by_name.get(folded(name)) or _defined(name, unit)
    return table


def _dated(sheet: Sheet, shape: Shape, columns: Iterable[int]) -> int | None:
    """The first of the columns whose every text names a period."""
    for column in columns:
        texts = [text for row in range(shape.first, shape.last + 1) if (text := sheet.text(row, column))]
        if texts and all(map(period_in, texts)):
            return column
    return None


def _defined(label: str, unit: str) -> dict[str, str]:
    """What a label nobody has defined may mean: its name without footnote marks and letters of another alphabet."""
    name = without_marks(latin(label))
    return {"code": _slug(name), "name": name, "unit": unit}


def _uniform(sheet: Sheet, row: int, shape: Shape) -> bool:
    """Whether a heading row says the same of every column of figures: a title, not a heading of one."""
    return len(shape.values) > 1 and len({sheet.text(row, column) for column in shape.values}) == 1


def _is_figure(sheet: Sheet, row: int, column: int) -> bool:
    cell = sheet.cells.get((row, column))
    if cell is None:
        return False
    if cell.number is not None:
        return True
    try:
        return read_cell(cell.text).value is not None
    except UnreadableCellError:
        return False


def _states(sheet: Sheet, rows: Iterable[int], column: int) -> int:
    """How many texts of a column are states or absences: TBC, paused, a dash."""
    found = 0
    for row in rows:
        text = sheet.text(row, column)
        try:
            found += bool(text) and read_cell(text).value is None
        except UnreadableCellError:
            continue
    return found


def _label(sheet: Sheet, row: int) -> bool:
    return any(
        sheet.text(row, column) and not _is_figure(sheet, row, column) for column in range(1, sheet.last_column + 1)
    )


def _years(sheet: Sheet, row: int, columns: Iterable[int]) -> bool:
    return all(re.fullmatch(r"(?:19|20)\d{2}", sheet.text(row, column)) for column in columns)


def _heading_row(sheet: Sheet, row: int, shape: Shape) -> bool:
    return not any(sheet.text(row, column) for column in shape.values)


def _unit(sheet: Sheet, row: int, shape: Shape) -> str:
    texts = [sheet.text(row, column) for column in shape.values]
    return _unit_of([text for text in texts if any(map(str.isdigit, text))])


def _unit_of(texts: list[str]) -> str:
    """What most figures are in: one percentage among counts is a figure gone astray, which the import then says."""
    if texts and sum("%" in text for text in texts) * 2 >= len(texts):
        return "percent"
    return "pence" if any("£" in text for text in texts) else "count"


def _slug(label: str) -> str:
    found = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:80].strip("_")
    return found or "unnamed"


def missing(plain: Mapping[str, Any]) -> list[str]:
    """What a person has to say before a proposed map can be followed."""
    asked = []
    if plain.get("reported") == UNKNOWN:
        asked.append("reported: the month of the report, like 2020-10")
    if plain["footprint"]["code"] == UNKNOWN:
        asked.append("footprint: whose figures these are")
    asked += [
        f"sheet {table['sheet']} column {column['column']} ({column['heading']}): its period"
        for table in plain["sheets"]
        for column in table["columns"]
        if column.get("period") == UNKNOWN
    ]
    return asked
