"""Every environment variable that anything here reads is explained, and every one explained is read."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "settings.md"
READERS = sorted(path for room in ("src", "tests", "bench") for path in (ROOT / room).rglob("*.py"))
# Read by Django itself; ours only sets it.
OTHERS = {"DJANGO_SETTINGS_MODULE"}
CALLS = {"os.environ.get", "os.environ.setdefault", "os.environ.pop", "os.getenv"}


def read_by(code: str) -> set[str]:
    """Names that ``code`` looks up in ``os.environ``, by whichever of its ways."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        key: ast.expr | None = None
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
            key = node.slice
        elif isinstance(node, ast.Call) and node.args and ast.unparse(node.func) in CALLS:
            key = node.args[0]
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            found.add(key.value)
    return found


def documented() -> set[str]:
    return set(re.findall(r"^\| `([A-Z_]+)` \|", PAGE.read_text("utf-8"), flags=re.MULTILINE))


def test_every_variable_read_is_explained_and_every_one_explained_is_read() -> None:
    used = set().union(*(read_by(path.read_text("utf-8")) for path in READERS)) - OTHERS
    assert used == documented()


@pytest.mark.parametrize(
    "code", ['os.environ["A"]', 'os.environ.get("A", "b")', 'os.getenv("A")', 'os.environ.setdefault("A", "b")']
)
def test_each_way_to_read_one_is_noticed(code: str) -> None:
    assert read_by(code) == {"A"}
