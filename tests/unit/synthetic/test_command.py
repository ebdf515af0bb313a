"""The command: what it prints, and how it fails."""

import json
from pathlib import Path

import typer
from typer.testing import CliRunner, Result

from commonweal.cli import generate as command


def _run(*arguments: str) -> Result:
    app = typer.Typer()
    command.register(app)
    return CliRunner().invoke(app, arguments)


def test_json_on_stdout_says_what_was_made(tmp_path: Path) -> None:
    done = _run(str(tmp_path / "w"), "--people", "150", "--seed", "4", "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    manifest = json.loads((tmp_path / "w" / "manifest.json").read_text())
    assert (said["people"], said["seed"]) == (150, 4)
    assert said["resources"] == manifest["resources"]
    assert said["files"] == len(manifest["files"])
    assert said["bytes"] == sum((tmp_path / "w" / f["path"]).stat().st_size for f in manifest["files"])
    assert len(said["life_expectancy"]) == 12


def test_people_are_told_life_expectancy_beside_the_published_figures(tmp_path: Path) -> None:
    done = _run(str(tmp_path / "w"), "--people", "400")
    assert "400 synthetic people" in done.stdout
    text = " ".join(done.stdout.split())
    assert "Nottingham City 81.1; Nottinghamshire 81.9" in text
    assert "deprivation quintile 5" in text


def test_failures_are_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me")
    for arguments, said in (
        ((str(tmp_path / "w"), "--people", "5"), "people must be from 100"),
        ((str(tmp_path / "mine"),), "name another directory"),
        ((str(tmp_path / "w"), "--geography", str(tmp_path / "mine")), "has no file imd*.csv"),
        (("/proc/nowhere/w", "--people", "100"), "cannot write /proc/nowhere/w"),
    ):
        failed = _run(*arguments)
        assert failed.exit_code == 1
        assert said in failed.stderr
        assert len(failed.stderr.strip().splitlines()) == 1, failed.stderr
