"""Kill -9 of what answers requests and of PostgreSQL under writes: nothing acknowledged is lost or there twice.

A home and a server of its own, since the run's database is everybody's. Fifty kills, the whole command's among them,
are for ``make crash``.
"""

import time
from pathlib import Path

import pytest

from tests.mllp_senders import free_port
from tests.server_kills import Bare, through_kills

pytestmark = pytest.mark.long

KINDS = ["web", "postgres", "web", "postgres", "web"]


@pytest.mark.enable_socket
def test_five_kills_lose_and_repeat_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Given two clients writing; when five parts are killed; then each history is whole, and nothing is left behind."""
    home = Path(tmp_path_factory.mktemp("kills", numbered=True)).resolve()
    site = Bare(home, free_port())
    site.prepare()
    site.start()
    try:
        assert site.ready()
        faults, acknowledged = through_kills(site, KINDS, writers=2, seed=1)
        assert faults == []
        assert acknowledged > len(KINDS)
    finally:
        site.stop()
    until = time.monotonic() + 20
    while (home / "postgres" / "postmaster.pid").exists() and time.monotonic() < until:
        time.sleep(0.1)
    assert not (home / "postgres" / "postmaster.pid").exists()
