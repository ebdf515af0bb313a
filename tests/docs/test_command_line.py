"""The page of commands is what the command line itself says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from commonweal.cli.main import app

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "command-line.md"

HEAD = """# The command line

Written from the commands themselves by `python -m tests.docs.test_command_line`; a test fails if it is out of date.

Results go to stdout, as one JSON value with `--json`; progress goes to stderr. A failure is exit status 1 and one line
on stderr that says what to do. Where state is kept, and in which database, is a [setting](settings.md)."""


def commands(group: Any, before: str = "commonweal") -> Iterator[tuple[str, Any]]:
    """(full name, command) of every command that runs, in the order they are listed."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{before} {name}")
        else:
            yield f"{before} {name}", command


def section(name: str, command: Any) -> str:
    """One command: its usage, what it does, its arguments and options."""
    context = command.context_class(command, info_name=name)
    usage = command.get_usage(context).removeprefix("Usage: ")
    records = [parameter.get_help_record(context) for parameter in command.params]
    rows = [f"| `{what}` | {' '.join(text.split())} |" for what, text in records]
    table = ["\n".join(["| argument or option | meaning |", "|---|---|", *rows])] if rows else []
    about = "\n".join(line.strip() for line in command.help.splitlines())
    return "\n\n".join([f"## {name}", f"```\n{usage}\n```", about, *table])


def written() -> str:
    return "\n\n".join([HEAD, *(section(*one) for one in commands(typer.main.get_command(app)))]) + "\n"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == written(), "write it anew: python -m tests.docs.test_command_line"


def test_commands_of_groups_are_on_the_page() -> None:
    assert {"commonweal demo", "commonweal report board", "commonweal views run"} <= {
        name for name, _ in commands(typer.main.get_command(app))
    }


if __name__ == "__main__":
    PAGE.write_text(written(), "utf-8")
