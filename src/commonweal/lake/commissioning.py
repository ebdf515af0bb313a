"""Commissioning files in the analysis zone: one Parquet file for each landed file, beside the lake's own tables.

What identifies people has been left at the door (``feeds.mapped.door``). A file is written whole or not at all, under
its receipt's number, so that landing it again, or after a crash, replaces it by itself.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from commonweal.lake.manifest import LakeFault
from commonweal.lake.sql import literal, sql

TYPES: dict[str, pa.DataType] = {
    "text": pa.string(), "date": pa.date32(), "integer": pa.int64(), "decimal": pa.float64(), "pseudonym": pa.uint64(),
}  # fmt: skip
_BATCH = 20_000
_FEED: LiteralString = "SELECT * FROM read_parquet({files}, union_by_name = TRUE)"


def place(root: Path, feed: str, receipt: int) -> Path:
    """Where the rows of a receipt's file are, ``root`` being the lake's folder."""
    return root / "commissioning" / feed / f"{receipt}.parquet"


def write(path: Path, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]], receipt: int) -> int:
    """Write rows of texts ('' for none) as typed columns, and how many there were.

    ``columns``: (name, kind of ``TYPES``). A column ``receipt`` says which file a row came from.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    schema = pa.schema([*((name, TYPES[kind]) for name, kind in columns), ("receipt", pa.int64())])
    count = 0
    try:
        with pq.ParquetWriter(unfinished, schema) as out:
            batch: list[Sequence[str]] = []
            for row in rows:
                batch.append(row)
                count += 1
                if len(batch) == _BATCH:
                    out.write_table(_table(batch, columns, schema, receipt))
                    batch.clear()
            out.write_table(_table(batch, columns, schema, receipt))
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def _table(
    rows: Sequence[Sequence[str]], columns: Sequence[tuple[str, str]], schema: pa.Schema, receipt: int
) -> pa.Table:
    made = []
    for n, (_, kind) in enumerate(columns):
        texts = pa.array([row[n] or None for row in rows], pa.string())
        made.append(texts if kind == "text" else texts.cast(TYPES[kind]))
    made.append(pa.array([receipt] * len(rows), pa.int64()))
    return pa.table(made, schema=schema)


@contextmanager
def connected(root: Path, feed: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection with the view ``rows`` of everything of a feed. Raises ``LakeFault`` if there is none."""
    files = sorted(map(str, (root / "commissioning" / feed).glob("*.parquet")))
    if not files:
        raise LakeFault(f"no file of {feed} has landed; land one with commonweal land {feed}")
    with duckdb.connect() as connection:
        listed = literal(files[0]) if len(files) == 1 else literal(str(Path(files[0]).parent / "*.parquet"))
        connection.execute(str(sql("CREATE VIEW rows AS " + _FEED, files=listed)))
        yield connection
