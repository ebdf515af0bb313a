"""Bulk import of NDJSON, kept, validated, indexed and searchable, against a bare COPY of the same lines to JSONB.

The limit is one COPY of the same lines into a table of one JSONB column without an index, on the same server in the
same run: what it costs to have them there at all. Ours is what a partner's system gets: the upload received and put
on disk, the gate asked, the job done by the worker's own function, history, receipt, quarantine and search rows. The
first file comes to an empty store, so its search indexes are made at its end, within its time; the second, a third as
large, comes to the store that now holds the first, and every index takes each row as it comes. The last figure is the
rate in the last tenth of the first file over the rate in its first tenth, without the making of the indexes. Units:
resources a second.

``COMMONWEAL_BENCH_LARGE=1`` loads 3 million resources instead of 300 thousand.
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from uuid import uuid4

from _own_process import MEASURE, measured
from land import resources

PRACTICES = 150 if os.environ.get("COMMONWEAL_BENCH_LARGE") == "1" else 15  # 20,000 resources each
PAIRS = 3  # rounds of the limit
TARGET = 0.12
LEVEL = 0.9


def run() -> list[dict[str, object]]:
    """Three rows: both loads against the limit, and the rate at the end against the rate at the beginning."""
    found = measured(__file__)
    rows: list[dict[str, object]] = found[0]["rows"]  # type: ignore[assignment]  # what measure() prints
    return rows


def measure() -> dict[str, object]:
    """Make two files, load them, and COPY the first bare three times."""
    from commonweal.cli import runtime

    runtime.start("batch")
    folder = Path(tempfile.mkdtemp(prefix="commonweal-bench-"))
    first, count = _file(folder / "first.ndjson", range(PRACTICES))
    more, further = _file(folder / "more.ndjson", range(PRACTICES, PRACTICES + PRACTICES // 3))
    bare = [count / _bare(first)]
    seconds, times = _imported(first, count)
    bare += [count / _bare(first) for _ in range(PAIRS - 1)]
    later, _ = _imported(more, further)
    shutil.rmtree(folder)
    tenth = max(1, len(times) // 10)
    begun, ended = times[tenth] - times[0], times[-1] - times[-1 - tenth]
    limit = median(bare)
    return {
        "rows": [
            {"name": f"import {count} lines of NDJSON (resources/s)", "ours": count / seconds, "limit": limit,
             "ratio": count / seconds / limit, "target": TARGET},
            {"name": f"import {further} more into that store (resources/s)", "ours": further / later, "limit": limit,
             "ratio": further / later / limit, "target": TARGET},
            {"name": "import rate, last tenth over first", "ours": count / 10 / ended, "limit": count / 10 / begun,
             "ratio": begun / ended, "target": LEVEL},
        ]
    }  # fmt: skip


def _file(path: Path, seeds: range) -> tuple[Path, int]:
    """NDJSON of as many practices, and how many lines it has."""
    count = 0
    with path.open("w", encoding="utf-8") as out:
        for seed in seeds:
            for _, body in resources(seed, "Y00001"):
                out.write(body + "\n")
                count += 1
    return path, count


def _imported(path: Path, count: int) -> tuple[float, list[float]]:
    """Seconds from the first byte of the upload to the end of the job, and when each batch was in."""
    from commonweal.apps.access import api as access
    from commonweal.apps.exchange.bulk import requests, tasks, uploads

    actor = access.Actor("service:bench", "bench", access.Role.SERVICE, "Y00001")
    times: list[float] = []
    tell = requests.Beside.tell

    def noting(self: requests.Beside, progress: str) -> None:
        times.append(perf_counter())
        tell(self, progress)

    requests.Beside.tell = noting  # type: ignore[method-assign]  # the only place that hears of each batch
    started = perf_counter()
    with path.open("rb") as body:
        kept = uploads.receive(actor.key, body, path.stat().st_size, "")
    ident = uuid4()
    file = {"upload": str(kept.id), "sha256": kept.sha256, "size": kept.size, "address": ""}
    said = {"feed": "api", "same_numbering": False, "files": [file]}
    requests.make("import", ident, actor, access.Purpose.OPERATIONS, "", said)
    tasks.take_in(request=str(ident))
    seconds = perf_counter() - started
    done = requests.find(ident)
    if done is None or done.state != "completed" or done.manifest["files"][0]["accepted"] != count:
        raise RuntimeError(f"the import did not take every line: {done and done.message}")
    return seconds, times[:-1]  # the last one only says that the file has ended


def _bare(path: Path) -> float:
    """Seconds to COPY the same lines into a table of JSONB, durably, as the owner of the table would."""
    import psycopg
    from django.conf import settings

    default = settings.DATABASES["default"]
    lines = path.read_bytes().replace(b"\\", b"\\\\")
    with psycopg.connect(
        host=default["HOST"],
        port=default["PORT"] or None,
        dbname=default["NAME"],
        user="commonweal_owner",
        password=default["PASSWORD"],
    ) as owner:
        owner.execute("CREATE TABLE bare (body jsonb)")
        owner.commit()
        started = perf_counter()
        with owner.cursor().copy("COPY bare FROM STDIN") as copy:
            for start in range(0, len(lines), 1 << 20):
                copy.write(lines[start : start + (1 << 20)])
        owner.commit()
        seconds = perf_counter() - started
        owner.execute("DROP TABLE bare")
    return seconds


if __name__ == "__main__":
    print(json.dumps(measure()) if MEASURE in sys.argv else json.dumps(run(), indent=2))
