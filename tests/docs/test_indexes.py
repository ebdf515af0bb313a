"""Nothing is left out of an index: of documents, of decisions, of benchmarks."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def linked(page: Path) -> set[Path]:
    """The files of this repository that a page links to."""
    return {(page.parent / link).resolve() for link in LINK.findall(page.read_text("utf-8")) if "://" not in link}


def documents() -> set[Path]:
    """Every document: in docs, at the top, and beside what it describes."""
    found = {path for path in (ROOT / "docs").rglob("*") if path.suffix in {".md", ".yaml"}}
    found |= {*ROOT.glob("*.md"), *ROOT.glob("bench/*.md"), *ROOT.glob("examples/**/*.md"), *ROOT.glob("src/**/*.md")}
    return found


def test_every_document_is_in_the_index() -> None:
    decisions = ROOT / "docs" / "decisions"
    indexed = linked(ROOT / "docs" / "README.md") | {ROOT / "docs" / "README.md"}
    records = {path for path in documents() if path.parent == decisions} - {decisions / "README.md"}
    assert documents() - records - indexed == set()


def test_every_decision_is_listed_with_what_was_decided() -> None:
    folder = ROOT / "docs" / "decisions"
    rows = re.findall(
        r"^\| \[([a-z-]+)\]\(\1\.md\) \| (\S.*) \|$", (folder / "README.md").read_text("utf-8"), flags=re.MULTILINE
    )
    assert [name for name, _ in rows] == sorted(path.stem for path in folder.glob("[a-z]*.md"))


def test_the_front_page_leads_to_the_index() -> None:
    assert ROOT / "docs" / "README.md" in linked(ROOT / "README.md")


def test_every_benchmark_is_explained() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \|", (ROOT / "bench" / "README.md").read_text("utf-8"), flags=re.MULTILINE)
    assert rows == sorted(path.stem for path in (ROOT / "bench").glob("[a-z]*.py"))


def test_every_benchmark_runs_by_its_command() -> None:
    # ``commonweal bench NAME`` calls run(); a benchmark without it could be started by hand only.
    scripts = sorted((ROOT / "bench").glob("[a-z]*.py"))
    assert [path.stem for path in scripts if not re.search(r"^def run\(", path.read_text("utf-8"), re.MULTILINE)] == []
