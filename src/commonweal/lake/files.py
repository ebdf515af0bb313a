"""What the lake is written with: rows of a query as a Parquet file of one version, and tables taken in from Arrow."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from commonweal.lake.manifest import LakeFault
from commonweal.lake.sql import Sql, literal, name, sql


@dataclass(slots=True)
class Run:
    """File names of one version; a random part keeps a second try apart from a first that crashed."""

    root: Path
    version: int
    token: str = field(default_factory=lambda: secrets.token_hex(4))

    def write(self, connection: duckdb.DuckDBPyConnection, which: str, query: Sql) -> tuple[str, int]:
        """Write a query's rows as Parquet; the file's name under the root, and the number of rows."""
        relative = f"data/{which}/{self.version:06d}-{self.token}.parquet"
        path = self.root / relative
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        command = sql(
            "COPY ({query}) TO {path} (FORMAT parquet, COMPRESSION zstd)", query=query, path=literal(str(path))
        )
        (count,) = one_row(connection, str(command))
        return relative, count


def one_row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    """The one row of a query that always has one. Raises ``LakeFault``."""
    row = connection.execute(query).fetchone()
    if row is None:
        raise LakeFault("a query that always has a row had none")
    return tuple(row)


def load(connection: duckdb.DuckDBPyConnection, which: str, table: pa.Table) -> None:
    """Copy an Arrow table in, as the table ``which``."""
    connection.register("incoming", table)
    connection.execute(str(sql("CREATE TABLE {t} AS FROM incoming", t=name(which))))
    connection.unregister("incoming")
