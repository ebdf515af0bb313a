"""The hazard log is complete: no high hazard without a control, no control without a test that exists."""

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
LOG: list[dict[str, Any]] = yaml.safe_load((ROOT / "docs" / "assurance" / "hazard-log.yaml").read_text())

SEVERITY = ["minor", "significant", "considerable", "major", "catastrophic"]
# NHS Digital's clinical risk matrix, as printed in docs/assurance/safety-plan.md.
MATRIX = {
    "very-high": [3, 4, 4, 5, 5],
    "high": [2, 3, 3, 4, 5],
    "medium": [2, 2, 3, 3, 4],
    "low": [1, 2, 2, 3, 4],
    "very-low": [1, 1, 2, 2, 3],
}


def risk(rated: dict[str, Any]) -> int:
    """Risk 1 to 5 of something with a severity and a likelihood."""
    return MATRIX[rated["likelihood"]][SEVERITY.index(rated["severity"])]


def test_exists(reference: str) -> bool:
    """Whether ``path::function`` names a test function in this repository."""
    path, _, function = reference.partition("::")
    if not (ROOT / path).is_file():
        return False
    tree = ast.parse((ROOT / path).read_text())
    return any(isinstance(node, ast.FunctionDef) and node.name == function for node in ast.walk(tree))


test_exists.__test__ = False  # type: ignore[attr-defined]


def faults(hazard: dict[str, Any]) -> list[str]:
    """What is wrong with one entry of the log; empty when it is sound."""
    found = []
    if risk(hazard) >= 3 and not hazard["controls"]:
        found.append("initial risk is 3 or more and there is no control")
    for control in hazard["controls"]:
        if not control.get("tests"):
            found.append(f"control without a test: {control['control']}")
        found += [f"no such test: {name}" for name in control.get("tests", []) if not test_exists(name)]
    if risk(hazard["residual"]) > 2 and not hazard.get("accepted"):
        found.append("the risk left is above 2 and nobody accepted it")
    return found


@pytest.mark.parametrize("hazard", LOG, ids=[entry["id"] for entry in LOG])
def test_hazard_is_controlled(hazard: dict[str, Any]) -> None:
    assert faults(hazard) == []


def test_ids_are_unique() -> None:
    assert len({entry["id"] for entry in LOG}) == len(LOG)


def test_an_uncontrolled_high_hazard_is_found() -> None:
    planted = {
        "severity": "major",
        "likelihood": "medium",
        "controls": [],
        "residual": {"severity": "minor", "likelihood": "low"},
    }
    assert faults(planted) == ["initial risk is 3 or more and there is no control"]
    planted["controls"] = [{"control": "prayer", "tests": ["tests/docs/test_hazard_log.py::test_no_such_thing"]}]
    assert faults(planted) == ["no such test: tests/docs/test_hazard_log.py::test_no_such_thing"]


def test_the_plan_prints_the_matrix_used_here() -> None:
    plan = (ROOT / "docs" / "assurance" / "safety-plan.md").read_text()
    for likelihood, row in MATRIX.items():
        assert f"| {likelihood.replace('-', ' ')} | " + " | ".join(map(str, row)) + " |" in plan
