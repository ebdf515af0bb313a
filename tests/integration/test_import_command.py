"""`commonweal import` and `commonweal definitions`: what they print, and the one line when they fail."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from commonweal.cli import runtime
from commonweal.cli.main import app

pytestmark = pytest.mark.usefixtures("database")

TABLE = 'Indicator,Plan 2020/21,Aug-20\nWard visits,"1,200",98\nWard calls,-,TBC\nWard odds,5,many\n'


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "start", lambda role="batch": None)  # the test's own database is already open


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.stdout, result.output


def test_a_map_is_proposed_followed_and_followed_again(tmp_path: Path) -> None:
    file, chart = tmp_path / "ward.csv", tmp_path / "ward.map.yaml"
    file.write_text(TABLE)
    code, out, _ = run("import", str(file), "--out", str(chart), "--json")
    assert code == 0
    assert [ask.split(":")[0] for ask in json.loads(out)["asks"]] == ["reported", "footprint"]
    assert run("import", str(file), "--out", str(chart))[0] == 1
    text = chart.read_text().replace("reported: '?'", "reported: 2020-10").replace("code: '?'", "code: QT1")
    chart.write_text(text)
    code, out, _ = run("import", str(file), "--map", str(chart), "--preview", "--json")
    seen = json.loads(out)
    assert (code, seen["stored"], seen["figures"]) == (0, False, 4)
    assert [(row["cell"], row["value"], row["kind"], row["period"]) for row in seen["rows"]][:2] == [
        ("ward!B2", "1200", "plan", "2020/21"),
        ("ward!C2", "98", "actual", "2020-08"),
    ]
    first, again = (json.loads(run("import", str(file), "--map", str(chart), "--json")[1]) for _ in range(2))
    assert (first["changed"], again["changed"]) == (True, False)
    assert first["defined"] == ["ward_calls", "ward_odds", "ward_visits"]
    (unread,) = first["unread"]
    assert (unread["sheet"], unread["cell"], unread["text"], unread["rule"]) == ("ward", "C4", "many", "not-a-figure")
    assert "not read: ward.csv, ward!C4, 'many'" in run("import", str(file), "--map", str(chart))[1]


def test_import_fails_with_one_line(tmp_path: Path) -> None:
    assert "is not there" in run("import", str(tmp_path / "no.xlsx"))[2]
    (tmp_path / "bad.yaml").write_text("reported: x\n")
    (tmp_path / "a.csv").write_text(TABLE)
    assert "name the map" in run("import", str(tmp_path / "a.csv"), "--map", str(tmp_path / "none.yaml"))[2]


def test_definitions_are_written_checked_and_read(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "- code: stairs\n  name: Stairs\n  sentence: Stairs climbed.\n  unit: count\n  aggregation: latest\n"
    )
    code, out, _ = run("definitions", "read", str(file), "--check", "--json")
    assert (code, json.loads(out)["new"]) == (0, 1)
    assert json.loads(run("definitions", "read", str(file), "--json")[1])["new"] == 1
    assert json.loads(run("definitions", "read", str(file), "--json")[1])["new"] == 0
    written = tmp_path / "all.csv"
    assert run("definitions", "write", str(written))[0] == 0
    assert "stairs,Stairs,Stairs climbed.,count" in written.read_text()
    assert json.loads(run("definitions", "read", str(written), "--check", "--json")[1])["codes"] == []


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.txt", "", "ends in .yaml or .csv"),
        ("a.yaml", "- code: x\n", "enter a name"),
        ("a.csv", "code\n\udcff", "not UTF-8"),
    ],
)
def test_definitions_that_cannot_be_read_are_one_line(tmp_path: Path, name: str, text: str, says: str) -> None:
    path = tmp_path / name
    path.write_text(text, "utf-8", "surrogateescape")
    code, _, output = run("definitions", "read", str(path))
    assert code == 1
    assert says in output
