"""A module is read in one sitting, and what is silenced in it says why."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST = 400  # lines
MODULES = sorted(path for room in ("src", "bench", "tests") for path in (ROOT / room).rglob("*.py"))
# A rule that is switched off for a line, and nothing but the rule's name after it.
BARE = re.compile(r"#\s*(?:noqa|type:\s*ignore)(?:\[[\w-]+\]|:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?\s*$")


def silenced(code: str) -> list[int]:
    """Numbers of the lines that switch a check off without a reason."""
    return [number for number, line in enumerate(code.splitlines(), 1) if BARE.search(line)]


def test_no_module_outgrows_one_sitting() -> None:
    long = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    tests = "tests/"  # a table of cases may be longer than a thought
    assert {path: lines for path, lines in long.items() if lines > MOST and not path.startswith(tests)} == {}


def test_every_silenced_check_says_why() -> None:
    source = [path for path in MODULES if path.is_relative_to(ROOT / "src")]
    found = {str(path.relative_to(ROOT)): silenced(path.read_text("utf-8")) for path in source}
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("line", "bare"),
    [
        ("x = 1  # noqa", True),
        ("x = 1  # noqa: S101", True),
        ("x = 1  # type: ignore[misc]", True),
        ("x = 1  # noqa: S105  printed on purpose", False),
        ("x = 1  # type: ignore[attr-defined]  # Django requests take attributes", False),
    ],
)
def test_a_bare_silence_is_noticed(line: str, bare: bool) -> None:
    assert bool(silenced(line)) is bare
