"""Documents tell the truth about what can be checked: links, commands, decisions, help texts."""

import re
from pathlib import Path

import pytest
import typer

from commonweal.cli.main import app

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def named_commands(text: str) -> set[str]:
    """Subcommands that a document tells the reader to run."""
    return set(re.findall(r"(?:^|`)commonweal ([a-z]+(?:-[a-z]+)*)", text, flags=re.MULTILINE))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    targets = [link for link in LINK.findall(path.read_text()) if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in targets if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_named_in_documents_exist(path: Path) -> None:
    assert named_commands(path.read_text()) - set(COMMANDS) == set()


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_an_example(name: str) -> None:
    help_text = COMMANDS[name].help or ""
    assert f"Example: commonweal {name}" in " ".join(help_text.split())


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "decisions").glob("[a-z]*.md")), ids=lambda path: path.name)
def test_a_decision_says_options_rationale_consequences(path: Path) -> None:
    text = path.read_text()
    positions = [text.find(f"**{word}.") for word in ("Options", "Rationale", "Consequences")]
    assert -1 not in positions
    assert positions == sorted(positions)


def test_make_help_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE)
    assert phony
    for target in phony.group(1).split():
        assert re.search(rf"^{target}:.*## \S", makefile, flags=re.MULTILINE), target


def test_a_command_that_does_not_exist_is_noticed() -> None:
    assert named_commands("run `commonweal fly` now\ncommonweal land gp") == {"fly", "land"}
