"""``commonweal reconcile``: whether the tables of papers agree with themselves and with each other."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from commonweal.cli import runtime

_GRAVE = ("note", "warning", "error")
_COLOUR = {"note": "dim", "warning": "yellow", "error": "bold red"}


def register(app: typer.Typer) -> None:
    """Add ``reconcile`` to the command line."""
    app.command("reconcile")(reconcile)


def reconcile(
    files: Annotated[
        list[Path], typer.Argument(help="CSV files and .xlsx workbooks, read together.", metavar="FILE...")
    ],
    least: Annotated[
        str, typer.Option("--least", help="Leave out what is less grave: note, warning or error.")
    ] = "note",
    fail_on: Annotated[
        str, typer.Option("--fail-on", help="Exit 1 when a finding is as grave: note, warning, error or never.")
    ] = "never",
    encoding: Annotated[str, typer.Option(help="Of CSV files not in UTF-8: cp1252 or utf-16.")] = "",
    as_json: bool = runtime.JSON,
) -> None:
    """Recompute every total, variance, percentage, average and rank of printed tables, and compare facts told twice.

    What the labels say of each other is inferred; FILE.relations.yaml beside a file may declare more. A note is a
    difference that rounding explains; a warning is one it does not; an error cannot be true. Exit status is 0
    whatever is found, unless --fail-on says otherwise, and 1 when a file cannot be read.

    Example: commonweal reconcile board-pack.xlsx finance.csv --fail-on error
    """
    for name, value, known in (("--least", least, _GRAVE), ("--fail-on", fail_on, (*_GRAVE, "never"))):
        if value not in known:
            runtime.fail(f"{name} {value} is not offered; use {', '.join(known)}")
    from commonweal.feeds.workbooks.reconciling import reconcile_files

    found = [
        one
        for one in reconcile_files([(path, str(path)) for path in files], encoding)
        if _GRAVE.index(str(one.severity)) >= _GRAVE.index(least)
    ]
    rows: list[dict[str, Any]] = [
        {
            "file": one.file,
            "line": int(one.line) if one.line.isdigit() else one.line,
            "column": one.column,
            "rule": one.rule,
            "printed": one.printed,
            "computed": one.computed,
            "difference": one.difference,
            "severity": str(one.severity),
            "message": one.message,
        }
        for one in found
    ]
    runtime.emit(rows, as_json, lambda console: _show(console, found, len(files)))
    if fail_on != "never" and any(_GRAVE.index(row["severity"]) >= _GRAVE.index(fail_on) for row in rows):
        raise typer.Exit(1)


def _show(console: Console, found: list[Any], files: int) -> None:
    """Findings as a table for people, what to check under each."""
    from rich.text import Text

    counts = Counter(str(one.severity) for one in found)
    said = ", ".join(
        f"{counts[name]} {name}{'s' if counts[name] != 1 else ''}" for name in reversed(_GRAVE) if counts[name]
    )
    console.print(f"{files} file{'s' if files != 1 else ''}: {said or 'every figure agrees'}.", highlight=False)
    if not found:
        return
    table = Table(show_lines=True)
    for heading in ("Where", "Severity", "What", "Check"):
        table.add_column(heading, overflow="fold")
    for one in found:
        # Text, not markup: what a file holds is shown and never read as an instruction to the screen.
        where = Text(f"{one.file} line {one.line}, {one.column}")
        table.add_row(where, Text(str(one.severity), _COLOUR[str(one.severity)]), Text(one.message), Text(one.check))
    console.print(table)
