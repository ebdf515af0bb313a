"""Reading transcribed tables of public papers, with the place of every row kept.

Each table is a CSV whose name starts with the number of its source document, whose columns ``source`` and
``line`` say where in that document a row was printed. A source document belongs to a reporting month.
"""

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from commonweal.domain.errors import CommonwealError
from commonweal.domain.measurement.figures import Indicator, Measurement
from commonweal.domain.measurement.printed import Printed, UnreadableError, read_printed

_DOCUMENTS = Path(__file__).with_name("documents.csv")


@dataclass(frozen=True, slots=True)
class Document:
    """A public paper: what it is, when the board met, the month its figures were reported in, and for whom."""

    number: str
    title: str
    met: date
    reported: str
    footprint: str


class BadTableError(CommonwealError):
    """A published table that cannot be read; the message names file, line and column."""


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One row: its cells, the table file, its line there, and the line of the document it was printed on."""

    file: str
    line: int
    document: Document
    document_line: str
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        """The cell of a column; ``BadTableError`` if the table has no such column."""
        try:
            return self.cells[column]
        except KeyError:
            raise BadTableError(f"{self.file} line {self.line}: no column {column}") from None

    def printed(self, column: str, *, counts: bool = False) -> Printed:
        """A cell read as ``read_printed`` does; ``BadTableError`` names the file, line and column of a bad one."""
        try:
            return read_printed(self[column], counts=counts)
        except UnreadableError as problem:
            raise BadTableError(f"{self.file} line {self.line}, {column}: {problem}") from problem

    @property
    def note(self) -> str:
        """Where it was printed, for a reader: "document 003 line 2699"."""
        return f"document {self.document.number} line {self.document_line}"

    def figure(self, indicator: Indicator, period: str, as_at: str = "") -> Measurement:
        """What every figure of this row shares, its value still to come.

        ``as_at`` is an ISO day; anything less precise is no as-at day.
        """
        return Measurement(
            indicator=indicator.code,
            footprint_kind="system",
            footprint=self.document.footprint,
            period=period,
            reported=self.document.reported,
            value=None,
            unit=indicator.unit,
            as_at=date.fromisoformat(as_at) if len(as_at) == len("2020-07-31") else None,
            source_file=self.file,
            source_line=str(self.line),
            note=self.note,
        )


@dataclass(frozen=True, slots=True)
class Definition:
    """An indicator with the published table and printed label it is found under."""

    indicator: Indicator
    table: str
    label: str


class Labels:
    """An app's indicators, and which of them is meant by a label that a published table prints."""

    def __init__(self, path: Path) -> None:
        """Read ``path``, a CSV of definitions. Raises ``BadTableError``."""
        self._file = path.name
        self.all = definitions(path)
        self.by_code = {one.indicator.code: one.indicator for one in self.all}
        self._by_label = {(one.table, one.label): one.indicator for one in self.all if one.label}

    def find(self, row: PublishedRow, table: str, label: str) -> Indicator:
        """The indicator printed as ``label`` in ``table``; ``BadTableError`` says where to add an unknown one."""
        try:
            return self._by_label[table, label]
        except KeyError:
            raise BadTableError(
                f"{row.file} line {row.line}: no indicator is printed as {label!r}; add it to {self._file}"
            ) from None


def year_to_date(as_at: str) -> str:
    """``2020/21 YTD 2020-07`` for 2020-07-31: the financial year (from April), and the last month counted.

    Raises ``UnreadableError`` for what is no ISO day.
    """
    try:
        day = date.fromisoformat(as_at)
    except ValueError:
        raise UnreadableError(f"{as_at!r} is not a day written YYYY-MM-DD") from None
    start = day.year if day.month >= 4 else day.year - 1
    return f"{start}/{(start + 1) % 100:02} YTD {day:%Y-%m}"


def documents() -> dict[str, Document]:
    """The public papers whose tables can be read, by number."""
    return {
        cells["number"]: Document(
            cells["number"],
            cells["title"],
            date.fromisoformat(cells["met"]),
            cells["reported"],
            cells["footprint"],
        )
        for _, cells in _csv(_DOCUMENTS)
    }


def published_rows(directory: Path, table: str) -> list[PublishedRow]:
    """Every row of ``directory/<table>.csv``. Raises ``BadTableError`` (missing file, column or ragged row)."""
    path = directory / f"{table}.csv"
    known = documents()
    rows = []
    for line, cells in _csv(path):
        number = cells.get("source", "")
        if number not in known:
            raise BadTableError(
                f"{path.name} line {line}: source {number!r} is not a document known here; add it to {_DOCUMENTS.name}"
            )
        rows.append(PublishedRow(path.name, line, known[number], cells.get("line", ""), cells))
    return rows


def definitions(path: Path) -> list[Definition]:
    """Indicator definitions kept as data; one indicator may be printed under several labels."""
    return [
        Definition(
            Indicator(
                code=cells["code"],
                name=cells["name"],
                sentence=cells["sentence"],
                unit=cells["unit"],
                direction_of_good=cells["direction_of_good"],
                service_area=cells["service_area"],
                owner=cells["owner"],
                aggregation=cells["aggregation"],
                valid_from=date.fromisoformat(cells["valid_from"]),
            ),
            cells["table"],
            cells["label"],
        )
        for _, cells in _csv(path)
    ]


def _csv(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            rows = []
            for cells in reader:
                if None in cells or None in cells.values():
                    raise BadTableError(f"{path.name} line {reader.line_num}: cells do not match the header")
                rows.append((reader.line_num, cells))
            return rows
    except FileNotFoundError:
        raise BadTableError(f"{path} is missing") from None
