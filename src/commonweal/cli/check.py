"""``commonweal check``: what a sender runs before sending; needs no database."""

from collections import Counter
from pathlib import Path

import typer
from rich.console import Console

from commonweal.cli import runtime

SHOWN = 50


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help="Check a file before it is sent. Example: commonweal check cld submission.csv")
    group.command()(cld)
    group.callback()(_group)
    app.add_typer(group, name="check")


def _group() -> None:
    """Check a file before it is sent; nothing is stored and no database is needed."""


def cld(
    file: Path = typer.Argument(help="The CSV file that is to be submitted"),
    json: bool = runtime.JSON,
) -> None:
    """Check a Client Level Data file by the rules it will be landed by; exit status 1 if it has errors.

    Example: commonweal check cld submission.csv --json
    """
    from commonweal.feeds.cld import read
    from commonweal.feeds.types import Parsed

    try:
        with file.open("rb") as stream:
            items = list(read(stream, "CHECK"))
    except OSError as error:
        runtime.fail(f"{file}: {error.strerror or error}; name the CSV file to check")
    # A row that a later one of the file replaces is no error: the latest is what counts, and it says so.
    problems = [item for item in items if not isinstance(item, Parsed)]
    notes = [item for item in problems if item.rule == "superseded-in-file"]
    errors = [item for item in problems if item.rule != "superseded-in-file"]
    rows = {item.line for item in items}
    found = [
        {"line": item.line, "field": item.field, "rule": item.rule, "value": item.value, "message": item.message,
         "severity": "note" if item.rule == "superseded-in-file" else "error"}
        for item in problems
    ]  # fmt: skip
    result = {"file": file.name, "rows": len(rows), "errors": len(errors), "notes": len(notes), "problems": found}

    def print_text(out: Console) -> None:
        for item in problems[:SHOWN]:
            place = f"{file.name}:{item.line}" + (f" {item.field}" if item.field else "")
            shown = f" ({item.value})" if item.value else ""
            out.print(f"{place}: {item.rule}: {item.message}{shown}", markup=False, highlight=False, soft_wrap=True)
        if len(problems) > SHOWN:
            rules = Counter(item.rule for item in problems)
            listed = ", ".join(f"{rule} {count}" for rule, count in rules.most_common())
            out.print(f"… {len(problems) - SHOWN} more; in all: {listed}", markup=False, highlight=False)
        verdict = "ready to be sent" if not errors else "correct the errors before sending it"
        out.print(f"{len(rows)} rows, {len(errors)} errors, {len(notes)} notes: {verdict}", highlight=False)

    runtime.emit(result, json, print_text)
    if errors:
        raise typer.Exit(1)
