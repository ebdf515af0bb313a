"""Identify end to end against bare Splink doing the same work with the same model; then a day's new records, and one.

Ours reads demographics from the database, standardises, links by number and birth date, weighs, applies the rules that
keep twins and namesakes apart, clusters, counts the bias report, and writes people, links and the review queue back.
The limit is Splink on DuckDB with the same records, model (so neither trains), blocking rules and threads: records
read from a Parquet file and standardised by the same statement, predicted, clustered at the same weight, and the
clusters written to a Parquet file. Its clusters hold people of one household whom ours keeps apart; precision and
recall of both are beside the figures. For new records the limit is its predict alone, over all records. Each side has
a process of its own, whose imports are not timed; ours includes the database's process. Records a second, seconds.
"""

import json
import os
import pickle
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from _own_process import MEASURE, measured

LARGE = bool(os.environ.get("COMMONWEAL_BENCH_LARGE"))
PEOPLE = int(os.environ.get("COMMONWEAL_BENCH_PEOPLE") or (560_000 if LARGE else 10_000))  # about 1.76 records each
DAY = 5_000 if LARGE else 100  # new records of a day
ROUNDS = 1 if LARGE else 3
SEED = 4711


def run() -> list[dict[str, object]]:
    """Rows: name, ours, limit, ratio (of the first of records a second; of the others of seconds, and of memory)."""
    (row,) = measured(__file__)
    rows = row["rows"]
    return list(rows) if isinstance(rows, list) else []


def measure() -> dict[str, object]:
    """A first run over PEOPLE people less a day's records, that day, one record more; and Splink over all of them."""
    with tempfile.TemporaryDirectory() as folder:
        made = _child("make", folder)
        rounds = []
        for _ in range(ROUNDS):
            _child("empty", folder)
            rounds.append((_child("everything", folder), _child("splink", folder)))
        day, one = _child("day", folder), _child("one", folder)
        judged = _child("judge", folder)

    def median(key: str) -> tuple[float, float]:
        return tuple(statistics.median(pair[side][key] for pair in rounds) for side in (0, 1))

    seconds, processor, memory = median("seconds"), median("processor"), median("memory")
    predict = statistics.median(theirs["predict"] for _, theirs in rounds)
    landed, total = made["landed"], made["records"]
    if judged["records"] != total:
        raise SystemExit(f"{total} records went in and {judged['records']} came out")
    rate = landed / seconds[0], total / seconds[1]
    work = landed / processor[0], total / processor[1]
    return {
        "rows": [
            {
                "name": f"identify {total} records (records/s)",
                "ours": rate[0],
                "limit": rate[1],
                "ratio": rate[0] / rate[1],
                "target": 0.67,
                **{key: judged[key] for key in ("verified", "probable", "splink")},
            },
            {
                "name": "identify, records a second of processor time",
                "ours": work[0],
                "limit": work[1],
                "ratio": work[0] / work[1],
            },
            {"name": "identify, most memory (GB)", "ours": memory[0], "limit": memory[1],
             "ratio": memory[0] / memory[1]},
            {"name": f"identify {DAY} new records (s)", "ours": day["seconds"], "limit": predict,
             "ratio": day["seconds"] / predict, "processor": day["processor"]},
            {"name": "identify one new record (s)", "ours": one["seconds"], "limit": predict,
             "ratio": one["seconds"] / predict, "target": 0.05, "processor": one["processor"]},
        ]
    }  # fmt: skip


def _child(what: str, folder: str) -> dict[str, Any]:
    """What a step prints, run in a process of its own."""
    done = subprocess.run([sys.executable, __file__, what, folder], stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def make(folder: Path) -> dict[str, object]:
    """Make the records, land all but a day's and one, and keep those, the standard columns and the truth as files."""
    import pyarrow.parquet as pq

    import _linkage_records as records

    _start("batch")
    rows = records.rows(PEOPLE, SEED)
    pq.write_table(records.table(rows), folder / "records.parquet")
    order = sorted(rows, key=lambda row: (row.compartment_id * 7919) % 1_000_003)
    first, day, last = order[: -DAY - 1], order[-DAY - 1 : -1], order[-1:]
    (folder / "later").write_bytes(pickle.dumps((day, last)))
    (folder / "truth").write_bytes(
        pickle.dumps({row.compartment_id: (row.source, row.local_id, row.person) for row in rows})
    )
    for start in range(0, len(first), 100_000):
        _land(first[start : start + 100_000])
    return {"records": len(rows), "landed": len(first)}


def empty(folder: Path) -> dict[str, object]:
    """Forget what earlier runs concluded."""
    _start("owner")
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE identity_membership, identity_person, identity_probable, identity_review, identity_pair,"
            " identity_frequency, identity_run, identity_event, identity_bias"
        )
        cursor.execute("ANALYZE identity_demographics")
    return {}


