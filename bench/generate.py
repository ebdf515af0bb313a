"""Writing a synthetic system: resources a second, and whether the cost stays in proportion to the people.

The limit is copying the same bytes with SHA-256: what no generator that writes and fingerprints its files can beat.
Processor seconds, since one core does it all. 20 and 60 thousand people; 200 thousand too (12 GB of disk) when
COMMONWEAL_BENCH_LARGE is set. Each size runs in a process of its own so that its largest memory is its own.
"""

import hashlib
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SIZES = (20_000, 60_000)
LARGE = 200_000
SEED = 1


def run() -> list[dict[str, Any]]:
    sizes = (*SIZES, LARGE) if os.environ.get("COMMONWEAL_BENCH_LARGE") else SIZES
    rows: list[dict[str, Any]] = []
    first = 0.0
    for people in sizes:
        folder = Path(tempfile.mkdtemp(prefix="commonweal-bench-"))
        try:
            made = subprocess.run(
                [sys.executable, __file__, str(folder / "ics"), str(people)], check=True, capture_output=True, text=True
            )
            seconds, resources, memory = (float(v) for v in made.stdout.split())
            limit = _copy(folder / "ics", folder / "copy")
        finally:
            shutil.rmtree(folder)
        rows.append(
            {
                "name": f"generate {people:,} people: resources a second (limit: copy and SHA-256 the same bytes)",
                "ours": round(resources / seconds),
                "limit": round(resources / limit),
                "ratio": round(limit / seconds, 3),
                "seconds": round(seconds, 1),
                "memory_mb": round(memory / 1024),
            }
        )
        each = seconds / people * 1000
        first = first or each
        rows.append(
            {
                "name": f"generate {people:,} people: seconds a thousand people (limit: at {sizes[0]:,})",
                "ours": round(each, 3),
                "limit": round(first, 3),
                "ratio": round(each / first, 2),
            }
        )
    return rows


def _copy(source: Path, target: Path) -> float:
    """Processor seconds to read, fingerprint and write every file."""
    began = time.process_time()
    target.mkdir()
    for n, path in enumerate(sorted(p for p in source.rglob("*") if p.is_file())):
        digest = hashlib.sha256()
        with path.open("rb") as reading, (target / str(n)).open("wb") as writing:
            while block := reading.read(1 << 20):
                digest.update(block)
                writing.write(block)
    return time.process_time() - began


def _one(folder: Path, people: int) -> None:
    """Generate once and print processor seconds, resources, and the largest memory in KiB."""
    from commonweal.synthetic import generate

    began = time.process_time()
    manifest = generate(folder, people, SEED)
    seconds = time.process_time() - began
    print(seconds, manifest.resources, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    _one(Path(sys.argv[1]), int(sys.argv[2]))
