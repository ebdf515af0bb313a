"""Printed tables whole: every cell of every transcribed file kept as text, with the number read in it beside it.

What is loaded comes out again cell for cell. The reading never replaces the print, and a cell that holds no figure
is a cell all the same.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from django.db import connection, transaction

from commonweal.apps.measurement.models import PublishedCellRow, PublishedTableRow
from commonweal.apps.measurement.published import BadTableError
from commonweal.domain.measurement.printed import Absent, Reading, UnreadableCellError, read_cell

_LARGEST = 5_000_000  # bytes of one table
_COPY = "COPY measurement_published_cell (table_id, row, place, printed, value, comparator, unit, state) FROM STDIN"
_TEXTS = frozenset({"source", "line"})  # read as text: 003 is a document, not three


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A stored table: its file, form (``csv`` or ``json``), columns, rows and the documents it was printed in."""

    file: str
    form: str
    columns: tuple[str, ...]
    lines: int
    documents: tuple[str, ...]
    cells: int
    figures: int


@dataclass(frozen=True, slots=True)
class PublishedCell:
    """One cell: row from 1, its column, the text, and the number read (None where it holds none)."""

    row: int
    column: str
    printed: str
    value: Decimal | None
    comparator: str
    unit: str
    state: str


def load_tables(folder: Path, now: datetime) -> dict[str, int]:
    """Load every .csv and .json file of a folder, each in place of what it said before. Cells by file.

    A file that has not changed is left alone. Raises ``BadTableError`` naming file and line; files before it stay.
    """
    if not folder.is_dir():
        raise BadTableError(f"{folder} is not a folder of tables")
    found = {}
    for path in sorted([*folder.glob("*.csv"), *folder.glob("*.json")]):
        if path.stat().st_size > _LARGEST:
            raise BadTableError(f"{path.name} has more than {_LARGEST:,} bytes; it is no printed table")
        found[path.name] = _load(path, now)
    if not found:
        raise BadTableError(f"{folder} holds no .csv or .json file")
    return found


def _load(path: Path, now: datetime) -> int:
    raw = path.read_bytes()
    code = hashlib.sha256(raw).hexdigest()
    standing = PublishedTableRow.objects.filter(file=path.name).first()
    if standing is not None and standing.sha256 == code:
        return PublishedCellRow.objects.filter(table=standing).count()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise BadTableError(f"{path.name} is not UTF-8 text: {problem}") from problem
    form = path.suffix.lower().removeprefix(".")
    columns, rows = _csv(path.name, text) if form == "csv" else _json(path.name, text)
    with transaction.atomic(), connection.cursor() as cursor:
        PublishedTableRow.objects.filter(file=path.name).delete()
        table = PublishedTableRow.objects.create(
            file=path.name,
            sha256=code,
            form=form,
            columns=columns,
            lines=len(rows),
            body=text if form == "json" else "",
            documents=sorted({row[columns.index("source")] for row in rows} if "source" in columns else set()),
            loaded_at=now,
        )
        count = 0
        with cursor.copy(_COPY) as out:
            for number, row in enumerate(rows, 1):
                for place, printed in enumerate(row):
                    read = _read(columns[place] if form == "csv" else "value", printed)
                    kept = (read.value, read.comparator, read.unit, str(read.state)) if read else (None, "", "", "")
                    out.write_row((table.pk, number, place, printed, *kept))
                    count += 1
    return count


def _csv(name: str, text: str) -> tuple[list[str], list[list[str]]]:
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as problem:
        raise BadTableError(f"{name} is no CSV table: {problem}") from problem
    if not rows or len(set(rows[0])) != len(rows[0]):
        raise BadTableError(f"{name} line 1: columns need names, each once")
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise BadTableError(f"{name} line {number}: cells do not match the header")
    return rows[0], rows[1:]


def _json(name: str, text: str) -> tuple[list[str], list[list[str]]]:
    """The leaves of a file of rules as (path, value) rows; the file's text is kept whole beside them."""
    try:
        held = json.loads(text)
    except ValueError as problem:
        raise BadTableError(f"{name} is no JSON: {problem}") from problem
    return ["path", "value"], [list(one) for one in _leaves("", held)]


def _leaves(path: str, held: object) -> Iterator[tuple[str, str]]:
    if isinstance(held, dict) and held:
        for key, value in held.items():
            yield from _leaves(f"{path}.{key}" if path else str(key), value)
    elif isinstance(held, list) and held:
        for place, value in enumerate(held):
            yield from _leaves(f"{path}[{place}]", value)
    else:
        yield path, held if isinstance(held, str) else json.dumps(held, ensure_ascii=False)


def _read(column: str, printed: str) -> Reading | None:
    """The figure or state a cell prints, or None for words, dates and document lines."""
    if column in _TEXTS or not printed.strip():
        return None
    try:
        return read_cell(printed, counts=False, dash=Absent.NOT_REPORTED)
    except UnreadableCellError:
        return None


def stored_tables() -> list[PublishedTable]:
    """Every stored table by file name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.file, t.form, t.columns::text, t.lines, t.documents::text, count(c.id), count(c.value) "
            "FROM measurement_published_table t LEFT JOIN measurement_published_cell c ON c.table_id = t.id "
            "GROUP BY t.id ORDER BY t.file"
        )
        return [
            PublishedTable(file, form, tuple(json.loads(columns)), lines, tuple(json.loads(documents)), cells, figures)
            for file, form, columns, lines, documents, cells, figures in cursor.fetchall()
        ]


def table_cells(file: str) -> list[PublishedCell]:
    """Every cell of a stored table in reading order. Raises ``BadTableError`` for a file nobody loaded."""
    table = _table(file)
    rows = PublishedCellRow.objects.filter(table=table).order_by("row", "place")
    names = ("row", "place", "printed", "value", "comparator", "unit", "state")
    return [
        PublishedCell(row, table.columns[place], printed, value, comparator, unit, state)
        for row, place, printed, value, comparator, unit, state in rows.values_list(*names)
    ]


def table_text(file: str) -> str:
    """A stored table as its file again: a .csv file's cells, a .json file's text."""
    table = _table(file)
    if table.form == "json":
        return str(table.body)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table.columns)
    row: list[str] = []
    for cell in table_cells(file):
        row.append(cell.printed)
        if len(row) == len(table.columns):
            writer.writerow(row)
            row = []
    return stream.getvalue()


def _table(file: str) -> PublishedTableRow:
    found = PublishedTableRow.objects.filter(file=file).first()
    if found is None:
        raise BadTableError(f"no table {file} is stored; load its folder with commonweal import FOLDER --published")
    return found
