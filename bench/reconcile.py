"""Reconciling a long table against Python's csv module reading the same file: 100,000 rows of plan, actual, variance.

Every row's variance and percentage is recomputed, columns are totalled; three planted errors must be found and nothing
else. The limit is ``csv.reader`` over the same bytes, which is what looking at the cells costs at all. Units: rows a
second of processor time; median of paired rounds in this process.
"""

import csv
import random
import tempfile
from pathlib import Path
from statistics import median
from time import process_time

from commonweal.feeds.workbooks.reconciling import reconcile_files

ROWS = 100_000
PAIRS = 3
PLANTED = (10, 50_000, 99_990)


def run() -> list[dict[str, object]]:
    """One line: rows a second reconciled, over rows a second read at all."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plans.csv"
        _write(path)
        ours, limits = [], []
        for _ in range(PAIRS):
            start = process_time()
            with path.open(newline="", encoding="utf-8") as stream:
                read = sum(1 for _ in csv.reader(stream))
            limits.append(process_time() - start)
            start = process_time()
            found = [one for one in reconcile_files([(path, path.name)]) if one.severity != "note"]
            ours.append(process_time() - start)
            lines = {int("".join(filter(str.isdigit, one.line)) or 0) for one in found}
            if read != ROWS + 1 or len(found) != len(PLANTED) or len(lines) != len(PLANTED):
                raise AssertionError(f"{len(found)} findings of {len(PLANTED)} planted: {found[:3]}")
    return [
        {
            "name": "reconcile",
            "unit": "rows/s",
            "ours": round(ROWS / median(ours)),
            "limit": round(ROWS / median(limits)),
            "ratio": round(median(limits) / median(ours), 3),
        }
    ]


def _write(path: Path) -> None:
    rng = random.Random(6)
    with path.open("w", newline="", encoding="utf-8") as stream:
        out = csv.writer(stream)
        out.writerow(["Scheme", "Plan", "Actual", "Variance"])
        for row in range(1, ROWS + 1):
            plan, actual = rng.randint(1_000, 90_000), rng.randint(1_000, 90_000)
            wrong = 7 if row in PLANTED else 0
            out.writerow([f"Scheme {row}", plan, actual, actual - plan + wrong])
