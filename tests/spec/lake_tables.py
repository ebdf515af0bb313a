"""Rows in, cells out: the same tables given to the reference and to DuckDB."""

from datetime import date

import duckdb
import pyarrow as pa

from commonweal.domain.population import reference
from commonweal.domain.population.declarations import Declaration
from commonweal.domain.population.reference import Cell, Tables
from commonweal.lake import registers

_TYPES = {
    "uint64": pa.uint64(),
    "int64": pa.int64(),
    "date": pa.date32(),
    "string": pa.string(),
    "boolean": pa.bool_(),
}


def connection(tables: Tables) -> duckdb.DuckDBPyConnection:
    """A DuckDB database holding ``tables`` as the lake would."""
    rows = {
        "person": tables.people,
        "link": list(tables.person_of.items()),
        "condition": tables.condition,
        "observation": tables.observation,
        "admission": tables.admission,
        "codelist": [(name, code) for name, codes in tables.codes.items() for code in codes],
        "practice": [(practice, *areas) for practice, areas in tables.footprints.items()],
        "small_area": list(tables.quintiles.items()),
    }
    made = duckdb.connect()
    for which, schema in registers.SCHEMAS.items():
        columns = {
            column: pa.array([_value(row, n, column) for row in rows[which]], _TYPES[type_])
            for n, (column, type_) in enumerate(schema.items())
        }
        made.register("incoming", pa.table(columns))
        made.execute(f'CREATE TABLE "{which}" AS FROM incoming')
        made.unregister("incoming")
    return made


def _value(row: object, n: int, column: str) -> object:
    return row[n] if isinstance(row, tuple) else getattr(row, column)


def both(declarations: tuple[Declaration, ...], tables: Tables, as_at: date) -> dict[Cell, int]:
    """The cells by the reference, after checking that DuckDB gives the same."""
    expected = {cell: n for one in declarations for cell, n in reference.counts(one, tables, as_at).items()}
    with connection(tables) as made:
        assert registers.count(made, declarations, as_at) == expected
    return expected
