"""A first map of a workbook nobody has described: a proposal to edit, with ? where only a person knows."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from commonweal.domain.measurement.figures import Indicator, Kind
from commonweal.domain.measurement.printed import UnreadableCellError, read_cell
from commonweal.domain.measurement.workbook.mapping import UNKNOWN, folded
from commonweal.domain.measurement.workbook.sheets import Sheet, letters

_NAMES = (
    "january february march april may june july august september october november december".split()  # noqa: SIM905  read so
)
_MONTHS = {name[:length]: number for number, name in enumerate(_NAMES, 1) for length in (3, 4, len(name))}
_MONTH = re.compile(r"\b([A-Za-z]{3,9})[\s\-'’]*(?:20)?(\d{2})\b")
_ISO = re.compile(r"\b(20\d{2})-(\d{2})(?:-\d{2})?\b")
_YEAR = re.compile(r"\b(20\d{2})\s*[/\-–]\s*(?:20)?(\d{2})\b")
_QUARTER = re.compile(r"\b(?:Q|Quarter\s*)([1-4])\b", re.IGNORECASE)
_YTD = re.compile(r"\bYTD\b|year to date", re.IGNORECASE)
_PLAN = re.compile(r"\b(?:plan|planned|target|trajectory|budget|standard|expected)\b", re.IGNORECASE)
_DERIVED = re.compile(r"\b(?:variance|var|difference|change|rag|movement|%\s*of|rank|yoy)\b", re.IGNORECASE)
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
    for sheet in sheets:
        shape = shape_of(sheet)
        if shape is None:
            continue
        whose = _whose(sheet, shape, places or {})
        if whose is not None:
            tables.append(_of_many(sheet, shape, *whose, by_name, indicators))
            continue
        tables.append(_table(sheet, shape))
        for row in range(shape.first, shape.last + 1):
            label = sheet.text(row, shape.labels[0])
            if label and not _heading_row(sheet, row, shape):
                code = by_name.get(folded(label))
                indicators[label] = code or {"code": _slug(label), "name": label, "unit": _unit(sheet, row, shape)}
    return {
        "reported": reported,
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
    label = max(texts, key=lambda c: (len({sheet.text(row, c) for row in body}), -c))
    # Rows right below that are named and say something, if nothing readable, belong to the table all the same.
    while sheet.text(last + 1, label) and any(sheet.text(last + 1, c) for c in values):
        last += 1
    labels = (label, *(c for c in texts if c != label))
    headings = tuple(row for row in rows if row < first and sum(bool(sheet.text(row, c)) for c in values) >= 1)
    near = tuple(row for row in headings if first - row <= _MOST_HEADINGS)
    return Shape(near, first, last, labels, values)


def _table(sheet: Sheet, shape: Shape) -> dict[str, Any]:
    label, others = shape.labels[0], shape.labels[1:]
    found: dict[str, Any] = {
        "sheet": sheet.name,
        "rows": f"{shape.first}-{shape.last}",
        "headings": list(shape.headings),
        "indicator": letters(label),
    }
    before = [letters(c) for c in others if c < label]
    after = [letters(c) for c in others if c > label]
    if before:
        found["within"] = before
    if after:
        found |= {"category": after[0], "lens": "category"}
    above = [row for row in range(1, shape.first) if row not in shape.headings or _uniform(sheet, row, shape)]
    titles = " ".join(
        dict.fromkeys(text for row in above for c in range(1, sheet.last_column + 1) if (text := sheet.text(row, c)))
    )
    found["columns"] = [_column(sheet, shape, c, titles) for c in shape.values]
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
        "period": period_in(heading) or _with_year(heading, titles) or UNKNOWN,
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
    dated = [column for column in others if period_in(sheet.text(shape.first, column))]
    if dated:
        table["period"] = letters(dated[0])
    for column, place in zip(table["columns"], shape.values, strict=True):
        name = column["heading"] or f"Column {column['column']}"
        column["indicator"] = name
        if dated:
            del column["period"]
        texts = [sheet.text(row, place) for row in range(shape.first, shape.last + 1)]
        unit = "percent" if _unit_of([text for text in texts if any(map(str.isdigit, text))]) == "percent" else "count"
        indicators[name] = by_name.get(folded(name)) or {"code": _slug(name), "name": name, "unit": unit}
    return table


def _uniform(sheet: Sheet, row: int, shape: Shape) -> bool:
    """Whether a heading row says the same of every column of figures: a title, not a heading of one."""
    return len(shape.values) > 1 and len({sheet.text(row, column) for column in shape.values}) == 1


def _with_year(heading: str, titles: str) -> str:
    """The period of a column whose heading names a part of the year that a title names."""
    year = _YEAR.search(titles)
    named = f"{year[1]}/{year[2]}" if year else ""
    quarter = _QUARTER.search(heading) or (
        None if _YTD.search(heading) or _PLAN.search(heading) else _QUARTER.search(titles)
    )
    if named and quarter:
        return f"{named} Q{quarter[1]}"
    if named:
        return f"{named} YTD" if _YTD.search(heading) else named
    return period_in(titles)


def period_in(text: str) -> str:
    """The period a heading prints: ``2020-08`` for Aug-20, ``2020/21 Q2``, ``2020/21``; "" if none."""
    quarter, year, ytd = _QUARTER.search(text), _YEAR.search(text), _YTD.search(text)
    iso = _ISO.search(text)
    if iso is not None and 1 <= int(iso[2]) <= 12:
        return f"{iso[1]}-{iso[2]}"
    if year is not None and (int(year[1]) + 1) % 100 == int(year[2]):
        named = f"{year[1]}/{year[2]}"
        return f"{named} Q{quarter[1]}" if quarter else f"{named} YTD" if ytd else named
    for name, digits in _MONTH.findall(text):
        if name.lower() in _MONTHS:
            return f"20{digits}-{_MONTHS[name.lower()]:02}"
    return ""


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
