"""The published tables as committed: readable, named in their README, and without people's names."""

import csv
import json
import re
from pathlib import Path

import pytest

PUBLISHED = Path(__file__).resolve().parents[2] / "examples" / "published"
TABLES = sorted(PUBLISHED.glob("*.csv"))
RULES = sorted(PUBLISHED.glob("*.json"))
NAME_COLUMNS = {"name", "initials", "report_author", "owner_initials", "substitute", "author"}
OWNER_COLUMNS = {"owner", "lead", "sponsor", "lead_officer"}
# A cell of an owner column names a role or a body, or says that the name is left out.
ROLE = re.compile(
    "chair|director|officer|executive|chief|consultant|council|clinical|nurse|team|lead|CCG|ICS|name left out",
    re.I,
)


def cells(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_every_table_has_a_source_a_line_and_whole_rows(path: Path) -> None:
    rows = cells(path)
    assert rows
    assert {"source", "line"} <= rows[0].keys()
    for row in rows:
        assert None not in row
        assert None not in row.values()
        assert row["source"] == path.name[:3]


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_no_table_names_a_person(path: Path) -> None:
    rows = cells(path)
    assert not NAME_COLUMNS & rows[0].keys()
    for column in OWNER_COLUMNS & rows[0].keys():
        for row in rows:
            assert not row[column] or ROLE.search(row[column]), f"line {row['line']}: {row[column]}"


def test_the_readme_lists_every_file_with_its_rows() -> None:
    text = (PUBLISHED / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `([^`]+)` \| (\d+|-) \|", text, re.M))
    assert listed.keys() == {path.name for path in [*TABLES, *RULES]}
    for path in TABLES:
        assert int(listed[path.name]) == len(cells(path)), path.name


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_every_rule_file_is_json(path: Path) -> None:
    assert json.loads(path.read_text(encoding="utf-8"))
