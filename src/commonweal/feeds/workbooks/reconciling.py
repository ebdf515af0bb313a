"""Reading tables, workbooks and texts to reconcile, in bounded memory, and what is declared beside them."""

import csv
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import yaml

from commonweal.domain.measurement.reconcile.declared import BadRelationsError, Relations, read_relations
from commonweal.domain.measurement.reconcile.prose import Text
from commonweal.domain.measurement.reconcile.run import reconcile
from commonweal.domain.measurement.reconcile.sheets import Sheet, TableFinding
from commonweal.feeds.workbooks.guard import HostileFileError, check_name_and_start
from commonweal.feeds.workbooks.reading import ENCODINGS, read_sheets
from commonweal.feeds.workbooks.texts import ENDINGS, read_text

LONGEST_LINE = 1_000_000  # characters
MOST_CELLS = 4_000_000  # of a CSV file
_LARGEST_RELATIONS = 500_000  # bytes
_ALIASES = Path(__file__).with_name("aliases.csv")


def table_sheets(path: Path, name: str, encoding: str = "") -> list[Sheet]:
    """The sheets of a .csv or .xlsx file, called ``name`` in findings. Raises ``HostileFileError`` in one line."""
    try:
        if check_name_and_start(path) == "csv":
            return [_csv(path, name, encoding)]
    except FileNotFoundError as problem:
        raise HostileFileError(f"{name} is not there") from problem
    except OSError as problem:
        raise HostileFileError(f"{name} cannot be read ({problem.strerror})") from problem
    return [
        Sheet(name, rows, range(1, len(rows) + 1), sheet.name, merged)
        for sheet in read_sheets(path)
        for rows, merged in [_grid(sheet.cells, sheet.merged)]
        if rows
    ]


def _grid(
    cells: object, merged: Iterable[tuple[int, int, int, int]]
) -> tuple[list[list[str]], tuple[tuple[tuple[int, int], tuple[int, int]], ...]]:
    """Rows of text from cells by (row, column), and merged ranges from nought."""
    found: dict[tuple[int, int], str] = {place: cell.text for place, cell in cells.items()}  # type: ignore[attr-defined]  # a mapping of workbook cells
    if not found:
        return [], ()
    height, width = max(row for row, _ in found), max(column for _, column in found)
    rows = [[""] * width for _ in range(height)]
    for (row, column), text in found.items():
        rows[row - 1][column - 1] = text
    return rows, tuple(((top - 1, left - 1), (bottom - 1, right - 1)) for top, left, bottom, right in merged)


def _csv(path: Path, name: str, encoding: str) -> Sheet:
    if encoding and encoding not in ENCODINGS:
        raise HostileFileError(f"encoding: choose one of {', '.join(ENCODINGS)}, not {encoding!r}")
    with path.open("rb") as stream:
        start = stream.read(2)
    if start in {b"\xff\xfe", b"\xfe\xff"}:
        encoding = "utf-16"
    rows: list[list[str]] = []
    numbers: list[int] = []
    cells = 0
    try:
        with path.open(encoding=encoding if encoding not in {"", "utf-8"} else "utf-8-sig", newline="") as text:
            delimiter = _delimiter(text.read(20_000))
            text.seek(0)
            reader = csv.reader(_lines(text, name), delimiter=delimiter)
            begun = 1
            for row in reader:
                cells += len(row)
                if cells > MOST_CELLS:
                    raise HostileFileError(
                        f"{name} holds more than {MOST_CELLS:,} cells; reconcile its tables one by one"
                    )
                rows.append(row)
                numbers.append(begun)
                begun = reader.line_num + 1
    except UnicodeError as problem:
        raise HostileFileError(
            f"{name} is not {encoding or 'UTF-8'} text; save it as CSV UTF-8, or say --encoding cp1252"
        ) from problem
    except csv.Error as problem:
        raise HostileFileError(f"{name} line {len(rows) + 1} is no row of a table: {problem}") from problem
    return Sheet(name, rows, numbers)


