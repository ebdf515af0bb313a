"""``commonweal verify`` finds what is broken and says so with its exit status."""

import json

import pytest
from django.db import connection

pytestmark = pytest.mark.usefixtures("database")


def run() -> tuple[int, dict[str, dict[str, object]]]:
    """The command's exit status and its checks by name."""
    from typer.testing import CliRunner

    from commonweal.cli.main import app

    result = CliRunner().invoke(app, ["verify", "--json"])
    checks = json.loads(result.stdout.splitlines()[0])["checks"]
    return result.exit_code, {check["name"]: check for check in checks}


def test_a_sound_installation_passes() -> None:
    code, checks = run()
    assert code == 0
    assert set(checks) == {"audit chain", "orphans", "record equals lake"}
    assert all(check["faults"] == [] for check in checks.values())


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (
            "INSERT INTO record_token (compartment_id, rid, system, source_id, parameter, item, category, code) "
            "VALUES (77, 77, 0, 7, 7, 0, 'clinical', 'x')",
            "token search rows",
        ),
        (
            "INSERT INTO record_string (compartment_id, rid, source_id, parameter, item, category, value, exact) "
            "VALUES (77, 77, 7, 7, 0, 'clinical', 'x', 'X')",
            "string search rows",
        ),
    ],
)
def test_an_orphan_is_a_fault(damage: str, said: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(damage)
    code, checks = run()
    assert code == 1
    assert said in str(checks["orphans"]["faults"])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM record_token WHERE rid = 77")
        cursor.execute("DELETE FROM record_string WHERE rid = 77")


def test_a_check_that_breaks_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    from commonweal.cli import verify

    def broken() -> list[str]:
        raise RuntimeError("no disk")

    monkeypatch.setattr(verify, "CHECKS", (("disk", broken),))
    assert verify.verify()["checks"][0]["faults"] == ["the check itself failed: RuntimeError: no disk"]
    assert not verify.verify()["ok"]


def test_a_token_is_made_for_an_account_and_refused_for_nobody() -> None:
    from typer.testing import CliRunner

    from commonweal.apps.access import api
    from commonweal.cli.main import app

    api.create_user("ana", "a long password", api.Role.ANALYST, "ICB", "Ana")
    made = CliRunner().invoke(app, ["token", "ana", "--days", "1", "--json"])
    assert made.exit_code == 0
    assert len(json.loads(made.stdout)["token"]) >= 43
    assert CliRunner().invoke(app, ["token", "nobody"]).exit_code == 1
