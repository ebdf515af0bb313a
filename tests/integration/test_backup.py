"""A backup restores to the same content, opens only with its passphrase, and brings nobody back who was removed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.landing_files import gp_lines, write_lines

pytestmark = pytest.mark.long

PHRASE = "correct horse battery"


def run(home: Path, *words: str, phrase: str = PHRASE) -> tuple[int, Any]:
    """The command's status and the JSON it prints."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "COMMONWEAL_DB_NAME")}
    done = subprocess.run(
        [sys.executable, "-m", "commonweal.cli.main", *words, "--json"],
        env={**kept, "COMMONWEAL_HOME": str(home), "COMMONWEAL_BACKUP_PASSPHRASE": phrase},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout.strip() else done.stderr


@pytest.mark.enable_socket
def test_a_backup_restores_to_the_same_content(tmp_path: Path) -> None:
    """Given a landed file; when backed up and restored elsewhere; then hash, file and checks are the same."""
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "monday.cwb"
    path = write_lines(tmp_path / "A81001.ndjson", gp_lines("A81001", 5))
    assert run(old, "land", "gp", str(path), "--source", "A81001")[0] == 0
    status, made = run(old, "backup", str(file))
    assert status == 0
    assert b"Ashworth" not in file.read_bytes()
    status, refused = run(new, "restore", str(file), phrase="another passphrase")
    assert status == 1
    assert "another passphrase, or it is damaged" in refused
    status, restored = run(new, "restore", str(file))
    assert (status, restored["content"], restored["same"]) == (0, made["content"], True)
    assert run(new, "restore", str(file))[0] == 1  # never over a database that is there
    again = run(new, "land", "gp", str(path), "--source", "A81001")[1]
    assert (again["read"], again["duplicate"]) == (51, 51)
    assert run(new, "verify")[1]["ok"]
