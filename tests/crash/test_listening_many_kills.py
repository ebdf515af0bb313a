"""Fifty kills of the listener and its database sessions, in runs of ten."""

from pathlib import Path

import pytest

from tests.integration.test_listening_kills import check_kills
from tests.mllp_senders import stays

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]


@pytest.mark.parametrize("seed", range(5))
def test_ten_kills_lose_and_repeat_nothing(database: str, home: Path, tmp_path: Path, seed: int) -> None:
    check_kills(database, home, tmp_path, stays(400), 10, seed)
