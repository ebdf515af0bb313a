"""``commonweal reconcile``: whether the tables of papers agree with themselves and with each other."""

import csv
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from commonweal.cli import runtime

_GRAVE = ("note", "warning", "error")
_COLUMNS = ("file", "line", "column", "rule", "printed", "computed", "difference", "severity", "message")
_COLOUR = {"note": "dim", "warning": "yellow", "error": "bold red"}


def register(app: typer.Typer) -> None:
    """Add ``reconcile`` to the command line."""
    app.command("reconcile")(reconcile)


def reconcile(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="CSV files, .xlsx workbooks and texts (.txt, .md, .docx), read together; FILE.relations.yaml beside "
            "one is read with it.",
            metavar="FILE...",
        ),
    ],
    least: Annotated[
        str, typer.Option("--least", help="Leave out what is less grave: note, warning or error.")
    ] = "warning",
    fail_on: Annotated[
        str, typer.Option("--fail-on", help="Exit 1 when a finding is as grave: note, warning, error or never.")
    ] = "never",
    encoding: Annotated[str, typer.Option(help="Of texts and CSV files not in UTF-8: cp1252 or utf-16.")] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the findings as CSV on standard output.")] = False,
    as_json: bool = runtime.JSON,
) -> None:
    """Recompute every total, variance, percentage, average and rank of printed tables, and compare facts told twice.

    What the labels say of each other is inferred; FILE.relations.yaml beside a file may declare more; figures in
    sentences are held to the tables. An error cannot be true; a warning is a difference that rounding does not
    explain; a note, shown with --least note, is one that it does. Exit status is 0 whatever is found, unless
    --fail-on says otherwise, and 1 when a file cannot be read.

    Example: commonweal reconcile board-pack.xlsx finance.csv --fail-on error
    """
    for name, value, known in (("--least", least, _GRAVE), ("--fail-on", fail_on, (*_GRAVE, "never"))):
        if value not in known:
            runtime.fail(f"{name} {value} is not offered; use {', '.join(known)}")
    from commonweal.feeds.workbooks.reconciling import reconcile_files

    every = reconcile_files([(path, str(path)) for path in files], encoding)
    found = [one for one in every if _GRAVE.index(str(one.severity)) >= _GRAVE.index(least)]
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
    if as_csv:
        out = csv.DictWriter(sys.stdout, _COLUMNS, lineterminator="\n")
        out.writeheader()
        out.writerows({name: _shielded(value) for name, value in row.items()} for row in rows)
    else:
        runtime.emit(rows, as_json, lambda console: _show(console, found, len(files), len(every) - len(found)))
    if fail_on != "never" and any(_GRAVE.index(str(one.severity)) >= _GRAVE.index(fail_on) for one in every):
        raise typer.Exit(1)


def _shielded(value: Any) -> Any:
    """A text that a spreadsheet would run as a formula, as a text; a figure with its sign stays one."""
    text = str(value)
    if text[:1] in {"=", "@", "\t", "\r"} or (text[:1] in {"+", "-"} and not text[1:2].isdigit()):
        return f"'{text}"
    return value


def _show(console: Console, found: list[Any], files: int, hidden: int) -> None:
    """Findings as a table for people, what to check under each; ``hidden`` are less grave than was asked for."""
    from rich.text import Text

    counts = Counter(str(one.severity) for one in found)
    said = ", ".join(
        f"{counts[name]} {name}{'s' if counts[name] != 1 else ''}" for name in reversed(_GRAVE) if counts[name]
    )
    console.print(f"{files} file{'s' if files != 1 else ''}: {said or 'every figure agrees'}.", highlight=False)
    if hidden:
        console.print(f"{hidden} less grave left out; --least note shows all.", highlight=False)
    if not found:
        return
    table = Table(show_lines=True)
    for heading in ("Where", "Severity", "What", "Check"):
        table.add_column(heading, overflow="fold")
    for one in found:
        # Text, not markup: what a file holds is shown and never read as an instruction to the screen.
        where = Text(f"{one.file} line {one.line}" + (f", {one.column}" if one.column else ""))
        table.add_row(where, Text(str(one.severity), _COLOUR[str(one.severity)]), Text(one.message), Text(one.check))
    console.print(table)
