"""Leaving out of the lake's files those of whom no use beyond their care may have anything.

Who opted out of some uses is hidden from those by the lake's views; who opted out of all has nothing to be there for.
Only files that hold something of theirs are written anew, as they are but for those rows. The former files go with the
next refresh, so that whoever reads them can finish.
"""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from commonweal.lake.files import Run, load, one_row
from commonweal.lake.manifest import Manifest
from commonweal.lake.pseudonym import pseudonyms
from commonweal.lake.sql import name, sql
from commonweal.lake.tables import LAKE_TABLES

if TYPE_CHECKING:
    from commonweal.lake.store import Lake

FORGOTTEN = "forgotten"  # the table of their compartments


def forget(
    lake: "Lake", connection: duckdb.DuckDBPyConnection, run: Run, after: Manifest, compartments: Collection[int]
) -> int:
    """Make ``after`` name only files without a row of these compartments; how many rows went. A file says whose."""
    before = after.files.pop(FORGOTTEN, None)
    if not compartments:
        return 0
    out = list(pseudonyms(lake.key, "compartment", compartments).values())
    load(connection, FORGOTTEN, pa.table({"compartment": pa.array(out, pa.uint64())}))
    path, _ = run.write(connection, FORGOTTEN, sql("SELECT * FROM {t} ORDER BY ALL", t=name(FORGOTTEN)))
    after.files[FORGOTTEN] = [path]
    fresh = sql("SELECT * FROM {t}", t=name(FORGOTTEN))
    if before:
        fresh = sql("{f} ANTI JOIN {b} USING (compartment)", f=fresh, b=lake.parquet(before))
    if not one_row(connection, str(sql("SELECT count(*) FROM ({f})", f=fresh)))[0]:
        return 0
    gone = 0
    for one in LAKE_TABLES:
        kept = []
        for file in after.files[one.name]:
            rows = lake.parquet([file])
            held = sql("SELECT count(*) FROM {r} SEMI JOIN ({f}) f USING (compartment)", r=rows, f=fresh)
            (count,) = one_row(connection, str(held))
            if not count:
                kept.append(file)
                continue
            query = sql("SELECT * FROM {r} ANTI JOIN ({f}) f USING (compartment)", r=rows, f=fresh)
            path, _ = Run(run.root, run.version).write(connection, one.name, query)
            kept.append(path)
            gone += count
            after.rows[one.name] -= count
            if file == after.files[one.name][0]:
                after.base_rows -= count
        after.files[one.name] = kept
    return gone


def missing(lake: "Lake", compartments: Iterable[int]) -> set[int]:
    """Those of ``compartments`` that the lake as it is was told to forget."""
    files = lake.manifest.files.get(FORGOTTEN)
    if not files:
        return set()
    with duckdb.connect() as connection:
        table = sql("SELECT compartment FROM {f}", f=lake.parquet(files))
        gone = {row[0] for row in connection.execute(str(table)).fetchall()}
    asked = list(compartments)
    known = pseudonyms(lake.key, "compartment", asked)
    return {one for one in asked if known[one] in gone}
