"""Rows a second of a supplier's CSV, mapped, validated and stored, against DuckDB typing the same file into JSON.

Ours is the whole landing: the file kept, read twice under its mapping, each resource validated, stored with search rows
and history, the receipt written. DuckDB reads the same file into typed columns and writes them as JSON, on as many
threads as it likes. Both see the same number of rows. The slope is the rate at 100,000 rows over that at 10,000; a
million with ``COMMONWEAL_BENCH_LARGE=1``. The memory is the most that the landing process and the one that reads for it
have held at once after each, as the system counts it.
"""

import csv
import json
import os
import random
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from _own_process import MEASURE, measured

SMALL, LARGE = 10_000, 1_000_000 if os.environ.get("COMMONWEAL_BENCH_LARGE") else 100_000
TARGET, LEVEL, BOUNDED = 0.02, 0.9, 1.5
_HEADER = (
    "PatientId,NHSNumber,GivenName,FamilyName,BirthDate,Gender,EthnicCategory,Postcode,GPPracticeCode,RecordType,"
    "RecordId,ReferralId,Date,EndDate,TeamName,TeamType,ReferralReason,ContactType,Attended"
)


def run() -> list[dict[str, object]]:
    """Three rows: the rate at ``LARGE`` rows against DuckDB's, rate and memory there against those at ``SMALL``."""
    (found,) = measured(__file__)
    small, large = found.pop("small"), found["ours"]
    if not isinstance(small, float) or not isinstance(large, float):
        raise TypeError("rates are numbers")
    level = {"name": "slope of csv_feed (rows/s)", "ours": large, "limit": small, "ratio": large / small}
    least, most = float(str(found.pop("memory_small"))), float(str(found.pop("memory_large")))
    memory = {"name": "memory of csv_feed (MB at most)", "ours": most, "limit": least, "ratio": most / least}
    return [found, {**level, "target": LEVEL}, {**memory, "target": BOUNDED}]


def measure() -> dict[str, Any]:
    """Land both files in this process's home, and let DuckDB read the larger."""
    from commonweal.cli import runtime

    runtime.start("batch")
    from commonweal.apps.exchange import api as exchange

    rates, memory = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for size in (SMALL, LARGE):
            path = _write(Path(folder) / f"{size}.csv", size)
            began = time.perf_counter()
            landed = exchange.land("community", [path], f"RY{size}"[:12])
            rates[size] = size / (time.perf_counter() - began)
            memory[size] = _most_held()
            if (landed["read"], landed["quarantined"]) != (size, 0):
                raise RuntimeError(f"of {size} rows {landed['read']} were read and {landed['quarantined']} set aside")
        limit = max(LARGE / _duckdb(path, LARGE) for _ in range(3))
    ours = rates[LARGE]
    return {
        "name": "CSV feed by mapping (rows/s)",
        "ours": ours,
        "limit": limit,
        "ratio": ours / limit,
        "target": TARGET,
        "small": rates[SMALL],
        "memory_small": memory[SMALL],
        "memory_large": memory[LARGE],
    }


def _most_held() -> float:
    """Megabytes that this process and the largest of those it started have held at most."""
    both = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(both) / 1024


def _write(path: Path, size: int) -> Path:
    """A file of ten rows a person: a referral and its contacts."""
    rng = random.Random(size)  # a made-up file, the same in every run
    with path.open("w", newline="") as out:
        out.write(_HEADER + "\n")
        writer = csv.writer(out, lineterminator="\n")
        for n in range(size):
            who, first = divmod(n, 10)
            day = f"{1 + rng.randrange(28):02d}/{1 + rng.randrange(12):02d}/{2015 + rng.randrange(6)}"
            person = (f"P{who}", "", f"Given{who % 97}", f"Family{who % 301}", f"01/02/{1930 + who % 80}", "1", "A")
            place = ("ZA1 1AA", "X90001")
            if first == 0:
                own: tuple[str, ...] = ("referral", f"R{who}", "", day, "", "Nursing", "Nursing", "Wound", "", "")
            else:
                own = ("contact", f"C{n}", f"R{who}", day, "", "Nursing", "Nursing", "Wound", "clinic", "attended")
            writer.writerow((*person, *place, *own))
    return path


def _duckdb(path: Path, size: int) -> float:
    """Seconds to read the file into typed columns and write them as JSON."""
    import duckdb

    out = path.with_suffix(".json")
    began = time.perf_counter()
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE rows AS SELECT * FROM read_csv(?, header = true, dateformat = '%d/%m/%Y', "
            "types = {'BirthDate': 'DATE', 'Date': 'DATE', 'EndDate': 'DATE'})",
            [str(path)],
        )
        copied = connection.execute("COPY rows TO '" + str(out).replace("'", "''") + "' (FORMAT json)").fetchone()
    seconds = time.perf_counter() - began
    with out.open() as lines:
        typed = json.loads(next(lines))
    if copied is None or copied[0] != size or typed["Date"][4] != "-":
        raise RuntimeError("DuckDB did not read the rows it was to read")
    return seconds


if __name__ == "__main__":
    print(json.dumps(measure()) if MEASURE in sys.argv else json.dumps(run(), indent=2))
