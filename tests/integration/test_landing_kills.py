"""Killed anywhere and run again, a landing ends in the state of one that was never disturbed."""

from pathlib import Path

import pytest

from tests.landing_files import empty, state
from tests.landing_kills import files, land_through_kills

pytestmark = pytest.mark.long


def test_five_kills_end_in_the_undisturbed_state(database: str, tmp_path: Path) -> None:
    landed = files(tmp_path)
    empty()
    (whole,) = land_through_kills(database, landed, 0, 0)
    undisturbed = state()
    empty()
    *at_kills, end = land_through_kills(database, landed, 5, 62061)
    assert len(at_kills) == 5
    assert any(0 < stored < whole for stored in at_kills), "no kill came while something was half landed"
    assert end == whole > 1_500
    assert state() == undisturbed
