"""Fifty kills, in runs of ten, each from an empty store to the undisturbed state."""

from pathlib import Path

import pytest

from tests.landing_files import empty, state
from tests.landing_kills import files, land_through_kills


@pytest.fixture(scope="module")
def undisturbed(database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    landed = files(tmp_path_factory.mktemp("undisturbed"))
    empty()
    (whole,) = land_through_kills(database, landed, 0, 0)
    assert whole > 1_500
    return state()


@pytest.mark.parametrize("seed", range(5))
def test_ten_kills_end_in_the_undisturbed_state(database: str, tmp_path: Path, undisturbed: str, seed: int) -> None:
    landed = files(tmp_path)
    empty()
    *at_kills, whole = land_through_kills(database, landed, 10, seed)
    assert len(at_kills) == 10
    assert any(0 < stored < whole for stored in at_kills), "no kill came while something was half landed"
    assert state() == undisturbed
