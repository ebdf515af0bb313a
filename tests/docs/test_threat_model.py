"""Each threat of docs/assurance/threat-model.md has a control, and a test of that name exists."""

import re
from pathlib import Path

from tests.docs.test_hazard_log import test_exists as exists

PAGE = Path(__file__).resolve().parents[2] / "docs" / "assurance" / "threat-model.md"
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| `([^`|]+)` \|$", re.MULTILINE)


def test_every_threat_names_a_control_and_a_test_that_exists() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = ROW.findall(text)
    assert len(rows) == sum(line.startswith("| ") for line in text.splitlines()) - 1
    assert len(rows) > 25
    assert [test for _, _, test in rows if not exists(test)] == []


def test_a_test_that_is_not_there_is_noticed() -> None:
    assert not exists("tests/docs/test_threat_model.py::test_of_nothing")
