"""Identify end to end, against Splink's bare predict with the same model on the same records in the same run.

Ours reads demographics from the database, standardises, links by number and birth date, predicts, applies the
rules that keep twins and namesakes apart, clusters, and writes people, links and the review queue back. The
limit is Splink's predict alone on the standardised table. Units: records a second. Runs in a home of its own.
"""

import json
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from _own_process import MEASURE, measured

PEOPLE = 20_000
SEED = 4711


def run() -> list[dict[str, object]]:
    """One row: name, ours, limit (both records a second), ratio, and how right the links were."""
    return measured(__file__)


def measure() -> dict[str, object]:
    """A first run over PEOPLE people, and bare predict over the same records."""
    import _linkage_records as made
    from commonweal.cli import runtime

    runtime.start("batch")
    from commonweal.apps.identity import api
    from commonweal.apps.identity.evaluation import pairwise

    records = made.rows(PEOPLE, SEED)
    api.upsert_demographics((row.compartment_id, row.source, row.local_id, row.said) for row in records)
    bare = _bare(made.table(records))
    started = perf_counter()
    result = api.identify()
    seconds = perf_counter() - started
    truth = {(row.source, row.local_id): row.person for row in records}
    rows = api.crosswalk()
    verified = pairwise({(source, local): person for source, local, person, _ in rows}, truth)
    probable = pairwise({(source, local): person for source, local, _, person in rows}, truth)
    return {
        "name": f"identify {PEOPLE} people (records/s)",
        "ours": len(records) / seconds,
        "limit": len(records) / bare,
        "ratio": bare / seconds,
        "records": result["records"],
        "verified": verified,
        "probable": probable,
    }


def _bare(table: object) -> float:
    """Seconds of Splink's predict on the standardised records with the shipped model, Splink already imported."""
    import duckdb

    from commonweal.domain.identity import probable
    from commonweal.lake import linkage

    with tempfile.TemporaryDirectory() as scratch, duckdb.connect() as connection:
        connection.register("source", table)
        connection.execute("CREATE TABLE records AS FROM source")
        linkage.standardise(connection, Path(scratch))
        linkage.predict(connection, probable.REVIEW)  # imports, and warms the same way ours is warm
        started = perf_counter()
        linkage.predict(connection, probable.REVIEW)
        return perf_counter() - started


if __name__ == "__main__":
    print(json.dumps(measure()) if MEASURE in sys.argv else json.dumps(run(), indent=2))
