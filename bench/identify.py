"""Identify end to end, against Splink's bare predict with the same model on the same records in the same run;
then a day's new records, and one new record, against the same predict.

Ours reads demographics from the database, standardises, links by number and birth date, predicts, applies the
rules that keep twins and namesakes apart, clusters, and writes people, links and the review queue back. The
limit is Splink's predict alone on the standardised table. Units: records a second. Runs in a home of its own.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from _own_process import MEASURE, measured

PEOPLE = 560_000 if os.environ.get("COMMONWEAL_BENCH_LARGE") else 10_000  # about 1.8 records each
DAY = 5_000 if os.environ.get("COMMONWEAL_BENCH_LARGE") else 100  # new records of a day
SEED = 4711


def run() -> list[dict[str, object]]:
    """Three rows: name, ours, limit, ratio (of the first, of records a second; of the others, of seconds)."""
    (row,) = measured(__file__)
    rows = row["rows"]
    return list(rows) if isinstance(rows, list) else []


def measure() -> dict[str, object]:
    """A first run over PEOPLE people less a day's records, that day, one record more; and bare predict over all."""
    import _linkage_records as made
    from commonweal.cli import runtime

    runtime.start("batch")
    from commonweal.apps.identity import api
    from commonweal.apps.identity.evaluation import pairwise

    records = made.rows(PEOPLE, SEED)
    order = sorted(records, key=lambda row: (row.compartment_id * 7919) % 1_000_003)
    first, day, last = order[: -DAY - 1], order[-DAY - 1 : -1], order[-1:]
    _land(first)
    bare = _bare(made.table(records))
    started = perf_counter()
    api.identify()
    seconds = perf_counter() - started
    _land(day)
    started = perf_counter()
    api.identify(changed=True)
    daily = perf_counter() - started
    _land(last)
    started = perf_counter()
    api.identify(changed=True)
    single = perf_counter() - started
    truth = {(row.source, row.local_id): row.person for row in records}
    rows = api.crosswalk()
    if len(rows) != len(records):
        raise SystemExit(f"{len(records)} records went in and {len(rows)} came out")
    verified = pairwise({(source, local): person for source, local, person, _ in rows}, truth)
    probable = pairwise({(source, local): person for source, local, _, person in rows}, truth)
    whole = {
        "name": f"identify {PEOPLE} people (records/s)",
        "ours": len(first) / seconds,
        "limit": len(records) / bare,
        "ratio": (len(first) / seconds) / (len(records) / bare),
        "target": 0.67,
        "verified": verified,
        "probable": probable,
    }
    some = {"name": f"identify {DAY} new records (s)", "ours": daily, "limit": bare, "ratio": daily / bare}
    one = {"name": "identify one new record (s)", "ours": single, "limit": bare, "ratio": single / bare, "target": 0.05}
    return {"rows": [whole, some, one]}


def _land(records: list[Any]) -> None:
    from commonweal.apps.identity import api

    api.upsert_demographics((row.compartment_id, row.source, row.local_id, row.said) for row in records)


def _bare(table: object) -> float:
    """Seconds of Splink's predict on the standardised records with the shipped model, Splink already imported."""
    import duckdb

    from commonweal.domain.identity import probable
    from commonweal.lake import linkage

    with tempfile.TemporaryDirectory() as scratch, duckdb.connect() as connection:
        connection.register("source", table)
        connection.execute("CREATE TABLE records AS FROM source")
        linkage.standardise(connection, Path(scratch))
        records = connection.execute("SELECT count(*) FROM linkage").fetchall()[0][0]
        model = {
            **linkage.model(),
            "probability_two_random_records_match": linkage.prior(records),
            "retain_intermediate_calculation_columns": True,
        }
        times = []
        for _ in range(2):  # the first imports, and warms the same way ours is warm
            started = perf_counter()
            asked = linkage.linker(connection, model)
            asked.inference.predict(threshold_match_weight=probable.REVIEW, warning_mode="never")
            times.append(perf_counter() - started)
        return times[-1]


if __name__ == "__main__":
    print(json.dumps(measure()) if MEASURE in sys.argv else json.dumps(run(), indent=2))
