"""One tree of errors: printed in its docstring, whole, and explained on a page."""

import ast
import builtins
import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "commonweal"
TREE = SOURCE / "domain" / "errors.py"
PAGE = ROOT / "docs" / "reference" / "errors.md"
BASE = "CommonwealError"
BUILT_IN = {name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, BaseException)}

HEAD = """# Errors

Written from the classes by `python -m tests.docs.test_errors_page`; a test fails if it is out of date. The tree they
form is printed in `src/commonweal/domain/errors.py`.

A command that meets one of them prints its message in one line and exits with status 1. A bad line of a feed is none of
them: it goes to quarantine under a [rule](feeds.md#rules).

| error | module | what it means |
|---|---|---|"""


class Raised(NamedTuple):
    """One class as its module defines it (read, not imported: most modules need Django set up)."""

    name: str
    bases: tuple[str, ...]
    module: str
    says: str


def classes() -> list[Raised]:
    return [
        Raised(
            node.name,
            tuple(ast.unparse(base) for base in node.bases),
            ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts),
            " ".join((ast.get_docstring(node) or "").split()).replace("``", "`"),
        )
        for path in sorted(SOURCE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    ]


def ours() -> list[Raised]:
    """Every class of the tree but its root."""
    found: list[Raised] = []
    names, every = {BASE}, classes()
    while more := [one for one in every if one not in found and names & {*one.bases}]:
        found += more
        names |= {one.name for one in more}
    return found


def printed() -> set[tuple[str, str]]:
    """(parent, error) of every line of the docstring's tree."""
    found: set[tuple[str, str]] = set()
    above = {0: BASE}
    for line in (ast.get_docstring(ast.parse(TREE.read_text("utf-8"))) or "").splitlines():
        if match := re.match(r"    ((?:│   |    )*)[├└]── (\w+)", line):
            depth = len(match[1]) // 4 + 1
            above[depth] = match[2]
            found.add((above[depth - 1], match[2]))
    return found


def written() -> str:
    rows = [f"| `{one.name}` | `{one.module}` | {one.says} |" for one in sorted(ours())]
    return "\n".join([HEAD, *rows]) + "\n"


def test_the_printed_tree_is_the_tree() -> None:
    assert printed() == {(base, one.name) for one in ours() for base in one.bases}


def test_nothing_of_ours_is_raised_outside_the_tree() -> None:
    assert [one.name for one in classes() if BUILT_IN & {*one.bases} and one.name != BASE] == []


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == written(), "write it anew: python -m tests.docs.test_errors_page"


if __name__ == "__main__":
    PAGE.write_text(written(), "utf-8")
