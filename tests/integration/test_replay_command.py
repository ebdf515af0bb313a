"""`commonweal replay`: the command over what test_landing.py proves of the action."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from commonweal.cli.main import app
from tests.landing_files import empty, gp_lines, write_lines


@pytest.fixture(autouse=True)
def clean(database: str) -> None:
    empty()


def test_a_line_that_still_fails_is_counted_and_stays_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from commonweal.apps.exchange import api
    from commonweal.cli import runtime

    monkeypatch.setattr(runtime, "start", lambda role="batch": None)  # the test's own database is already open
    path = write_lines(tmp_path / "A81001.ndjson", [*gp_lines("A81001", 2), '{"resourceType":"Patient","id":"p'])
    api.land("gp", [path], "A81001")
    (receipt,) = api.receipts()
    result = CliRunner().invoke(app, ["replay", str(receipt.id), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {"read": 1, "accepted": 0, "duplicate": 0, "quarantined": 1, "resources": 0}
    assert len(api.quarantine(receipt.id)) == 1


def test_an_unknown_receipt_is_one_line_and_exit_1(monkeypatch: pytest.MonkeyPatch) -> None:
    from commonweal.cli import runtime

    monkeypatch.setattr(runtime, "start", lambda role="batch": None)
    result = CliRunner().invoke(app, ["replay", "999999"])
    assert result.exit_code == 1
    assert "no receipt 999999" in result.output
