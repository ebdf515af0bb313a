"""Every rule a reader can name is explained in docs/reference/feeds.md, and every one explained exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Where the rule stands among the arguments of what reports one.
POSITIONS = {"Invalid": 1, "_fault": 1, "Problem": 2, "problem": 1, "Issue": 1}
FAMILIES = ("format-", "invariant-")


def _rules_in_code() -> set[str]:
    found: set[str] = set()
    for room in ("fhir", "feeds"):
        folder = ROOT / "src" / "commonweal" / room
        for path in (*folder.glob("*.py"), *folder.glob("mapped/*.py")):
            tree = ast.parse(path.read_text("utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.Call):
                    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                    position = POSITIONS.get(name, 99)
                    if len(node.args) > position:
                        found |= _texts(node.args[position])
                elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "rule":
                    found |= _texts(node.value)
    return found


def _texts(node: ast.expr) -> set[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value} - {""}
    if isinstance(node, ast.IfExp):
        return _texts(node.body) | _texts(node.orelse)
    return set()


def test_every_rule_is_documented_and_every_documented_rule_exists() -> None:
    text = (ROOT / "docs" / "reference" / "feeds.md").read_text("utf-8")
    documented = set(re.findall(r"`([a-z0-9-]+)`", text.split("## Rules")[1]))
    used = _rules_in_code()
    assert len(used) > 30
    assert {rule for rule in used if not rule.startswith(FAMILIES)} <= documented
    short = {"ext-1", "per-1", "con-5", "ait-1", "ait-2", "obs-6"}
    assert {rule for rule in documented if not rule.startswith(FAMILIES)} - short <= used
