"""How a workbook's tables mean figures: the map a person edits, as plain values (YAML) and as checked objects.

reported: 2020-10
series: Performance report     # what this file is the next of, whatever it is called; else its name
footprint: {kind: system, code: QT1}
sheets:
  - sheet: Performance
    rows: 4-38                 # the rows that hold figures
    headings: [2, 3]           # the rows above that say what each column is (kept, never guessed)
    indicator: B               # the column that names the indicator
    within: [A]                # columns of headings, filled down where cells are merged or blank
    category: C                # what splits an indicator; `lens` says what kind of thing it is
    lens: provider
    columns:
      - {column: D, kind: plan, period: 2020/21, counts: true}
    blank: not_reported        # or zero, same_as_above, not_applicable, to_be_confirmed, unreadable
    dash: not_reported
  - sheet: Trusts              # many organisations in one sheet, an indicator a column
    rows: 2-139
    footprint: A               # the column that names whose figures a row holds
    footprint_kind: organisation
    period: B                  # the column of a row's period, where the columns do not say
    columns:
      - {column: D, kind: actual, indicator: A&E attendances}
indicators:
  A&E attendances: activity_ae
  New thing: {code: new_thing, unit: people}
footprints:
  St Elsewhere: RXX            # names that the reference data does not know
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from commonweal.domain.errors import CommonwealError
from commonweal.domain.measurement.figures import Kind
from commonweal.domain.measurement.printed import Absent, latin
from commonweal.domain.measurement.workbook.sheets import BadCellName, column_number, letters

UNKNOWN = "?"  # what a proposed map writes where a person has to say
_ROWS = re.compile(r"(\d{1,7})(?:-(\d{1,7}))?\Z")
_CODE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}\Z")
_TOP = ("reported", "series", "footprint", "sheets", "indicators", "footprints", "encoding")
_TABLE = (
    *("sheet", "rows", "headings", "indicator", "within", "category", "lens", "lens_column", "footprint"),
    *("footprint_kind", "period", "columns", "blank", "dash", "skip"),
)
_COLUMN = ("column", "kind", "period", "counts", "unit", "category", "heading", "indicator", "footprint")
_REPORTED = re.compile(r"\d{4}-\d{2}\Z")


class BadMappingError(CommonwealError):
    """A map that cannot be followed; the message says where in it and what to write."""


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """A column of figures: what they are, of which period, in which unit ("" for the indicator's own)."""

    column: int
    kind: str
    period: str
    counts: bool = False
    unit: str = ""
    category: str = ""
    indicator: str = ""
    footprint: str = ""


@dataclass(frozen=True, slots=True)
class SheetMap:
    """One table of a sheet; rows and columns from 1.

    ``indicator``, ``footprint``, ``period`` and ``lens_column`` are columns that say it of each row; None where every
    column of figures, or the map, does.
    """

    sheet: str
    first: int
    last: int
    headings: tuple[int, ...]
    indicator: int | None
    columns: tuple[ColumnMap, ...]
    within: tuple[int, ...] = ()
    category: int | None = None
    lens: str = ""
    blank: str = Absent.NOT_REPORTED
    dash: str = Absent.NOT_REPORTED
    skip: tuple[int, ...] = ()
    footprint: int | None = None
    footprint_kind: str = ""
    period: int | None = None
    lens_column: int | None = None


@dataclass(frozen=True, slots=True)
class Meant:
    """The indicator a printed label means; ``name`` and ``unit`` define it if nobody has."""

    code: str
    name: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class WorkbookMap:
    """A whole map."""

    reported: str
    footprint_kind: str
    footprint: str
    sheets: tuple[SheetMap, ...]
    indicators: Mapping[str, Meant]
    encoding: str = ""
    series: str = ""
    footprints: Mapping[str, str] = field(default_factory=dict)


def read_map(plain: Any) -> WorkbookMap:
    """The map that plain values (a YAML file) say. Raises ``BadMappingError`` at the first thing wrong."""
    top = _mapping(plain, "the map", set(_TOP))
    footprint = _mapping(top.get("footprint"), "footprint", {"kind", "code"})
    reported = str(top.get("reported", ""))
    if not _REPORTED.match(reported):
        raise BadMappingError(f"reported: write the month of the report, like 2020-10, not {reported!r}")
    kind, code = str(footprint.get("kind", "")), str(footprint.get("code", ""))
    if not kind or not code or UNKNOWN in (kind, code):
        raise BadMappingError("footprint: say whose figures these are, like {kind: system, code: QT1}")
    tables = _list(top.get("sheets"), "sheets")
    if not tables:
        raise BadMappingError("sheets: the map names no table")
    meant = _mapping(top.get("indicators") or {}, "indicators", None)
    named = _mapping(top.get("footprints") or {}, "footprints", None)
    series = " ".join(str(top.get("series") or "").split())
    if len(series) > 200:
        raise BadMappingError("series: name what this file is the next of in at most 200 characters")
    return WorkbookMap(
        reported,
        kind,
        code,
        tuple(_sheet(one, f"sheets[{n}]") for n, one in enumerate(tables, 1)),
        {folded(label): _meant(label, one) for label, one in meant.items()},
        str(top.get("encoding", "")),
        series,
        {folded(label): str(code).strip() for label, code in named.items()},
    )


def folded(label: str) -> str:
    """A label as it is looked up: spaces, capitals and look-alike letters of another alphabet tell no two apart."""
    return latin(" ".join(str(label).split())).casefold()


def _meant(label: str, one: Any) -> Meant:
    where = f"indicators: {label}"
    if isinstance(one, str):
        found = Meant(one)
    else:
        cells = _mapping(one, where, {"code", "name", "unit"})
        found = Meant(str(cells.get("code", "")), str(cells.get("name", "")), str(cells.get("unit", "")))
    if not _CODE.match(found.code):
        raise BadMappingError(f"{where}: write the indicator's code in small letters, not {found.code!r}")
    return found


def _sheet(one: Any, where: str) -> SheetMap:
    cells = _mapping(one, where, set(_TABLE))
    found = _ROWS.match(str(cells.get("rows", "")))
    if found is None:
        raise BadMappingError(f"{where} rows: write first and last row, like 4-38, not {cells.get('rows')!r}")
    first, last = int(found[1]), int(found[2] or found[1])
    if first < 1 or last < first:
        raise BadMappingError(f"{where} rows: {first}-{last} are no rows")
    for name in ("blank", "dash"):
        if cells.get(name, Absent.NOT_REPORTED) not in set(Absent):
            raise BadMappingError(f"{where} {name}: choose one of {', '.join(Absent)}")
    dated = cells.get("period") is not None
    columns = tuple(
        _column(each, f"{where} columns[{n}]", dated=dated)
        for n, each in enumerate(_list(cells.get("columns"), where), 1)
    )
    if not columns:
        raise BadMappingError(f"{where} columns: name at least one column of figures")
    if len({each.column for each in columns}) != len(columns):
        raise BadMappingError(f"{where} columns: a column is named twice")
    if cells.get("indicator") is None and not all(each.indicator for each in columns):
        raise BadMappingError(f"{where} indicator: name its column, or give each column of figures an indicator")
    kind = str(cells.get("footprint_kind", ""))
    if cells.get("footprint") is not None and not kind:
        raise BadMappingError(f"{where} footprint_kind: say what the column names: organisation, place …")
    category = _maybe(cells, "category", where)
    return SheetMap(
        str(cells.get("sheet", "")),
        first,
        last,
        tuple(int(row) for row in _list(cells.get("headings") or [], where)),
        _maybe(cells, "indicator", where),
        columns,
        tuple(_letter(each, f"{where} within") for each in _list(cells.get("within") or [], where)),
        category,
        str(cells.get("lens", "")) or ("category" if category is not None else ""),
        str(cells.get("blank", Absent.NOT_REPORTED)),
        str(cells.get("dash", Absent.NOT_REPORTED)),
        tuple(int(row) for row in _list(cells.get("skip") or [], where)),
        _maybe(cells, "footprint", where),
        kind,
        _maybe(cells, "period", where),
        _maybe(cells, "lens_column", where),
    )


def _column(one: Any, where: str, *, dated: bool) -> ColumnMap:
    cells = _mapping(one, where, set(_COLUMN))
    kind, period = str(cells.get("kind", "")), str(cells.get("period", ""))
    letter = _letter(cells.get("column"), f"{where} column")
    if kind not in set(Kind):
        raise BadMappingError(f"{where} kind: choose one of {', '.join(Kind)}, not {kind!r}")
    if period == UNKNOWN or not (period or dated):
        raise BadMappingError(f"{where} period: say which time column {letters(letter)} covers, like 2020-08")
    return ColumnMap(
        letter,
        kind,
        period,
        bool(cells.get("counts", False)),
        str(cells.get("unit", "")),
        str(cells.get("category", "")),
        str(cells.get("indicator", "")),
        str(cells.get("footprint", "")),
    )


def _maybe(cells: Mapping[str, Any], name: str, where: str) -> int | None:
    return None if cells.get(name) is None else _letter(cells[name], f"{where} {name}")


def _letter(raw: Any, where: str) -> int:
    try:
        return column_number(str(raw))
    except BadCellName as problem:
        raise BadMappingError(f"{where}: {problem}") from problem


def _mapping(raw: Any, where: str, known: set[str] | None) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise BadMappingError(f"{where}: write name: value lines here")
    unknown = sorted(str(one) for one in raw if known is not None and one not in known)
    if unknown:
        raise BadMappingError(f"{where}: {', '.join(unknown)} is not known here; use {', '.join(sorted(known or ()))}")
    return {str(name): value for name, value in raw.items()}


def _list(raw: Any, where: str) -> Sequence[Any]:
    if not isinstance(raw, list):
        raise BadMappingError(f"{where}: write a list here")
    return raw