def _delimiter(start: str) -> str:
    lines = start.splitlines()[:20]
    return max(",;\t|", key=lambda mark: (sum(mark in line for line in lines), sum(line.count(mark) for line in lines)))


def _lines(text: Iterable[str], name: str) -> Iterator[str]:
    """Lines as they come, none longer than a table can need; reads no more of one than that."""
    number = 0
    while line := text.readline(LONGEST_LINE + 1):  # type: ignore[attr-defined]  # an open text file
        number += 1
        if len(line) > LONGEST_LINE:
            raise HostileFileError(f"{name} line {number} has more than {LONGEST_LINE:,} characters; it is no table")
        if "\x00" in line:
            raise HostileFileError(
                f"{name} line {number} holds binary data and is no text; ask its sender for the table"
            )
        yield line


def relations_beside(path: Path, name: str) -> Relations | None:
    """What ``FILE.relations.yaml`` declares of a file, None where there is none. Raises ``BadRelationsError``."""
    for beside in (path.with_name(f"{path.name}.relations.yaml"), path.with_name(f"{path.stem}.relations.yaml")):
        if beside.is_file():
            return _relations(beside, name)
    return None


def _relations(path: Path, name: str) -> Relations:
    if path.stat().st_size > _LARGEST_RELATIONS:
        raise BadRelationsError(f"{path.name} has more than {_LARGEST_RELATIONS:,} bytes")
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeError, RecursionError) as problem:
        raise BadRelationsError(f"{path.name} is no YAML: {' '.join(str(problem).split())}") from problem
    return read_relations(content, name)


def _declares(path: Path) -> bool:
    return path.name.endswith((".relations.yaml", ".relations.yml"))


def _given(path: Path, name: str, files: list[str]) -> Relations:
    """A file of relations given among the files, for the one whose name it carries."""
    of = path.name.rpartition(".relations.")[0]
    bare = {file.rpartition("/")[2]: file for file in files}
    found = bare.get(of) or next((file for last, file in bare.items() if last.rpartition(".")[0] == of), None)
    if found is None:
        raise BadRelationsError(f"{name} is for {of}, which is not among the files; give both")
    try:
        return _relations(path, found)
    except OSError as problem:
        raise HostileFileError(f"{name} cannot be read ({problem.strerror})") from problem


@lru_cache(maxsize=1)
def aliases() -> dict[str, str]:
    """Other names of organisations, in lower case, each with the one name it is resolved to; longest first."""
    with _ALIASES.open(encoding="utf-8", newline="") as rows:
        found = {row["alias"].lower(): row["name"].lower() for row in csv.DictReader(rows)}
    return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))


def reconcile_files(paths: Iterable[tuple[Path, str]], encoding: str = "") -> list[TableFinding]:
    """Reconcile tables and texts together, each (path, name in findings).

    Raises ``HostileFileError`` or ``BadRelationsError``, each in one line.
    """
    sheets: list[Sheet] = []
    texts: list[Text] = []
    paths = list(paths)
    files = [(path, name) for path, name in paths if not _declares(path)]
    relations = [_given(path, name, [other for _, other in files]) for path, name in paths if _declares(path)]
    given = {one.file for one in relations}
    for path, name in files:
        if path.suffix.lower() in ENDINGS:
            tables, text = _text(path, name, encoding)
            sheets += tables
            texts.append(text)
        else:
            sheets += table_sheets(path, name, encoding)
        beside = relations_beside(path, name) if name not in given else None
        if beside is not None:
            relations.append(beside)
    return reconcile(sheets, relations, aliases(), texts)


def _text(path: Path, name: str, encoding: str) -> tuple[list[Sheet], Text]:
    try:
        return read_text(path, name, encoding)
    except FileNotFoundError as problem:
        raise HostileFileError(f"{name} is not there") from problem
    except OSError as problem:
        raise HostileFileError(f"{name} cannot be read ({problem.strerror})") from problem


def reconcile_sheets(sheets: Iterable[Sheet]) -> list[TableFinding]:
    """Reconcile tables in memory, such as those a report is about to print."""
    return reconcile(sheets, (), aliases())
