"""A lawful removal from the lake: every file written anew without some rows, and the old files deleted at once.

A tombstone would hide the rows and leave them on the disk until the next compaction.
"""

from collections.abc import Iterable
from dataclasses import replace

import duckdb
import pyarrow as pa

from commonweal.lake import manifest as manifests
from commonweal.lake.files import Run, load, one_row
from commonweal.lake.pseudonym import pseudonyms
from commonweal.lake.sql import literal, sql
from commonweal.lake.store import Lake
from commonweal.lake.tables import LAKE_TABLES


def remove(lake: Lake, rows: Iterable[int], compartments: Iterable[int]) -> int:
    """Leave these rows (``rid``) and the links of these compartments out of every file; how many rows were there.

    The former files go even while somebody reads them: a removal does not wait. Call inside ``lake.locked()``. A
    lake that was never built holds nothing.
    """
    before = lake.manifest
    if not before.version:
        return 0
    run = Run(lake.root, before.version + 1)
    links = pa.array(list(pseudonyms(lake.key, "compartment", compartments).values()), pa.uint64())
    after = replace(before, version=run.version, files=dict(before.files), rows={})
    found = 0
    with duckdb.connect() as connection:
        load(connection, "gone", pa.table({"row": pa.array(sorted(set(rows)), pa.int64())}))
        load(connection, "gone_links", pa.table({"compartment": links}))
        for one in LAKE_TABLES:
            live = lake.live(one, before)
            counted = sql("SELECT count(*) FROM ({live}) WHERE row IN (SELECT row FROM gone)", live=live)
            found += one_row(connection, str(counted))[0]
            query = sql(
                "SELECT *, {version} AS version FROM ({live}) WHERE row NOT IN (SELECT row FROM gone)"
                " ORDER BY compartment",
                version=literal(run.version),
                live=live,
            )
            path, after.rows[one.name] = run.write(connection, one.name, query)
            after.files[one.name] = [path]
        query = sql(
            "SELECT * FROM {files} WHERE compartment NOT IN (SELECT compartment FROM gone_links) ORDER BY ALL",
            files=lake.parquet(before.files["link"]),
        )
        path, _ = run.write(connection, "link", query)
        after.files["link"] = [path]
    after.files.pop("tombstone", None)
    after.base_rows = sum(after.rows.values())
    manifests.write(lake.root, after)
    lake.sweep(after)
    return found
