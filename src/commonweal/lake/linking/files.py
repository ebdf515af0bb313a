"""Any CSV or Parquet files of people read into table ``raw``: which column says what, and which rows they are."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from commonweal.domain.errors import CommonwealError
from commonweal.lake.linking.comparisons import expected
from commonweal.lake.linking.standard import meaningful

COLUMNS = (
    "nhs_number", "given", "middle", "family", "born", "sex", "postcode", "house", "address1", "address2", "place",
    "state", "phone", "email", "occupation",
)  # fmt: skip
_PARTS = ("born_year", "born_month", "born_day")
_ROLES = (*COLUMNS, "full_name", "identifier", *_PARTS)
_SQUEEZE = re.compile(r"[^a-z0-9]")
# FEBRL writes the truth into the record id: rec-1070-org and rec-1070-dup-0 are one person.
_FEBRL = "^(rec-[0-9]+)-(?:org|dup-[0-9]+)$"


class LinkInput(CommonwealError):
    """A file that cannot be linked: not there, not a table, or without the columns; its message says which."""


@dataclass(frozen=True, slots=True)
class Read:
    """One file as read: its path, rows, and the column used for each role."""

    path: Path
    rows: int
    columns: dict[str, str]


def read(
    connection: duckdb.DuckDBPyConnection, paths: Sequence[Path], named: Mapping[str, str], truth: str | None
) -> list[Read]:
    """Make table ``raw`` (record, file, identifier, truth, ``COLUMNS``: text) of the rows of ``paths``, in order.

    ``named`` maps a role to the column that has it, before recognition by name; an empty column name leaves the
    role out. Raises LinkInput for a file or a column that is not there, and for a role unknown.
    """
    if unknown := sorted(set(named) - set(_ROLES)):
        raise LinkInput(f"no such role as {', '.join(unknown)}; roles are {', '.join(_ROLES)}")
    found: list[Read] = []
    start = 0
    for place, path in enumerate(paths):
        table = _open(connection, path)
        columns = recognise(table.columns, named, truth)
        if not {"given", "family", "full_name", "born", "nhs_number", "email"} & set(columns):
            raise LinkInput(f"{path} has no column recognised as a name or birth date; name them in a --map file")
        rows = _rows(connection, table, columns, place, start, truth)
        if place:
            rows.insert_into("raw")
        else:
            rows.create("raw")
        row = connection.table("raw").aggregate("count(*)").fetchone()
        total = int(row[0]) if row else 0
        found.append(Read(path, total - start, columns))
        start = total
    if start < 2:
        raise LinkInput("there are fewer than two records to link")
    if truth is not None:
        _febrl_truth(connection)
    return found


def recognise(columns: Sequence[str], named: Mapping[str, str], truth: str | None = None) -> dict[str, str]:
    """Role to column: those ``named`` first, then by the names listed in ``columns.json``; ``truth`` is never used."""
    by_name: dict[str, str] = {}
    for column in columns:
        if '"' not in column:  # no header anybody meant has one
            by_name.setdefault(_SQUEEZE.sub("", column.lower()), column)
    taken = {truth} if truth else set()
    found: dict[str, str] = {}
    for role, column in named.items():
        if column:
            exact = next((one for one in columns if one.strip() == column.strip()), None)
            if exact is None:
                raise LinkInput(f"there is no column {column!r}; the file has {', '.join(c.strip() for c in columns)}")
            found[role] = exact
            taken.add(exact.strip())
    for role in _ROLES:
        if role in named:
            continue
        for name in expected()["roles"].get(role, ()):
            column = by_name.get(name, "")
            if column and (column.strip() not in taken or role == "identifier"):
                found[role] = column
                taken.add(column.strip())
                break
    if "given" in found and "family" in found:
        found.pop("full_name", None)
    return found


def _open(connection: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyRelation:
    """The rows of one file, every column text."""
    if not path.is_file():
        raise LinkInput(f"there is no file {path}")
    try:
        if path.suffix.lower() in {".parquet", ".pq"}:
            return connection.read_parquet(str(path))
        return connection.read_csv(str(path), header=True, all_varchar=True, strict_mode=False)
    except duckdb.Error as error:
        raise LinkInput(f"{path} is not a CSV or Parquet file: {str(error).splitlines()[0]}") from error


def _rows(
    connection: duckdb.DuckDBPyConnection,
    table: duckdb.DuckDBPyRelation,
    columns: Mapping[str, str],
    file: int,
    start: int,
    truth: str | None,
) -> duckdb.DuckDBPyRelation:
    """One file's rows with the columns of ``raw``."""
    name = next((one for one in table.columns if truth is not None and one.strip() == truth.strip()), None)
    if truth is not None and name is None:
        raise LinkInput(
            f"there is no truth column {truth!r}; the file has {', '.join(c.strip() for c in table.columns)}"
        )
    nothing = duckdb.ConstantExpression(None).cast("VARCHAR")
    values = {role: meaningful(columns[role]) if role in columns else nothing for role in COLUMNS}
    if "born" not in columns and set(_PARTS) <= set(columns):
        year, month, day = (meaningful(columns[part]) for part in _PARTS)
        values["born"] = duckdb.FunctionExpression("concat_ws", duckdb.ConstantExpression("-"), year, month, day)
    if "full_name" in columns:
        whole = meaningful(columns["full_name"])
        empty = duckdb.ConstantExpression("")
        last = duckdb.FunctionExpression("regexp_extract", whole, duckdb.ConstantExpression(r"\S+$"))
        first = duckdb.FunctionExpression("regexp_replace", whole, duckdb.ConstantExpression(r"\s*\S+$"), empty)
        values |= {role: value for role, value in (("given", first), ("family", last)) if role not in columns}
    number = duckdb.SQLExpression("row_number() OVER ()") + duckdb.ConstantExpression(start)
    identifier = meaningful(columns["identifier"]) if "identifier" in columns else nothing
    return table.select(
        number.cast("BIGINT").alias("record"),
        duckdb.ConstantExpression(file).cast("INTEGER").alias("file"),
        identifier.alias("identifier"),
        (meaningful(name) if name else nothing).alias("truth"),
        *(values[role].alias(role) for role in COLUMNS),
    )


def _febrl_truth(connection: duckdb.DuckDBPyConnection) -> None:
    """Where the truth column is FEBRL's record id, keep the part that names the person."""
    connection.execute(
        "UPDATE raw SET truth = regexp_extract(truth, ?, 1) WHERE regexp_matches(truth, ?)", [_FEBRL, _FEBRL]
    )
