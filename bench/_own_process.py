"""Running a benchmark in a home and a process of its own: Django can be set up once a process, for one home."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

MEASURE = "--measure"


def measured(file: str) -> list[dict[str, object]]:
    """Run ``file --measure``, which prints one JSON object as its last line, in a fresh COMMONWEAL_HOME."""
    home = tempfile.mkdtemp(prefix="commonweal-bench-")
    try:
        done = subprocess.run(
            [sys.executable, file, MEASURE],
            env={**os.environ, "COMMONWEAL_HOME": home, "COMMONWEAL_DB_NAME": "commonweal"},
            stdout=subprocess.PIPE,  # what goes wrong is said on stderr, for whoever runs the benchmark to read
            text=True,
            check=True,
        )
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return [json.loads(done.stdout.splitlines()[-1])]
