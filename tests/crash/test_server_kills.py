"""The whole command among what is killed under writes: nothing acknowledged is lost, nothing is left behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server_kills import Site, through_kills

KINDS = ["postgres", "web", "web", "web", "serve", "postgres", "web"]


@pytest.mark.enable_socket
def test_the_whole_command_killed_loses_nothing_and_leaves_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Given four clients writing; when seven parts are killed; then each history is whole, and the site ends clean.

    Those that answer are killed twice within seconds, which granian itself does not survive.
    """
    home = Path(tmp_path_factory.mktemp("kills", numbered=True)).resolve()
    site = Site(home, 8931)
    site.prepare()
    site.start()
    try:
        assert site.ready()
        faults, acknowledged = through_kills(site, KINDS, writers=4, seed=1)
        assert faults == []
        assert acknowledged > len(KINDS)
    finally:
        site.stop()
    assert site.processes("commonweal") == []
    # nothing is left behind: the embedded server went with the last that used it, though others were killed
    assert not (home / "postgres" / "postmaster.pid").exists()
    done = subprocess.run(
        [sys.executable, "-m", "commonweal.cli.main", "verify", "--json"],
        env={**os.environ, **site.environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(done.stdout)["ok"], done.stdout
