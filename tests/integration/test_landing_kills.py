"""Killed anywhere and run again, a landing ends in the state of one that was never disturbed."""

from pathlib import Path

from django.db import connections

from tests.landing_files import empty, state
from tests.landing_kills import files, land_through_kills


def test_five_kills_end_in_the_undisturbed_state(database: str, tmp_path: Path) -> None:
    landed = files(tmp_path)
    empty()
    connections.close_all()
    land_through_kills(database, landed, 0, 0)
    undisturbed = state()
    empty()
    killed = land_through_kills(database, landed, 5, 62061)
    assert len(killed) == 5
    assert state() == undisturbed
