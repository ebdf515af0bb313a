"""``commonweal check cld``: what a council learns of its file before it sends it."""

import csv
import json
from pathlib import Path

from typer.testing import CliRunner

from commonweal.cli.main import app
from commonweal.feeds.cld import HEADER

ROW = {
    "LA Code": "000", "LA Person Unique Identifier": "1", "Client Type": "Service User", "Event Type": "Service",
    "Event Reference": "E1", "Event Start Date": "01/02/2020", "Event End Date": "03/02/2020", "Gender": "Female",
}  # fmt: skip


def write(path: Path, *rows: dict[str, str]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, HEADER)
        writer.writeheader()
        writer.writerows({name: row.get(name, "") for name in HEADER} for row in rows)
    return path


def test_a_sound_file_is_ready(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["check", "cld", str(write(tmp_path / "a.csv", ROW))])
    assert done.exit_code == 0
    assert "1 rows, 0 errors, 0 notes: ready to be sent" in done.stdout


def test_each_error_names_its_line_field_rule_and_what_to_do(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv", ROW,
        {**ROW, "Event Reference": "E2", "Event End Date": "01/01/2020"},
        {**ROW, "Event Reference": "E3", "Gender": "Femal"},
        {**ROW, "Event Reference": "E4", "Event Start Date": "2020-02-01"},
        {**ROW, "Event Reference": "", "LA Person Unique Identifier": "2"},
    )  # fmt: skip
    done = CliRunner().invoke(app, ["check", "cld", str(path), "--json"])
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert (told["rows"], told["errors"]) == (5, 4)
    assert [(one["line"], one["field"], one["rule"]) for one in told["problems"]] == [
        (3, "Event End Date", "end-before-start"),
        (4, "Gender", "code-not-in-value-set"),
        (5, "Event Start Date", "format-date"),
        (6, "Event Reference", "required"),
    ]
    shown = CliRunner().invoke(app, ["check", "cld", str(path)])
    assert "a.csv:5 Event Start Date: format-date: not a date that exists; send dd/mm/yyyy (2020-02-01)" in shown.stdout


def test_a_row_that_a_later_one_replaces_is_no_error(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["check", "cld", str(write(tmp_path / "a.csv", ROW, ROW)), "--json"])
    assert (done.exit_code, json.loads(done.stdout)["notes"]) == (0, 1)


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["check", "cld", str(tmp_path / "none.csv")])
    assert done.exit_code == 1
