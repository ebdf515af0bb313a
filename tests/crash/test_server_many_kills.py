"""Fifty kills of the server's parts and of PostgreSQL under writes: nothing acknowledged is lost or there twice."""

import random
from pathlib import Path

import pytest

from tests.server_kills import Site, through_kills

KILLS = 50


@pytest.mark.enable_socket
def test_fifty_kills_lose_and_repeat_nothing(tmp_path: Path) -> None:
    rng = random.Random(2)
    site = Site(tmp_path.resolve(), 8932)
    site.prepare()
    site.start()
    try:
        assert site.ready()
        kinds = rng.choices(["postgres", "web", "serve"], weights=[4, 4, 2], k=KILLS)
        faults, acknowledged = through_kills(site, kinds, writers=4, seed=2)
        assert faults == []
        assert acknowledged > KILLS
    finally:
        site.stop()
