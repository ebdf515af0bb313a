"""``commonweal import``: figures from workbooks as they come, and printed tables whole."""

from pathlib import Path
from typing import Annotated, Any

import typer

from commonweal.cli import runtime

SHOWN = 12  # preview rows on a terminal


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("import")(import_file)


def import_file(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="An .xlsx or .csv file; with --published a folder.")],
    mapping: Annotated[
        Path | None, typer.Option("--map", metavar="MAP.yaml", help="How its tables mean figures. None: propose one.")
    ] = None,
    encoding: Annotated[str, typer.Option(help="Of a .csv file that is not UTF-8: cp1252 or utf-16.")] = "",
    preview: Annotated[bool, typer.Option("--preview", help="Show the rows to be stored; store none.")] = False,
    published: Annotated[bool, typer.Option("--published", help="Load every printed table of a folder.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Where the proposed map goes; with --published, a folder to write tables to.")
    ] = None,
    as_json: bool = runtime.JSON,
) -> None:
    """Import figures from a workbook; say what could not be read, by sheet, cell, text and rule.

    Without --map a map is proposed and written beside you to edit. Importing a file again replaces what it said.

    Example: commonweal import performance.xlsx --map performance.map.yaml --preview
    """
    runtime.start("batch")
    if not source.exists():
        runtime.fail(f"{source} is not there; name an .xlsx or .csv file")
    if published:
        runtime.emit(_published(source, out), as_json)
    elif mapping is None:
        _propose(source, encoding, out or Path(f"{source.stem}.map.yaml"), as_json)
    else:
        try:
            text = mapping.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            runtime.fail(f"{mapping}: cannot be read ({error}); name the map that commonweal import FILE proposed")
        _follow(source, text, preview, as_json)


def _published(folder: Path, out: Path | None) -> dict[str, Any]:
    from django.conf import settings

    from commonweal.apps.access import api as access
    from commonweal.apps.measurement import api as measurement
    from commonweal.apps.performance import api as performance

    with runtime.progress() as display, access.service_run("import", "published tables"):
        display.add_task(f"loading the tables of {folder}", total=None)
        counts = performance.load_tables(folder, settings.COMMONWEAL_NOW())
    if out is not None:
        if not out.is_dir():
            runtime.fail(f"{out} is not a folder; make it first")
        for file in counts:
            (out / file).write_text(measurement.table_text(file), "utf-8", newline="")
    return {"tables": len(counts), "cells": sum(counts.values()), "written": len(counts) if out else 0}


def _propose(source: Path, encoding: str, out: Path, as_json: bool) -> None:
    from commonweal.apps.measurement import api as measurement

    if out.exists():
        runtime.fail(f"{out} is there already; use it with --map {out}, or name another with --out")
    with runtime.progress() as display:
        display.add_task(f"reading {source.name}", total=None)
        text, asks = measurement.proposed_map(source, encoding)
    out.write_text(text, "utf-8")
    result = {"map": str(out), "asks": asks}
    again = f"commonweal import {source} --map {out} --preview"
    runtime.emit(
        result,
        as_json,
        lambda console: console.print(
            "\n".join([f"A map is proposed in {out}.", *(f"  say {ask}" for ask in asks), f"Then: {again}"]),
            markup=False,
            highlight=False,
        ),
    )


def _follow(source: Path, text: str, preview: bool, as_json: bool) -> None:
    from django.conf import settings

    from commonweal.apps.access import api as access
    from commonweal.apps.measurement import api as measurement

    now = settings.COMMONWEAL_NOW()
    changed = False
    with runtime.progress() as display:
        task = display.add_task(f"reading {source.name} and checking its arithmetic", total=1 if preview else 2)
        if preview:
            seen = measurement.preview_import(source, text)
        else:
            with access.service_run("import", source.name):
                held, seen = measurement.hold_import(source, source.name, text, "service:import", now)
                display.update(task, advance=1, description=f"storing {len(seen.figures)} figures")
                _, changed = measurement.confirm_import(held.number, now, define=True)
    result = {
        "file": source.name,
        "figures": len(seen.figures),
        "stored": not preview,
        "changed": changed,
        "defined": [one.code for one in seen.undefined],
        "unread": [
            {
                "file": source.name,
                "sheet": one.sheet,
                "cell": one.cell,
                "text": one.printed,
                "rule": one.rule,
                "message": one.message,
            }
            for one in seen.unread
        ],
    }
    result["disagreements"] = [
        {"line": one.line, "rule": one.rule, "printed": one.printed, "computed": one.computed, "message": one.message}
        for one in seen.disagreements
    ]
    if preview:
        result["rows"] = [_row(one) for one in seen.figures]
    runtime.emit(result, as_json, lambda console: _show(console, result))


def _row(one: Any) -> dict[str, str]:
    """A figure as a preview shows it."""
    return {
        "cell": one.source_line,
        "printed": one.printed or "",
        "indicator": one.indicator,
        "category": one.category,
        "period": one.period,
        "kind": str(one.kind),
        "value": "" if one.value is None else f"{one.value:f}",
        "unit": one.unit,
        "state": str(one.state),
        "note": one.note,
    }


def _show(console: Any, result: dict[str, Any]) -> None:
    """The result as a person reads it."""
    from rich.table import Table

    done = "stored" if result["changed"] else "as stored before" if result["stored"] else "to store"
    console.print(f"{result['file']}: {result['figures']} figures {done}", markup=False, highlight=False)
    if result.get("rows"):
        table = Table(*("cell", "printed", "indicator", "category", "period", "kind", "value", "unit", "state"))
        for row in result["rows"][:SHOWN]:
            table.add_row(*(row[str(column.header)] for column in table.columns))
        console.print(table)
    if result["defined"]:
        console.print(f"Definitions to be confirmed: {', '.join(result['defined'])}", markup=False, highlight=False)
    for one in result["disagreements"]:
        console.print(f"disagrees: {one['line']}: {one['message']}", markup=False, highlight=False)
    for one in result["unread"]:
        console.print(
            f"not read: {one['file']}, {one['sheet']}!{one['cell']}, {one['text']!r}, {one['rule']}: {one['message']}",
            markup=False,
            highlight=False,
        )