def everything(folder: Path) -> dict[str, object]:
    """A run over everything."""
    return _timed(lambda api: api.identify())


def day(folder: Path) -> dict[str, object]:
    """A run over the changes after a day's records."""
    return _later(folder, 0)


def one(folder: Path) -> dict[str, object]:
    """A run over the changes after one record."""
    return _later(folder, 1)


def splink(folder: Path) -> dict[str, object]:
    """Splink's seconds, processor time, memory; and its clusters as a file."""
    import duckdb

    from commonweal.domain.identity import probable
    from commonweal.lake import linkage

    with duckdb.connect(config={"temp_directory": str(folder)}) as engine:
        linkage.linker(_small(folder), {**linkage.model(), "probability_two_random_records_match": 0.01})
        began, work = perf_counter(), process_time()
        engine.read_parquet(str(folder / "records.parquet")).create("records")
        records = linkage.standardise(engine, folder)
        model = {**linkage.model(), "probability_two_random_records_match": linkage.prior(records)}
        asked = linkage.linker(engine, model)
        started = perf_counter()
        pairs = asked.inference.predict(threshold_match_weight=probable.REVIEW, warning_mode="never")
        predict = perf_counter() - started
        clusters = asked.clustering.cluster_pairwise_predictions_at_threshold(
            pairs, threshold_match_weight=probable.LINK
        )
        found = engine.table(clusters.physical_name).project("unique_id, cluster_id")
        found.write_parquet(str(folder / "clusters.parquet"))
        return {
            "seconds": perf_counter() - began,
            "predict": predict,
            "processor": process_time() - work,
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        }


def judge(folder: Path) -> dict[str, object]:
    """Precision and recall of both, over pairs."""
    import pyarrow.parquet as pq

    _start("batch")
    from commonweal.apps.identity import api
    from commonweal.apps.identity.evaluation import pairwise

    said = pickle.loads((folder / "truth").read_bytes())
    truth = {(source, local): person for source, local, person in said.values()}
    rows = api.crosswalk()
    clusters = pq.read_table(folder / "clusters.parquet").to_pydict()
    theirs = {
        said[record][:2]: cluster for record, cluster in zip(clusters["unique_id"], clusters["cluster_id"], strict=True)
    }
    return {
        "records": len(rows),
        "verified": pairwise({(source, local): person for source, local, person, _ in rows}, truth),
        "probable": pairwise({(source, local): person for source, local, _, person in rows}, truth),
        "splink": pairwise(theirs, truth),
    }


def _small(folder: Path) -> Any:
    """An engine with a handful of standardised records: what Splink has to import is imported over it."""
    import duckdb

    from commonweal.lake import linkage

    engine = duckdb.connect()
    engine.read_parquet(str(folder / "records.parquet")).limit(10).create("records")
    linkage.standardise(engine, folder)
    return engine


def _later(folder: Path, which: int) -> dict[str, object]:
    _start("batch")
    _land(pickle.loads((folder / "later").read_bytes())[which])
    return _timed(lambda api: api.identify(changed=True))


def _timed(step: Callable[[Any], object]) -> dict[str, object]:
    """Seconds, processor time and memory of a step, the database's process that serves it included."""
    _start("batch")
    from django.db import connection

    from commonweal.apps.identity import api

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        ((backend,),) = cursor.fetchall()
    before, work, began = _processor(backend), process_time(), perf_counter()
    step(api)
    return {
        "seconds": perf_counter() - began,
        "processor": process_time() - work + _processor(backend) - before,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6 + _memory(backend),
    }


def _processor(process: int) -> float:
    """Seconds of processor time of another process."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(process: int) -> float:
    """The most memory another process has had, in GB, pages it shares with others included."""
    line = next(one for one in Path(f"/proc/{process}/status").read_text().splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) / 1e6


def _start(role: str) -> None:
    from commonweal.cli import runtime

    runtime.start(role)


def _land(records: list[Any]) -> None:
    from commonweal.apps.identity import api

    api.upsert_demographics((row.compartment_id, row.source, row.local_id, row.said) for row in records)


STEPS = {step.__name__: step for step in (make, empty, everything, day, one, splink, judge)}

if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] in STEPS:
        print(json.dumps(STEPS[sys.argv[1]](Path(sys.argv[2]))))
    else:
        print(json.dumps(measure()) if MEASURE in sys.argv else json.dumps(run(), indent=2))
